package logging

import (
	"sync/atomic"
	"time"
)

// A date costs more than all the rest of a line, and most lines of a second
// share theirs: each form keeps the text that it made last.

// stamp is the text that stands for one second.
type stamp struct {
	sec  int64
	text []byte
}

// dated makes and keeps a form of date without its fraction.
type dated struct {
	last atomic.Pointer[stamp]
	make func(dst []byte, t time.Time) []byte
}

var localDate = &dated{make: func(dst []byte, t time.Time) []byte { return appendDate(dst, t.Local()) }}

// append writes the date of t.
func (d *dated) append(dst []byte, t time.Time) []byte {
	sec := t.Unix()
	s := d.last.Load()
	if s == nil || s.sec != sec {
		s = &stamp{sec: sec, text: d.make(nil, t)}
		d.last.Store(s)
	}
	return append(dst, s.text...)
}

// heading is what stands before a message that is sent to a target: the same
// for all lines of one second, level and tag.
type heading struct {
	sec   int64
	level int
	tag   string
	host  string
	text  []byte
}

// headings is the last heading of each target.
type headings struct{ last atomic.Pointer[heading] }

// lasting tells whether the heading of a format is the same for a whole second.
func lasting(format string) bool {
	switch format {
	case "local", "rfc3164", "priority", "short", "raw":
		return true
	}
	return false
}

func (c *headings) append(dst []byte, format string, h header) []byte {
	sec, host := h.at.Unix(), sentName()
	k := c.last.Load()
	if k == nil || k.sec != sec || k.level != h.lvl || k.tag != h.tag || k.host != host {
		k = &heading{sec: sec, level: h.lvl, tag: h.tag, host: host, text: headers[format](nil, h)}
		c.last.Store(k)
	}
	return append(dst, k.text...)
}
