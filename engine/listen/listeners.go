package listen

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"hawser/engine"
	"hawser/engine/clock"

	"golang.org/x/sys/unix"
)

// Listeners is the set of open sockets and of the sessions that came in through
// them. One per process.
type Listeners struct {
	mu         sync.Mutex
	sockets    map[string]*Socket
	handed     map[string]int // descriptors from another process, not used yet
	sessions   sessions
	ending     atomic.Int32 // loops that were stopped and have not ended
	waiting    atomic.Int32 // loops that wait for room
	complaints complaints
}

// New makes an empty set.
func New() *Listeners {
	return &Listeners{sockets: map[string]*Socket{}, handed: map[string]int{}}
}

// complaints keeps the log from being flooded; any goroutine.
type complaints struct{ last atomic.Int64 }

func (c *complaints) allow() bool {
	now, last := int64(clock.Precise()), c.last.Load()
	return (last == 0 || now-last > 10_000) && c.last.CompareAndSwap(last, now)
}

// Plan is a change of the set that was prepared and can be carried out or undone.
type Plan struct {
	l      *Listeners
	want   map[string]*engine.Bind
	opened []*Socket
	// Untaken tells, after Commit, which options the kernel refused.
	Untaken []string
}

// Prepare opens what rt needs and the set lacks. On an error, which tells all
// that could not be opened, nothing has changed.
func (l *Listeners) Prepare(rt *engine.Runtime) (*Plan, error) {
	p := &Plan{l: l, want: map[string]*engine.Bind{}}
	var failed []error
	for _, b := range Binds(rt) {
		key := identity(b)
		for n := 2; p.want[key] != nil; n++ { // the same address twice
			key = fmt.Sprintf("%s#%d", identity(b), n)
		}
		p.want[key] = b
		if l.socket(key) != nil {
			continue
		}
		sk, err := p.open(key, b)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		sk.bind.Store(b)
		p.opened = append(p.opened, sk)
	}
	if len(failed) > 0 {
		p.Undo()
		return nil, errors.Join(failed...)
	}
	return p, nil
}

func (l *Listeners) socket(key string) *Socket {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sockets[key]
}

// Hand gives the set descriptors of another process, by identity. Drop closes
// those that no bind line asked for.
func (l *Listeners) Hand(fds map[string]int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, fd := range fds {
		l.handed[key] = fd
	}
}

// Drop closes what Hand gave and nobody used.
func (l *Listeners) Drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, fd := range l.handed {
		unix.Close(fd)
		delete(l.handed, key)
	}
}

// inherited returns the descriptor that was handed over for a bind line, or -1.
func (l *Listeners) inherited(key string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	fd, ok := l.handed[key]
	if !ok {
		return -1
	}
	delete(l.handed, key)
	return fd
}

// Binds lists all listeners of a configuration.
func Binds(rt *engine.Runtime) []*engine.Bind {
	var all []*engine.Bind
	for _, px := range rt.Proxies {
		if px.Disabled {
			continue
		}
		all = append(all, px.Binds...)
	}
	return append(all, rt.Global.StatsBinds...)
}

// Undo closes what Prepare opened.
func (p *Plan) Undo() {
	for _, sk := range p.opened {
		sk.file.Close()
	}
}

// Commit makes the plan the set: kept sockets get their new bind, new ones begin
// to accept, those that nobody wants drain and close.
func (p *Plan) Commit() {
	l := p.l
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, sk := range l.sockets {
		if b := p.want[key]; b != nil {
			p.complain(b, sk.follow(b))
			sk.bind.Store(b)
			sk.poke() // limits may have changed
			continue
		}
		delete(l.sockets, key)
		sk.stop()
	}
	for _, sk := range p.opened {
		l.sockets[sk.key] = sk
		go sk.loop()
	}
}

// Stop closes all sockets of traffic after their queues are empty; those of the
// runtime API stay when keepAPI is set.
func (l *Listeners) Stop(keepAPI bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, sk := range l.sockets {
		if keepAPI && sk.bind.Load().Px.Name == engine.CLIProxy {
			continue
		}
		delete(l.sockets, key)
		sk.stop()
		if sk.orphan >= 0 {
			unix.Close(sk.orphan)
		}
	}
}

// CloseFrontend closes the sockets of one frontend ("shutdown frontend").
func (l *Listeners) CloseFrontend(px *engine.Proxy) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, sk := range l.sockets {
		if sk.bind.Load().Px.State == px.State {
			delete(l.sockets, key)
			sk.stop()
		}
	}
}

// Poke has all accept loops look at their limits and pauses again.
func (l *Listeners) Poke() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, sk := range l.sockets {
		sk.settle()
		sk.poke()
	}
}

// CloseIdle ends the sessions that rest between two requests and whose place is
// gone: all of them when rt is nil. spread is the time over which they are closed.
func (l *Listeners) CloseIdle(rt *engine.Runtime, spread time.Duration) {
	l.sessions.each(func(sess *engine.Session, e entry) {
		if !sess.Rest.Idle() {
			return
		}
		if spread <= 0 {
			closeIdle(sess, rt)
			return
		}
		after := time.Duration(e.id * 2654435761 % uint64(spread))
		time.AfterFunc(after, func() { l.sessions.visit(e.id, func(sess *engine.Session) { closeIdle(sess, rt) }) })
	})
}

// closeIdle runs under the lock of the session's shard: the session stays.
func closeIdle(sess *engine.Session, rt *engine.Runtime) {
	sess.Rest.Visit(func() bool {
		if rt == nil && sess.Front.Options.Has(engine.OptIdleCloseOnResponse) || rt != nil && !sess.Homeless() {
			return false
		}
		sess.Conn.Interrupt()
		return true
	})
}

// Abort ends all sessions at once (hard stop).
func (l *Listeners) Abort() {
	l.sessions.each(func(_ *engine.Session, e entry) { e.wire.Abort() })
}

// AbortOld ends the sessions that are still in a stream of the given generation
// or an older one (hard-stop-after).
func (l *Listeners) AbortOld(generation int) {
	l.sessions.each(func(sess *engine.Session, e entry) {
		if !sess.Rest.Idle() && sess.Gen.Load() <= int64(generation) {
			e.wire.Abort()
		}
	})
}

// Sockets returns the open sockets by identity, for the hand-over to another
// process.
func (l *Listeners) Sockets() map[string]*Socket {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make(map[string]*Socket, len(l.sockets))
	for k, v := range l.sockets {
		out[k] = v
	}
	return out
}

// Control calls f with the socket's descriptor.
func (sk *Socket) Control(f func(fd int)) error {
	return sk.raw.Control(func(fd uintptr) { f(int(fd)) })
}

// Sessions is the number of open client connections.
func (l *Listeners) Sessions() int { return l.sessions.count() }

// Traffic is the number of client connections that are not the runtime API's.
func (l *Listeners) Traffic() (n int) {
	l.sessions.each(func(_ *engine.Session, e entry) {
		if !e.cli {
			n++
		}
	})
	return n
}

// Ending is the number of sockets that were given up and still have clients in
// their accept queue.
func (l *Listeners) Ending() int { return int(l.ending.Load()) }
