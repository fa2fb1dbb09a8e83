// Package diag holds what the reading of a configuration has to say: positions, severities, diagnostics with
// their allowed values, hints and related places, the source lines they point into, and the printer that writes
// them on stderr as HAProxy does.
//
// A finder returns or collects diagnostics and never prints them; only the command line owns a Printer. The
// package knows nothing of keywords, sections or words beyond their place.
package diag

import "strconv"

// Pos is a place in a configuration file. Line is 1-based, Col is the 1-based byte column of the first byte of the
// word and End the column after its last byte. Zero means unknown.
type Pos struct {
	File     string
	Line     int
	Col, End int
}

// IsZero tells that nothing is known of the place.
func (p Pos) IsZero() bool { return p.File == "" && p.Line == 0 }

// String is the "file:line" of HAProxy's messages.
func (p Pos) String() string { return p.File + ":" + strconv.Itoa(p.Line) }

// Word is one word of a line after quotes, escapes and variables were resolved. Pos covers the source text of the
// word, quotes included.
type Word struct {
	Text   string
	Pos    Pos
	Quoted bool
	// Map gives for each byte of Text its source column; nil when Text stands in the source as it is, one to one.
	Map []int32
}

// String is the text.
func (w Word) String() string { return w.Text }

// Sub is the place of Text[from:to] in the source.
func (w Word) Sub(from, to int) Pos {
	p := w.Pos
	if p.Col == 0 {
		return p
	}
	p.Col, p.End = w.column(from), w.column(to-1)+1
	if to <= from {
		p.End = p.Col + 1
	}
	return p
}

// column is the source column of byte i; past the end it counts on from the last byte.
func (w Word) column(i int) int {
	switch {
	case i < 0:
		return w.Pos.Col
	case w.Map == nil:
		return w.Pos.Col + i
	case i < len(w.Map):
		return int(w.Map[i])
	case len(w.Map) == 0:
		return w.Pos.Col
	default:
		return int(w.Map[len(w.Map)-1]) + 1 + i - len(w.Map)
	}
}
