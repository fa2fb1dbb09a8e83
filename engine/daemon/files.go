package daemon

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"time"
)

// files is what the files of a configuration held when it was loaded.
type files struct {
	sums    map[string][32]byte
	changed bool // one was written while they were read
}

// look hashes files, and the names and contents in directories.
func look(names []string) files {
	f := files{sums: make(map[string][32]byte, len(names))}
	for _, name := range names {
		f.sums[name] = checksum(name)
	}
	return f
}

// tick is how coarse the system's file times are.
const tick = 5 * time.Millisecond

// since compares with what was seen before a load that began then: a file that was
// written meanwhile may have been read half.
func (f *files) since(before files, begun time.Time) {
	for name, sum := range f.sums {
		old, known := before.sums[name]
		if !known {
			st, err := os.Stat(name)
			old = sum
			if err == nil && st.ModTime().After(begun.Add(-tick)) {
				old = [32]byte{}
			}
		}
		if old != sum {
			f.changed = true
			f.sums[name] = [32]byte{}
		}
	}
}

// same reports whether the files still hold what they did.
func (f *files) same() bool {
	for name, sum := range f.sums {
		if checksum(name) != sum {
			return false
		}
	}
	return true
}

// forget makes same false until the next load.
func (f *files) forget() {
	for name := range f.sums {
		f.sums[name] = [32]byte{}
	}
}

func (f *files) names() []string {
	names := make([]string, 0, len(f.sums))
	for name := range f.sums {
		names = append(names, name)
	}
	return names
}

func checksum(name string) [32]byte {
	data, err := os.ReadFile(name)
	if err == nil {
		return sha256.Sum256(data)
	}
	list, err := os.ReadDir(name)
	if err != nil {
		return sha256.Sum256([]byte("absent"))
	}
	for _, e := range list {
		data = append(data, e.Name()...)
		if one, err := os.ReadFile(filepath.Join(name, e.Name())); err == nil {
			data = append(data, one...)
		}
	}
	return sha256.Sum256(data)
}
