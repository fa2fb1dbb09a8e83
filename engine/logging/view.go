package logging

import (
	"time"

	"hawser/engine"
	"hawser/engine/clock"
)

// view is what a log line can be about: a stream, or a session that had none.
type view struct {
	s    *engine.Stream
	sess *engine.Session
	px   *engine.Proxy // the frontend
	live bool          // the stream goes on (do-log)
}

func viewOf(e env) view {
	v := view{s: e.Strm, sess: e.Sess, px: e.Px, live: e.Origin != ""}
	if v.s != nil {
		if v.sess == nil {
			v.sess = v.s.Sess
		}
		if v.s.Front != nil {
			v.px = v.s.Front
		}
	}
	if v.sess != nil && v.sess.Front != nil && v.s == nil {
		v.px = v.sess.Front
	}
	return v
}

// early tells that the line is written before its stream's end (logasap).
func early(e env) bool {
	return e.Origin == "" && e.Strm != nil && e.Strm.Times.End == 0 && e.Strm.Front != nil
}

// bad tells that there is no request that could be shown.
func (v view) bad() bool {
	return v.s == nil || v.s.Kind == engine.NotHTTP || v.s.Req == nil || v.s.Req.Err != nil
}

// accepted is the date of the stream's beginning with its idle time and
// handshakes before it.
func (v view) accepted() time.Time {
	if v.s == nil {
		if v.sess == nil {
			return clock.Wall()
		}
		return v.sess.Accept
	}
	return v.s.Times.Date.Add(-time.Duration(v.idle()+v.handshake()) * time.Millisecond)
}

// began is the date of the request's first byte.
func (v view) began() time.Time {
	if v.s == nil {
		return v.accepted()
	}
	return v.s.Times.Date
}

const ms = int64(time.Millisecond)

func between(to, from int64) int64 {
	if to == 0 || from == 0 {
		return -1
	}
	return max(to-from, 0) / ms
}

func (v view) idle() int64 {
	if v.s == nil {
		return 0
	}
	return v.s.Times.Idle / ms
}

// handshake belongs to a connection's first stream only.
func (v view) handshake() int64 {
	if v.sess == nil || v.sess.Requests > 1 {
		return 0
	}
	return int64(v.sess.Handshake) / ms
}

func (v view) end() int64 {
	if v.s.Times.End != 0 {
		return v.s.Times.End
	}
	return clock.Mono()
}

// tr is the time to receive the request: absent where no request was complete
// or nothing could take it.
func (v view) tr() int64 {
	s := v.s
	switch {
	case s == nil, v.live, s.Kind == engine.NotHTTP, s.Req == nil, s.Req.Err != nil, s.Term.State == 'T':
		return -1
	case s.Back == nil && s.Term.Cause == 'S', s.Status == 0 && s.Term.Cause == 'P': // nothing could take it, or it was dropped
		return -1
	}
	return between(s.Times.Request, s.Times.Start)
}

func (v view) tq() int64 {
	if n := v.tr(); n >= 0 {
		return n + v.idle() + v.handshake()
	}
	return -1
}

func (v view) tw() int64 {
	if v.service() {
		return 0
	}
	if v.s == nil || v.s.Times.Connect == 0 {
		return -1
	}
	from := v.s.Times.Request
	if from == 0 {
		from = v.s.Times.Start
	}
	return between(v.s.Times.Connect, from)
}

func (v view) tc() int64 {
	if v.service() {
		return 0
	}
	if v.s == nil {
		return -1
	}
	return between(v.s.Times.Connected, v.s.Times.Connect)
}

func (v view) resp() int64 {
	if v.service() {
		return 0
	}
	if v.s == nil {
		return -1
	}
	return between(v.s.Times.Response, v.s.Times.Connected)
}

func (v view) td() int64 {
	if v.s == nil || v.s.Times.Response == 0 {
		return -1
	}
	return between(v.end(), v.s.Times.Response)
}

func (v view) ta() int64 {
	if v.s == nil {
		if v.sess == nil {
			return 0
		}
		return between(clock.Mono(), v.sess.AcceptMono)
	}
	return max(between(v.end(), v.s.Times.Start), 0)
}

func (v view) tt() int64 { return v.ta() + v.idle() + v.handshake() }

// tu leaves the idle time out.
func (v view) tu() int64 { return v.ta() + v.handshake() }

// service tells that built-in content answered: it is at hand at once.
func (v view) service() bool { return v.s != nil && v.s.Service != "" }
