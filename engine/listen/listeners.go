package listen

import (
	"fmt"
	"sync"
	"time"

	"hawser/engine"
)

// Listeners is the set of open sockets and of the sessions that came in through
// them. One per process.
type Listeners struct {
	mu       sync.Mutex
	sockets  map[string]*Socket
	sessions sessions
	wg       sync.WaitGroup // accept loops
	freed    chan struct{}  // a connection ended: room for another
}

// New makes an empty set.
func New() *Listeners {
	return &Listeners{sockets: map[string]*Socket{}, freed: make(chan struct{}, 1)}
}

// Plan is a change of the set that was prepared and can be carried out or undone.
type Plan struct {
	l      *Listeners
	want   map[string]*engine.Bind
	opened []*Socket
}

// Prepare opens what rt needs and the set lacks. On an error nothing has changed.
func (l *Listeners) Prepare(rt *engine.Runtime) (*Plan, error) {
	p := &Plan{l: l, want: map[string]*engine.Bind{}}
	for _, b := range Binds(rt) {
		key := identity(b)
		for n := 2; p.want[key] != nil; n++ { // the same address twice
			key = fmt.Sprintf("%s#%d", identity(b), n)
		}
		p.want[key] = b
		if l.sockets[key] != nil {
			continue
		}
		sk, err := open(l, key, b)
		if err != nil {
			p.Undo()
			return nil, err
		}
		p.opened = append(p.opened, sk)
	}
	return p, nil
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
		sk.ln.Close()
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
			sk.bind.Store(b)
			continue
		}
		delete(l.sockets, key)
		sk.stop()
	}
	for _, sk := range p.opened {
		sk.bind.Store(p.want[sk.key])
		l.sockets[sk.key] = sk
		l.wg.Add(1)
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

// stop has the loop take what waits in the accept queue and end.
func (sk *Socket) stop() {
	sk.closed.Store(true)
	sk.acceptDeadline(time.Now().Add(time.Millisecond))
}

// CloseIdle ends the sessions that wait between two requests and whose place is
// gone: all of them when rt is nil. spread is the time over which they are closed.
func (l *Listeners) CloseIdle(rt *engine.Runtime, spread time.Duration) {
	l.sessions.each(func(sess *engine.Session) {
		if !sess.Idle.Load() || rt != nil && stillThere(rt, sess) {
			return
		}
		if spread > 0 {
			time.AfterFunc(time.Duration(int64(sess.ID*2654435761)%int64(spread)), sess.Conn.Interrupt)
			return
		}
		sess.Conn.Interrupt()
	})
}

func stillThere(rt *engine.Runtime, sess *engine.Session) bool {
	px := rt.Frontend(sess.Front.Name)
	if px == nil || px.Disabled || px.Mode != sess.Front.Mode {
		return false
	}
	for _, b := range px.Binds {
		if sess.Bind != nil && b.State == sess.Bind.State {
			return true
		}
	}
	return false
}

// Abort ends all sessions at once (hard stop).
func (l *Listeners) Abort() {
	l.sessions.each(func(sess *engine.Session) { sess.Conn.Abort() })
}

// Sessions is the number of open client connections.
func (l *Listeners) Sessions() int { return l.sessions.count() }

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

// Traffic is the number of client connections that are not the runtime API's.
func (l *Listeners) Traffic() (n int) {
	l.sessions.each(func(sess *engine.Session) {
		if sess.Front.Name != engine.CLIProxy {
			n++
		}
	})
	return n
}
