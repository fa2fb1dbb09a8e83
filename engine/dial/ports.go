package dial

import (
	"fmt"
	"sync"

	"hawser/engine"
)

// portRange gives out the ports of a source's range, the one that rests longest first.
// Safe for concurrent use.
type portRange struct {
	mu   sync.Mutex
	free []uint16 // guarded by mu
}

// ranges outlive reloads, as connections do: by server and range.
var ranges sync.Map

// rangeOf is the range of a server's source, nil without one.
func rangeOf(srv *engine.Server, src *engine.SourceSpec) *portRange {
	if src == nil || src.PortHigh <= src.Port {
		return nil
	}
	key := fmt.Sprintf("%s/%s %s %d %d", srv.Px.Name, srv.Name, src.IP, src.Port, src.PortHigh)
	if r, ok := ranges.Load(key); ok {
		return r.(*portRange)
	}
	r := &portRange{}
	for p := src.Port; p <= src.PortHigh; p++ {
		r.free = append(r.free, uint16(p))
	}
	kept, _ := ranges.LoadOrStore(key, r)
	return kept.(*portRange)
}

// take returns a port that no connection has, false where all are in use.
func (r *portRange) take() (uint16, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.free) == 0 {
		return 0, false
	}
	p := r.free[0]
	r.free = r.free[1:]
	return p, true
}

// give takes a port back.
func (r *portRange) give(p uint16) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.free = append(r.free, p)
}
