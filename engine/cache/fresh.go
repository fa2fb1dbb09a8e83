package cache

import (
	"bytes"
	"time"

	"hawser/engine/htx"
)

// bypasses reports that the request does not want a kept response: no-cache, or
// anything about freshness, which is not weighed here.
func bypasses(m *htx.Msg) bool {
	i := m.Next(htx.CacheControl, 0)
	if i < 0 {
		p := m.Next(htx.Pragma, 0)
		return p >= 0 && htx.HasItem(m.Value(p), "no-cache")
	}
	found := false
	directives(m, func(name, _ []byte) {
		switch {
		case htx.EqualFold(name, "no-cache"), htx.EqualFold(name, "max-age"), htx.EqualFold(name, "max-stale"), htx.EqualFold(name, "min-fresh"):
			found = true
		}
	})
	return found
}

// noStore reports Cache-Control: no-store.
func noStore(m *htx.Msg) (found bool) {
	directives(m, func(name, _ []byte) { found = found || htx.EqualFold(name, "no-store") })
	return found
}

// directives calls f for each directive of Cache-Control, its value without quotes.
func directives(m *htx.Msg, f func(name, value []byte)) {
	for d := range m.ItemsOf(htx.CacheControl) {
		name, value, _ := bytes.Cut(d, []byte{'='})
		f(name, bytes.Trim(value, `"`))
	}
}

// lifetime is what a response says of how long it may be kept.
type lifetime struct {
	never    bool
	public   bool
	explicit bool
	seconds  int64
}

// lifetimeOf reads Cache-Control, Expires and Pragma. now is in unix seconds.
func lifetimeOf(m *htx.Msg, now int64) (l lifetime) {
	shared, own := int64(-1), int64(-1)
	directives(m, func(name, value []byte) {
		switch {
		case htx.EqualFold(name, "no-store"), htx.EqualFold(name, "no-cache"), htx.EqualFold(name, "private"):
			l.never = true
		case htx.EqualFold(name, "public"):
			l.public = true
		case htx.EqualFold(name, "s-maxage"):
			shared = seconds(value)
			l.never = l.never || shared == 0
		case htx.EqualFold(name, "max-age"):
			own = seconds(value)
			l.never = l.never || own == 0
		}
	})
	if i := m.Next(htx.Pragma, 0); i >= 0 && htx.HasItem(m.Value(i), "no-cache") {
		l.never = true
	}
	switch {
	case shared >= 0:
		l.explicit, l.seconds = true, shared
	case own >= 0:
		l.explicit, l.seconds = true, own
	default:
		if i := m.Next(htx.Expires, 0); i >= 0 {
			at, ok := date(m.Value(i))
			l.explicit, l.seconds = true, at-now
			l.never = l.never || !ok || at <= now
		}
	}
	return l
}

// seconds reads a number of seconds; -1: it is none.
func seconds(v []byte) int64 {
	if len(v) == 0 {
		return -1
	}
	n := int64(0)
	for _, c := range v {
		if c < '0' || c > '9' {
			return -1
		}
		n = min(n*10+int64(c-'0'), 1<<31)
	}
	return n
}

// date reads an HTTP date (RFC 9110 section 5.6.7), in unix seconds.
func date(v []byte) (int64, bool) {
	for _, form := range [...]string{"Mon, 02 Jan 2006 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 GMT", time.ANSIC} {
		if t, err := time.Parse(form, string(v)); err == nil {
			return t.Unix(), true
		}
	}
	return 0, false
}

// unchanged evaluates the conditions of a request on an object (RFC 9110 section
// 13.2.2): If-None-Match, else If-Modified-Since.
func unchanged(req *htx.Msg, o *object) bool {
	if i := req.Next(htx.IfNoneMatch, 0); i >= 0 {
		for ; i >= 0; i = req.Next(htx.IfNoneMatch, i+1) {
			if matches(req.Value(i), o.etag) {
				return true
			}
		}
		return false
	}
	i := req.Next(htx.IfModifiedSince, 0)
	if i < 0 {
		return false
	}
	since, ok := date(req.Value(i))
	return ok && since >= o.modified
}

// matches looks for a validator in a list, weak comparison.
func matches(list, etag []byte) bool {
	for off := 0; ; {
		from, to, next, more := htx.NextItem(list, off)
		if !more {
			return false
		}
		off = next
		item := list[from:to]
		if len(item) == 1 && item[0] == '*' {
			return true
		}
		if len(etag) > 0 && bytes.Equal(strong(item), strong(etag)) {
			return true
		}
	}
}

func strong(etag []byte) []byte { return bytes.TrimPrefix(etag, []byte("W/")) }
