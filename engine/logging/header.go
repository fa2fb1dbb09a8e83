package logging

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"hawser/engine"
)

// headers are the formats that a log line can ask for: what stands before the text.
var headers = map[string]func(dst []byte, h header) []byte{
	"local":    func(d []byte, h header) []byte { return h.process(h.bsd(h.pri(d), "")) },
	"rfc3164":  func(d []byte, h header) []byte { return h.process(h.bsd(h.pri(d), h.host())) },
	"rfc5424":  rfc5424,
	"priority": func(d []byte, h header) []byte { return h.pri(d) },
	"short":    func(d []byte, h header) []byte { return h.level(d) },
	"timed":    func(d []byte, h header) []byte { return append(appendISO(h.level(d), h.at), ' ') },
	"iso":      func(d []byte, h header) []byte { return append(appendISO(d, h.at), ' ') },
	"raw":      func(d []byte, _ header) []byte { return d },
}

type header struct {
	target *engine.LogTarget
	lvl    int
	tag    string
	sd     []byte
	at     time.Time
}

var (
	pid     = os.Getpid()
	program = filepath.Base(os.Args[0])
	// sendName is the host's name that log-send-hostname wants, "" without it.
	sendName atomic.Pointer[string]
)

func sentName() string {
	if p := sendName.Load(); p != nil {
		return *p
	}
	return ""
}

func (h header) host() string {
	if name := sentName(); name != "" {
		return name
	}
	return "localhost"
}

func (h header) pri(d []byte) []byte {
	d = append(d, '<')
	d = strconv.AppendInt(d, int64(slices.Index(facilities, h.target.Facility)<<3|h.lvl), 10)
	return append(d, '>')
}

func (h header) level(d []byte) []byte { return append(d, '<', byte('0'+h.lvl), '>') }

// bsd writes the date of RFC 3164 and the host.
func (h header) bsd(d []byte, host string) []byte {
	t := h.at.Local()
	_, mo, day := t.Date()
	hh, mm, ss := t.Clock()
	d = append(d, months[3*int(mo)-3:3*int(mo)]...)
	d = append(d, ' ')
	if day < 10 {
		d = append(d, ' ', byte('0'+day))
	} else {
		d = two(d, day)
	}
	d = append(two(append(d, ' '), hh), ':')
	d = append(two(d, mm), ':')
	d = append(two(d, ss), ' ')
	if host != "" {
		d = append(append(d, host...), ' ')
	}
	return d
}

func (h header) process(d []byte) []byte {
	d = append(append(d, h.tag...), '[')
	d = strconv.AppendInt(d, int64(pid), 10)
	return append(d, "]: "...)
}

func rfc5424(d []byte, h header) []byte {
	d = append(h.pri(d), "1 "...)
	d = append(appendISO(d, h.at), ' ')
	if name := sentName(); name != "" {
		d = append(d, name...)
	} else {
		d = append(d, '-')
	}
	d = append(append(d, ' '), h.tag...)
	d = strconv.AppendInt(append(d, ' '), int64(pid), 10)
	d = append(d, " - "...)
	if len(h.sd) > 0 {
		d = append(d, h.sd...)
	} else {
		d = append(d, '-')
	}
	return append(d, ' ')
}

// appendISO writes 2006-01-02T15:04:05.000000+01:00.
func appendISO(d []byte, t time.Time) []byte {
	t = t.Local()
	y, mo, day := t.Date()
	hh, mm, ss := t.Clock()
	d = strconv.AppendInt(d, int64(y), 10)
	d = two(append(d, '-'), int(mo))
	d = two(append(d, '-'), day)
	d = two(append(d, 'T'), hh)
	d = two(append(d, ':'), mm)
	d = two(append(d, ':'), ss)
	us := t.Nanosecond() / 1000
	d = append(d, '.', byte('0'+us/100000), byte('0'+us/10000%10), byte('0'+us/1000%10))
	d = append(d, byte('0'+us/100%10), byte('0'+us/10%10), byte('0'+us%10))
	_, off := t.Zone()
	sign := byte('+')
	if off < 0 {
		sign, off = '-', -off
	}
	d = two(append(d, sign), off/3600)
	return two(append(d, ':'), off/60%60)
}

// appendLine makes the line of a target, cut to its length.
func appendLine(d []byte, t *engine.LogTarget, level int, tag string, sd, msg []byte, at time.Time) []byte {
	if tag == "" {
		tag = program
	}
	h := header{target: t, lvl: max(level, t.MinLevel), tag: tag, sd: sd, at: at}
	f := t.Format
	if f == "" {
		f = "local"
		if sentName() != "" {
			f = "rfc3164"
		}
	}
	if c, ok := t.Prep.(*headings); ok && lasting(f) {
		d = c.append(d, f, h)
	} else {
		d = headers[f](d, h)
	}
	d = append(d, msg...)
	for len(d) > 0 && d[len(d)-1] == '\n' {
		d = d[:len(d)-1]
	}
	if t.Len > 0 && len(d) > t.Len-1 {
		d = d[:t.Len-1]
	}
	return append(d, '\n')
}
