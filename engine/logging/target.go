package logging

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"hawser/engine"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

// global is the target of "log global" until all sections are read.
const global = "global"

func prefixed(w engine.Word, err error, prefix string) error {
	var d *diag.Diagnostic
	if !errors.As(err, &d) {
		return fail(w, "%s", prefix+err.Error())
	}
	d.Message = prefix + strings.TrimSuffix(d.Message, ".") + "."
	if d.Pos.IsZero() {
		d.Pos = w.Pos
	}
	return d
}

func parseLog(b *engine.Build, l *engine.Line) error {
	list := &b.RT.Global.Logs
	if b.Px != nil {
		list = &b.Px.Logs
	}
	if l.No {
		if len(l.Words) > 1 {
			return fail(l.Words[1], "log : 'no log' does not expect arguments")
		}
		*list = nil
		return nil
	}
	*list = slices.Clip(*list)
	if len(l.Words) == 2 && l.Words[1].Text == global && b.Px != nil {
		if !slices.ContainsFunc(*list, isGlobal) { // the defaults section may have said it
			*list = append(*list, engine.LogTarget{Target: global, Pos: l.Pos})
		}
		return nil
	}
	switch {
	case b.Px == nil && len(l.Words) > 1 && l.Words[1].Text == global:
		return fail(l.Words[1], "log : 'global' is not supported for a global syslog server")
	case len(l.Words) < 3 && b.Px == nil:
		return fail(l.Words[0], "log : expects <address> and <facility>  as arguments")
	case len(l.Words) < 3:
		return fail(l.Words[0], "log : expects <address> and <facility> or global as arguments")
	}
	t, err := parseTarget(l)
	if err != nil {
		return err
	}
	if s, ok := t.Sink.(*backendSink); ok {
		b.At(engine.StageMake, func() { s.resolve(b, l.Words[1]) })
	}
	*list = append(*list, t)
	return nil
}

// parseTarget reads the words behind "log".
func parseTarget(l *engine.Line) (engine.LogTarget, error) {
	t := engine.LogTarget{Target: l.Words[1].Text, Len: engine.DefLogLen, Level: 7, Pos: l.Words[1].Pos, Prep: &headings{}}
	n := 2
	for ; n < len(l.Words); n += 2 {
		var err error
		switch w := word2(l, n+1); l.Words[n].Text {
		case "len":
			t.Len, err = lineLength(w)
		case "format":
			if _, ok := headers[w.Text]; !ok {
				err = fail(w, "log : unknown log format '%s'", w.Text)
			}
			t.Format = w.Text
		case "sample":
			t.Sample, err = parseSample(w)
		case "profile":
			t.Profile = w.Text
		default:
			return t, tail(l, &t, n)
		}
		if err != nil {
			return t, err
		}
	}
	return t, tail(l, &t, n)
}

// tail reads facility and levels and finds the sink.
func tail(l *engine.Line, t *engine.LogTarget, n int) error {
	f := word2(l, n)
	if !slices.Contains(facilities, f.Text) {
		return fail(f, "log : unknown log facility '%s'", f.Text)
	}
	t.Facility = f.Text
	if w := word2(l, n+1); w.Text != "" {
		if t.Level = slices.Index(levels, w.Text); t.Level < 0 {
			return fail(w, "log : unknown optional log level '%s'", w.Text)
		}
	}
	if w := word2(l, n+2); w.Text != "" {
		if t.MinLevel = slices.Index(levels, w.Text); t.MinLevel < 0 {
			return fail(w, "log : unknown optional minimum log level '%s'", w.Text)
		}
	}
	if n+3 < len(l.Words) {
		return fail(l.Words[n+3], "log : cannot handle unexpected argument '%s'", l.Words[n+3].Text)
	}
	return findSink(l.Words[1], t)
}

var levels = []string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}

var facilities = []string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "auth2", "ftp",
	"ntp", "audit", "alert", "cron2", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"}

func lineLength(w engine.Word) (int, error) {
	n, err := strconv.Atoi(w.Text)
	if err != nil || n < 80 || n > 65535 {
		return 0, fail(w, "log : invalid log length '%s', must be between 80 and 65535", w.Text)
	}
	return n, nil
}

// parseSample reads <ranges>:<size>.
func parseSample(w engine.Word) (*engine.LogSampling, error) {
	ranges, size, ok := strings.Cut(w.Text, ":")
	if !ok {
		return nil, fail(w, "log : Missing sample size")
	}
	s := &engine.LogSampling{}
	high := 0
	for _, r := range strings.Split(ranges, ",") {
		from, to, two := strings.Cut(r, "-")
		if !two {
			to = from
		}
		a, err1 := strconv.Atoi(from)
		b, err2 := strconv.Atoi(to)
		if err1 != nil || err2 != nil || a < 1 || b < a {
			return nil, fail(w, "log : wrong sample range '%s'", r)
		}
		high = max(high, b)
		s.Ranges = append(s.Ranges, [2]int{a, b})
	}
	n, err := strconv.Atoi(size)
	if err != nil || n < 1 {
		return nil, fail(w, "log : wrong sample size '%s' for sample range '%s'", size, ranges)
	}
	if n < high {
		return nil, fail(w, "log : sample size %d should be greater or equal to %d the maximum of the high ranges limits", n, high)
	}
	s.Size = n
	s.State = &engine.SampleState{}
	return s, nil
}

func isGlobal(t engine.LogTarget) bool { return t.Target == global && t.Sink == nil }

// withGlobal puts the global targets where "log global" stands.
func withGlobal(b *engine.Build, list []engine.LogTarget) []engine.LogTarget {
	if !slices.ContainsFunc(list, isGlobal) {
		return list
	}
	var out []engine.LogTarget
	for _, t := range list {
		if isGlobal(t) {
			out = append(out, b.RT.Global.Logs...)
		} else {
			out = append(out, t)
		}
	}
	return out
}

// findSink reads the target's address and finds or makes its sink.
func findSink(w engine.Word, t *engine.LogTarget) error {
	switch w.Text {
	case "stdout":
		t.Sink = sharedSink("fd 1", func() engine.LogSink { return &fdSink{fd: 1} })
		return nil
	case "stderr":
		t.Sink = sharedSink("fd 2", func() engine.LogSink { return &fdSink{fd: 2} })
		return nil
	}
	switch {
	case strings.HasPrefix(w.Text, "ring@"):
		return fail(w, "log : 'ring@' targets are known to HAProxy but not supported by Hawser yet")
	case strings.HasPrefix(w.Text, "backend@"):
		t.Sink = &backendSink{}
		return nil
	}
	a, err := unit.ParseAddr(w.Text, unit.LogWant)
	if err != nil {
		return fail(w, "log : %s", err.Error())
	}
	if a.Host != "" {
		ip, err := resolve(a.Host)
		if err != nil {
			return fail(w, "log : invalid address: '%s' in '%s'", a.Host, w.Text)
		}
		a.IP = ip
	}
	if a.IsIP() && a.Port == 0 {
		a.Port = 514
	}
	return addrSink(w, t, &a)
}

func addrSink(w engine.Word, t *engine.LogTarget, a *unit.Addr) error {
	key := w.Text + " " + a.IP.String()
	switch {
	case a.Family == unit.FD:
		t.Sink = sharedSink("fd "+strconv.Itoa(a.Num), func() engine.LogSink { return &fdSink{fd: a.Num} })
	case a.Type == unit.Stream:
		t.Sink = sharedSink(key, func() engine.LogSink { return newStreamSink(network(a), dialText(a)) })
	case a.Path != "" || a.IsIP():
		t.Sink = sharedSink(key, func() engine.LogSink { return newDgramSink(a) })
	default:
		return fail(w, "log : invalid address: '%s' in '%s'", w.Text, w.Text)
	}
	return nil
}

func network(a *unit.Addr) string {
	if a.Path != "" {
		return "unix"
	}
	return "tcp"
}

func dialText(a *unit.Addr) string {
	if a.Path != "" {
		if a.Family != unit.Unix {
			return "@" + a.Path
		}
		return a.Path
	}
	return net.JoinHostPort(a.IP.String(), strconv.Itoa(a.Port))
}

func resolve(host string) (addr netip.Addr, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(ips) == 0 {
		return addr, errors.New("no address")
	}
	for _, ip := range ips {
		if ip = ip.Unmap(); ip.Is4() {
			return ip, nil
		}
	}
	return ips[0].Unmap(), nil
}
