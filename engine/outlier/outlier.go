// Package outlier takes servers out of the balancing for a while when real
// traffic fails on them: outlier-ejection, which HAProxy does not have. It counts
// failures in a row (no connection, no answer, a status of 500 and more but 501
// and 505), needs no checks, and never takes out more than a share of a backend's
// servers. It does not touch health or administration: clients that a cookie or a
// stick table binds to a server still go there.
package outlier

import (
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"hawser/engine"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

// conf is the line of a backend.
type conf struct {
	errors int
	time   time.Duration
	most   int // percent of the servers
}

// record is what is known of a server.
type record struct {
	failed atomic.Int32 // in a row
	again  atomic.Int32 // ejections since the last success: each is longer
}

// maxTimes bounds how much longer than the configured time an ejection becomes.
const maxTimes = 10

var (
	confs   = engine.NewSlot[*engine.Proxy, conf]("outlier-ejection")
	records = engine.NewSlot[*engine.Server, record]("outlier-ejection")
)

func init() {
	engine.AddKeywords(engine.Keyword{Name: "outlier-ejection", In: engine.InDefaults | engine.InAllBE, Max: -1, Parse: parse,
		Usage: "outlier-ejection errors <number> [time <time>] [max <percent>]: a server on which that many requests in a row fail gets no new ones for <time> (10s; longer each time, up to ten times), never more than <percent> (50) of the servers at once. Not in HAProxy"})
	engine.AddHook(engine.Hook{Name: "outlier-ejection", Phase: engine.PhaseEnd, Enabled: used, Run: judge})
	engine.OnMake(func(_ *engine.Build, px *engine.Proxy) {
		if used(px) {
			for _, srv := range px.Servers {
				records.Edit(srv)
			}
		}
	})
	engine.OnMakeServer(func(_ *engine.Build, srv *engine.Server) {
		if used(srv.Px) {
			records.Edit(srv)
		}
	})
	engine.ConnectFailed = func(srv *engine.Server) {
		if c := confs.Get(srv.Px); c != nil {
			c.failed(srv)
		}
	}
}

func used(px *engine.Proxy) bool { return px.Side&engine.Back != 0 && confs.Get(px) != nil }

func parse(b *engine.Build, l *engine.Line) error {
	c := conf{time: 10 * time.Second, most: 50}
	for i := 1; i < len(l.Words); i += 2 {
		w := l.Words[i]
		if i+1 == len(l.Words) {
			return diag.Errorf(w.Pos, "'outlier-ejection': '%s' expects a value.", w.Text)
		}
		v := l.Words[i+1]
		n, err := strconv.Atoi(strings.TrimSuffix(v.Text, "%"))
		switch w.Text {
		case "errors":
			c.errors = n
		case "time":
			t, bad := unit.Time(v.Text, time.Millisecond)
			if bad != nil && !bad.Warning() || t <= 0 {
				return diag.Errorf(v.Pos, "'outlier-ejection': '%s' is not a time.", v.Text)
			}
			c.time, err, n = t, nil, 1
		case "max":
			c.most = n
			if n > 100 {
				n = -1
			}
		default:
			return diag.Errorf(w.Pos, "'outlier-ejection' knows 'errors', 'time' and 'max' (got '%s').", w.Text)
		}
		if err != nil || n < 1 {
			return diag.Errorf(v.Pos, "'outlier-ejection': '%s' is no value for '%s'.", v.Text, w.Text)
		}
	}
	if c.errors == 0 {
		return diag.Errorf(l.Words[0].Pos, "'outlier-ejection' needs 'errors <number>'.")
	}
	*confs.Edit(b.Px) = c
	return nil
}

// judge looks at the end of a stream.
func judge(s *engine.Stream) engine.Verdict {
	srv := s.Server
	if srv == nil {
		return engine.Continue
	}
	c := confs.Get(s.Back)
	switch {
	case s.Term.State == 'H' && (s.Term.Cause == 'S' || s.Term.Cause == 's' || s.Term.Cause == 'P'):
		c.failed(srv)
	case s.Times.Response > 0 && s.HasRes && s.Res != nil && s.Kind != engine.NotHTTP:
		if st := s.Res.Status; st >= 500 && st != 501 && st != 505 {
			c.failed(srv)
		} else {
			succeeded(srv)
		}
	case s.Kind == engine.NotHTTP && s.Times.Connected > 0:
		succeeded(srv)
	}
	return engine.Continue
}

func succeeded(srv *engine.Server) {
	if r := records.Get(srv); r != nil && r.failed.Load()|r.again.Load() != 0 {
		r.failed.Store(0)
		r.again.Store(0)
	}
}

func (c *conf) failed(srv *engine.Server) {
	r := records.Get(srv)
	if r == nil || int(r.failed.Add(1)) < c.errors {
		return
	}
	r.failed.Store(0)
	if !mayEject(srv.Px, c.most) || !srv.State.Ejected.CompareAndSwap(false, true) {
		return
	}
	reweigh(srv)
	times := min(r.again.Add(1), maxTimes)
	time.AfterFunc(c.time*time.Duration(times), func() { readmit(srv) })
}

// mayEject tells whether one more of the servers that take traffic may go.
func mayEject(px *engine.Proxy, most int) bool {
	all, out := 0, 1
	for _, srv := range px.All() {
		switch {
		case srv.State.Ejected.Load():
			all++
			out++
		case srv.State.Usable():
			all++
		}
	}
	return all > 1 && out*100 <= most*all
}

// readmit gives a server new requests again; its backend may be of another
// generation by now.
func readmit(srv *engine.Server) {
	srv.State.Ejected.Store(false)
	if rt := srv.Px.RT.Proc.Current.Load(); rt != nil {
		if px := rt.Backend(srv.Px.Name); px != nil {
			if now := px.Server(srv.Name); now != nil {
				srv = now
			}
		}
	}
	reweigh(srv)
	if engine.WakeServer != nil {
		engine.WakeServer(srv)
	}
}

func reweigh(srv *engine.Server) {
	if srv.Reweigh() && srv.Px.Balancer != nil {
		srv.Px.Balancer.Changed(srv)
	}
}
