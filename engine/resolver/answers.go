package resolver

import (
	"errors"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// answers keeps what do-resolve actions asked a section for, as long as its hold
// times say, and has those who ask for one name at a time wait for one question.
type answers struct {
	mu  sync.Mutex
	all map[question]*answer
}

type question struct {
	host    string
	prefer4 bool
}

// answer is immutable once done is closed.
type answer struct {
	done chan struct{}
	till time.Time
	ip   netip.Addr
	err  error
}

// mostAnswers bounds what names that clients send can take of memory.
const mostAnswers = 4096

// address returns the first address of a name.
func (r *section) address(host string, prefer4 bool) (netip.Addr, error) {
	q := question{strings.ToLower(host), prefer4}
	r.asked.mu.Lock()
	a := r.asked.all[q]
	if a != nil && !a.over() {
		r.asked.mu.Unlock()
		<-a.done
		return a.ip, a.err
	}
	a = &answer{done: make(chan struct{})}
	if r.asked.all == nil {
		r.asked.all = map[question]*answer{}
	}
	if len(r.asked.all) >= mostAnswers {
		r.asked.sweep()
	}
	r.asked.all[q] = a
	r.asked.mu.Unlock()
	defer close(a.done)
	list, err := r.lookup(q.host, prefer4)
	if err == nil && len(list) == 0 {
		err = errNX
	}
	if a.err = err; err == nil {
		a.ip = list[0].ip
	}
	a.till = time.Now().Add(r.holdOf(err))
	return a.ip, a.err
}

// over reports that an answer is there and too old.
func (a *answer) over() bool {
	select {
	case <-a.done:
		return time.Now().After(a.till)
	default:
		return false
	}
}

// sweep makes room; the caller has the lock.
func (l *answers) sweep() {
	for q, a := range l.all {
		if a.over() {
			delete(l.all, q)
		}
	}
	for q, a := range l.all {
		if len(l.all) < mostAnswers/2 {
			return
		}
		select {
		case <-a.done:
			delete(l.all, q)
		default:
		}
	}
}

// holdOf is how long an outcome stays good.
func (r *section) holdOf(err error) time.Duration {
	switch {
	case err == nil:
		return r.hold["valid"]
	case errors.Is(err, errNX):
		return r.hold["nx"]
	case errors.Is(err, errRefused):
		return r.hold["refused"]
	case errors.Is(err, errTimeout):
		return r.hold["timeout"]
	}
	return r.hold["other"]
}
