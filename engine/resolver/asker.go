package resolver

import (
	"sync"

	"hawser/engine"
)

// asker is a resolvers section at work. It outlives reloads: the sockets of name
// servers that stay, what was resolved, and which server stands for which record.
// All of it belongs to one goroutine, the loop, which runs what do is given.
type asker struct {
	name   string
	events chan func()
	quit   chan struct{}

	conf    *section // of the generation in force
	rt      *engine.Runtime
	clients []*client
	all     map[question]*resolution
	flying  map[uint16]*resolution // by the id of the question on its way
	servers map[string]*follower   // by backend/server
}

var (
	mu     sync.Mutex // guards askers
	askers = map[string]*asker{}
)

func init() {
	engine.OnStart(func(rt, _ *engine.Runtime) { start(rt) })
	engine.OnStop(stop)
}

// start brings the sections of a generation to work, or has those that work
// already go on with it.
func start(rt *engine.Runtime) {
	set := all.Get(rt)
	if set == nil {
		set = &sections{}
	}
	mu.Lock()
	list := make([]*asker, len(set.list))
	for i, sec := range set.list {
		a := askers[sec.name]
		if a == nil {
			a = newAsker(sec)
			askers[sec.name] = a
			go a.loop()
		}
		list[i] = a
	}
	mu.Unlock()
	for i, a := range list {
		sec := set.list[i]
		a.do(func() { a.configure(sec, rt) })
	}
	startLate(rt)
}

// stop ends those sections of a generation that the next one does not have.
func stop(rt, next *engine.Runtime) {
	stopLate(rt)
	set := all.Get(rt)
	if set == nil {
		return
	}
	var kept *sections
	if next != nil {
		kept = all.Get(next)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, sec := range set.list {
		if a := askers[sec.name]; a != nil && kept.named(sec.name) == nil {
			delete(askers, sec.name)
			close(a.quit)
		}
	}
}

func newAsker(sec *section) *asker {
	return &asker{name: sec.name, conf: sec, events: make(chan func(), 64), quit: make(chan struct{}), all: map[question]*resolution{},
		flying: map[uint16]*resolution{}, servers: map[string]*follower{}}
}

// find is the asker of a section at work; nil before the start and after the end.
func find(name string) *asker {
	mu.Lock()
	defer mu.Unlock()
	return askers[name]
}

// do has the loop run f; false: it has ended.
func (a *asker) do(f func()) bool {
	select {
	case a.events <- f:
		return true
	case <-a.quit:
		return false
	}
}

func (a *asker) loop() {
	for {
		select {
		case f := <-a.events:
			f()
		case <-a.quit:
			a.end()
			return
		}
	}
}

func (a *asker) end() {
	for _, cl := range a.clients {
		cl.end()
	}
	for _, res := range a.all {
		res.rest()
		res.answerAll(nil)
	}
}

// configure takes over the settings and the servers of a generation.
func (a *asker) configure(sec *section, rt *engine.Runtime) {
	a.conf, a.rt = sec, rt
	a.connect()
	was := a.servers
	a.servers = map[string]*follower{}
	for _, px := range rt.All() {
		for _, srv := range px.All() {
			if srv.Resolvers.Text == sec.name && !px.Disabled && srv.State.Host(srv) != "" {
				a.follow(was, srv)
			}
		}
	}
	for key, f := range was {
		if a.servers[key] != f {
			f.leave()
		}
	}
	a.sweep(false)
}

// connect makes the clients of the name servers; those of before that are still
// meant stay.
func (a *asker) connect() {
	was := a.clients
	a.clients = nil
	for _, ns := range a.conf.servers {
		var cl *client
		for i, o := range was {
			if o != nil && o.name == ns.name && o.addr == ns.addr && o.network == ns.network && o.options == ns.options && o.size == a.conf.payload {
				cl, was[i] = o, nil
				break
			}
		}
		if cl == nil {
			cl = &client{nameserver: ns, size: a.conf.payload, take: a.take}
		}
		a.clients = append(a.clients, cl)
	}
	for _, o := range was {
		if o != nil {
			o.end()
		}
	}
}

// take brings an answer to the loop.
func (a *asker) take(cl *client, msg []byte) {
	a.do(func() { a.answer(cl, msg) })
}

// answer finds the question that a message answers.
func (a *asker) answer(cl *client, msg []byte) {
	if len(msg) < 2 {
		cl.c.Invalid.Add(1)
		return
	}
	res := a.flying[uint16(msg[0])<<8|uint16(msg[1])]
	if res == nil {
		cl.c.Outdated.Add(1)
		return
	}
	if len(msg) > a.conf.payload {
		cl.c.TooBig.Add(1) // as good as lost
		return
	}
	list, st := readAnswer(msg, res.q.host)
	cl.count(st)
	if st == valid {
		res.succeed(cl, res.take.drop(list))
	} else {
		res.fail(st)
	}
}

func (cl *client) count(st status) {
	c := &cl.c
	switch st {
	case valid:
		c.Valid.Add(1)
	case nxDomain:
		c.NX.Add(1)
	case refused:
		c.Refused.Add(1)
	case invalid:
		c.Invalid.Add(1)
	case empty:
		c.AnyErr.Add(1)
	case badCNAME:
		c.CNAMEError.Add(1)
	case truncated:
		c.Truncated.Add(1)
	default:
		c.Other.Add(1)
	}
}

// mostIdle bounds what names that clients send can take of memory.
const mostIdle = 4096

// sweep forgets resolutions that nobody needs: all of them, or only those that
// are too old to answer a rule.
func (a *asker) sweep(all bool) {
	for q, res := range a.all {
		if len(res.servers) == 0 && !res.busy && (all || !res.fresh()) {
			res.rest()
			delete(a.all, q)
		}
	}
}
