package persist

import (
	"bytes"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
)

// A cookie with maxidle or maxlife carries two dates behind its value: when it
// was set last and when first, each as five base64 digits of a quarter of the
// seconds since 1970.
const digits64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// farFuture is how much later than now a date may be: one that is later is as bad as
// one that is too old.
const farFuture = 86400

func now() int64 { return clock.WallNano() / 1e9 }

func appendDate(dst []byte, sec int64) []byte {
	v := uint32((sec + 3) >> 2)
	for sh := 24; sh >= 0; sh -= 6 {
		dst = append(dst, digits64[v>>sh&63])
	}
	return dst
}

func readDate(b []byte) int64 {
	if len(b) < 5 {
		return 0
	}
	var v int64
	for _, c := range b[:5] {
		i := bytes.IndexByte([]byte(digits64), c)
		if i < 0 {
			return 0
		}
		v = v<<6 | int64(i)
	}
	return v << 2
}

// dates keeps what stands behind the value: when the cookie was set last, and first.
func (c *cookie) dates(s *engine.Stream, v []byte) {
	st := &s.ServerCookie
	if d := readDate(v); d != 0 {
		st.Last = d
	}
	if j := bytes.IndexByte(v, '|'); j >= 0 {
		if d := readDate(v[j+1:]); d != 0 {
			st.First = d
		}
	}
}

// expired returns the flag of a cookie that is too old, or 0: E unused for too
// long, O set too long ago.
func (c *cookie) expired(s *engine.Stream) byte {
	st, at := &s.ServerCookie, now()
	bad := func(date int64, limit time.Duration) bool {
		return limit > 0 && date != 0 && (at-date > int64(limit.Seconds()) || date-at > farFuture)
	}
	switch {
	case bad(st.First, c.maxlife):
		return 'O'
	case bad(st.Last, c.maxidle):
		return 'E'
	}
	return 0
}

// stale reports whether a valid cookie's dates must be sent anew.
func (c *cookie) stale(s *engine.Stream) bool {
	st := &s.ServerCookie
	switch {
	case st.Last == 0:
		if c.maxidle > 0 {
			return true
		}
	case st.Last < now():
		return true
	}
	return c.maxlife > 0 != (st.First != 0)
}
