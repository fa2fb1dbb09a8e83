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
