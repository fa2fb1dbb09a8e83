package parser

import (
	"errors"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"

	"hawser/parser/diag"
)

// inputFiles resolves directories: their regular, not hidden *.cfg files in byte order.
func inputFiles(inputs []string, opt *Options, list *diag.List) []string {
	if opt.ReadFile != nil {
		return inputs
	}
	var files []string
	for _, in := range inputs {
		info, err := os.Stat(in)
		switch {
		case err != nil:
			list.Alertf(diag.Pos{}, "%s", cannotOpen(in, err))
		case info.IsDir():
			files = append(files, dirFiles(in, list)...)
		default:
			files = append(files, in)
		}
	}
	return files
}

func dirFiles(dir string, list *diag.List) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		list.Alertf(diag.Pos{}, "%s", cannotOpen(dir, err))
		return nil
	}
	var files []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), ".") || !strings.HasSuffix(e.Name(), ".cfg") {
			continue
		}
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			files = append(files, path)
		}
	}
	sort.Strings(files)
	return files
}

func readFile(path string, opt *Options) (string, error) {
	read := opt.ReadFile
	if read == nil {
		read = os.ReadFile
	}
	data, err := read(path)
	return string(data), err
}

// cannotOpen is HAProxy's sentence, with the C library's spelling of the cause.
func cannotOpen(path string, err error) string {
	cause := err.Error()
	var errno syscall.Errno
	if errors.As(err, &errno) {
		cause = errno.Error()
	}
	if cause != "" {
		cause = strings.ToUpper(cause[:1]) + cause[1:]
	}
	return "Cannot open configuration file/directory " + path + " : " + cause
}
