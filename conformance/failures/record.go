package failures

import (
	"fmt"
	"os"
	"strings"
)

// write keeps what a program did: its version, then each scene's text and lines.
func write(file, version string, all []scene, seen [][]string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", version)
	for i := range all {
		fmt.Fprintf(&b, "%v", &all[i])
		for _, l := range seen[i] {
			fmt.Fprintf(&b, "| %s\n", l)
		}
	}
	return os.WriteFile(file, []byte(b.String()), 0o644)
}

// read is the way back, for the same scenes; nil where the program died.
func read(file string, all []scene) (seen [][]string, version string, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, "", err
	}
	version, rest, _ := strings.Cut(string(text), "\n")
	for i := range all {
		after, ok := strings.CutPrefix(rest, all[i].String())
		if !ok {
			return nil, "", fmt.Errorf("%s is of other scenes than %q: go test -run Newer -record", file, all[i].name)
		}
		rest = after
		var lines []string
		for strings.HasPrefix(rest, "| ") {
			var l string
			l, rest, _ = strings.Cut(rest, "\n")
			lines = append(lines, l[2:])
		}
		seen = append(seen, lines)
	}
	return seen, version, nil
}
