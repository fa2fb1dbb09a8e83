// Package registry keeps the tables of names a user can write: keywords, fetches, converters, actions and the rest.
//
// A Table is filled by init functions of the files that implement its rows, then frozen by the daemon before the
// first configuration is read; from there on it is read-only and safe for concurrent use. The package knows nothing
// of what a row means.
package registry

import (
	"iter"
	"sort"
	"strings"
)

// Table is a set of named rows. A name that ends in '*' is a prefix row: "lua.*" answers for "lua.foo" unless an
// exact row or a longer prefix does.
type Table[T any] struct {
	what     string // for messages: "sample fetch"
	rows     map[string]T
	prefixes []string // without the star, longest first
	frozen   bool
}

// New makes an empty table of things called what.
func New[T any](what string) *Table[T] {
	return &Table[T]{what: what, rows: make(map[string]T)}
}

// Add puts in a row. It panics on an empty or known name and after Freeze: both are mistakes of the program.
func (t *Table[T]) Add(name string, row T) {
	if t.frozen {
		panic("registry: " + t.what + " '" + name + "' added after the table was frozen")
	}
	if name == "" {
		panic("registry: " + t.what + " without a name")
	}
	if _, dup := t.rows[name]; dup {
		panic("registry: " + t.what + " '" + name + "' added twice")
	}
	t.rows[name] = row
	if prefix, ok := strings.CutSuffix(name, "*"); ok {
		t.prefixes = append(t.prefixes, prefix)
		sort.SliceStable(t.prefixes, func(i, j int) bool { return len(t.prefixes[i]) > len(t.prefixes[j]) })
	}
}

// Get finds the row of name: the exact one, else the one with the longest prefix.
func (t *Table[T]) Get(name string) (T, bool) {
	row, _, ok := t.Find(name)
	return row, ok
}

// Find is Get and the name under which the row was added.
func (t *Table[T]) Find(name string) (row T, as string, ok bool) {
	if row, ok = t.rows[name]; ok {
		return row, name, true
	}
	for _, prefix := range t.prefixes {
		if strings.HasPrefix(name, prefix) {
			return t.rows[prefix+"*"], prefix + "*", true
		}
	}
	return row, "", false
}

// What is the name of the things in the table.
func (t *Table[T]) What() string { return t.what }

// Len is the number of rows.
func (t *Table[T]) Len() int { return len(t.rows) }

// Names lists all names in byte order.
func (t *Table[T]) Names() []string {
	names := make([]string, 0, len(t.rows))
	for name := range t.rows {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// All goes through the rows in the order of Names.
func (t *Table[T]) All() iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		for _, name := range t.Names() {
			if !yield(name, t.rows[name]) {
				return
			}
		}
	}
}

// Freeze ends the time of Add.
func (t *Table[T]) Freeze() { t.frozen = true }

// Nearest is the name that was probably meant by name; see Nearest.
func (t *Table[T]) Nearest(name string) (string, bool) { return Nearest(name, t.Names()) }
