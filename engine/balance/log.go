package balance

import (
	"slices"
	"sync/atomic"

	"hawser/engine"
)

// The algorithms that only backends of mode log have.
func init() {
	engine.AddBalances(
		engine.BalanceKeyword{Name: "log-hash", Keyed: true, New: onlyLog(newLogHash),
			Usage: "log-hash <converters>: by a hash of what the converters make of a log line (mode log)"},
		engine.BalanceKeyword{Name: "sticky", New: onlyLog(newSticky),
			Usage: "sticky: the same server until it is down; one that comes back waits behind the others (mode log)"},
	)
}

// onlyLog makes an algorithm for logs fall back to round robin elsewhere.
func onlyLog(make func(px *engine.Proxy) (engine.Balancer, error)) func(*engine.Build, *engine.Proxy, []engine.Word) (engine.Balancer, error) {
	return func(b *engine.Build, px *engine.Proxy, _ []engine.Word) (engine.Balancer, error) {
		if px.Mode == engine.ModeLog {
			return make(px)
		}
		b.Warn(px.Pos, "Unusable balance algorithm for %s '%s' (needs 'mode log'). Falling back to round robin.", px.Kind, px.Name).AsBare()
		return newRoundRobin(px), nil
	}
}

// newLogHash is asked by PickKey only: the key is in the line, not in a stream.
func newLogHash(px *engine.Proxy) (engine.Balancer, error) {
	return newHashed(px, func(*engine.Stream) ([]byte, bool) { return nil, false })
}

// sticky keeps to the first server of its order.
type sticky struct {
	farm
	order atomic.Pointer[[]*engine.Server]
}

func newSticky(px *engine.Proxy) (engine.Balancer, error) {
	s := &sticky{}
	s.px = px
	s.Changed(nil)
	return s, nil
}

// Changed takes out servers that went and puts those that came at the end.
func (s *sticky) Changed(srv *engine.Server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.update(srv)
	var order []*engine.Server
	if old := s.order.Load(); old != nil {
		for _, srv := range *old {
			if slices.Contains(s.list, srv) {
				order = append(order, srv)
			}
		}
	}
	for _, srv := range s.list {
		if !slices.Contains(order, srv) {
			order = append(order, srv)
		}
	}
	s.order.Store(&order)
}

// Pick returns the first of the order.
func (s *sticky) Pick(_ *engine.Stream, _ *engine.Server) *engine.Server {
	for _, srv := range *s.order.Load() {
		if srv.State.Usable() {
			return srv
		}
	}
	return nil
}
