package persist

import (
	"bytes"

	"hawser/engine"
	"hawser/engine/clock"
)

// A cookie with maxidle or maxlife carries two dates behind its value: when it
// was set last and when first, each as five base64 digits of a quarter of the
// seconds since 1970.
const digits64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// farFuture is how much later than now a date may be before it counts as forged.
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

// dates takes the dates off a value and keeps them.
func (c *cookie) dates(s *engine.Stream, v []byte) []byte {
	i := bytes.IndexByte(v, '|')
	if i < 0 {
		return v
	}
	st, rest, at := &s.ServerCookie, v[i+1:], now()
	if d := readDate(rest); d != 0 && d < at+farFuture {
		st.Last = d
	}
	if j := bytes.IndexByte(rest, '|'); j >= 0 {
		if d := readDate(rest[j+1:]); d != 0 && d < at+farFuture {
			st.First = d
		}
	}
	return v[:i]
}

// expired returns the flag of a cookie that is too old, or 0: E unused for too
// long, O set too long ago.
func (c *cookie) expired(s *engine.Stream) byte {
	st, at := &s.ServerCookie, now()
	switch {
	case c.maxlife > 0 && st.First != 0 && at-st.First > int64(c.maxlife.Seconds()):
		return 'O'
	case c.maxidle > 0 && st.Last != 0 && at-st.Last > int64(c.maxidle.Seconds()):
		return 'E'
	}
	return 0
}

// stale reports whether a valid cookie's dates must be sent anew.
func (c *cookie) stale(s *engine.Stream) bool {
	st := &s.ServerCookie
	switch {
	case c.maxidle > 0 && (st.Last == 0 || st.Last < now()):
		return true
	case c.maxlife > 0 && st.First == 0:
		return true
	}
	return c.maxidle == 0 && st.Last != 0 || c.maxlife == 0 && st.First != 0
}
