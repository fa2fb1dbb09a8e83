package engine

import (
	"slices"
	"sync"
	"sync/atomic"

	"hawser/parser/diag"
)

// What the runtime API adds to a generation and takes out of it: servers and
// backends. Everybody who looks at them at run time asks All; the fields Servers
// and Proxies are what the files said. A reload begins with the files again.

// FarmState is the list of a backend's servers as it is now.
type FarmState struct {
	list  atomic.Pointer[[]*Server]
	added int // servers so far: an Index is not given twice; guarded by liveMu
}

// NamesState is the list of a generation's proxies as it is now, with the
// indexes by name.
type NamesState struct {
	proxies             atomic.Pointer[[]*Proxy]
	frontends, backends atomic.Pointer[map[string]*Proxy]
}

// liveMu serializes changes of the lists. Taken before no other lock.
var liveMu sync.Mutex

// All returns the servers of the backend, those added at run time too. The slice
// must not be changed.
func (px *Proxy) All() []*Server {
	if f := px.Farm; f != nil {
		if l := f.list.Load(); l != nil {
			return *l
		}
	}
	return px.Servers
}

// AddServer puts a server behind the others; false: the name is taken.
func (px *Proxy) AddServer(srv *Server) bool {
	liveMu.Lock()
	defer liveMu.Unlock()
	if px.Server(srv.Name) != nil {
		return false
	}
	old := px.All()
	srv.Index = len(px.Servers) + px.Farm.added
	px.Farm.added++
	list := append(slices.Clip(old), srv)
	px.Farm.list.Store(&list)
	return true
}

// RenameServer has a copy with another name take the place of a server; false:
// the name is taken. Streams that began with the old one keep it.
func (px *Proxy) RenameServer(srv *Server, name string) (*Server, bool) {
	liveMu.Lock()
	defer liveMu.Unlock()
	list := slices.Clone(px.All())
	at := slices.Index(list, srv)
	if at < 0 || px.Server(name) != nil {
		return nil, false
	}
	o := *srv
	o.Name = name
	list[at] = &o
	px.Farm.list.Store(&list)
	return &o, true
}

// RemoveServer takes a server out of the list.
func (px *Proxy) RemoveServer(srv *Server) {
	liveMu.Lock()
	defer liveMu.Unlock()
	list := slices.DeleteFunc(slices.Clone(px.All()), func(o *Server) bool { return o == srv })
	px.Farm.list.Store(&list)
}

// All returns the proxies of the generation, those added at run time too. The
// slice must not be changed.
func (rt *Runtime) All() []*Proxy {
	if rt.Names != nil {
		if l := rt.Names.proxies.Load(); l != nil {
			return *l
		}
	}
	return rt.Proxies
}

// AddProxy makes a backend known.
func (rt *Runtime) AddProxy(px *Proxy) {
	liveMu.Lock()
	defer liveMu.Unlock()
	rt.Names.index(append(slices.Clip(rt.All()), px))
}

// RemoveProxy makes a backend unknown.
func (rt *Runtime) RemoveProxy(px *Proxy) {
	liveMu.Lock()
	defer liveMu.Unlock()
	rt.Names.index(slices.DeleteFunc(slices.Clone(rt.All()), func(o *Proxy) bool { return o == px }))
}

// Index makes proxies findable by name; build calls it when it has read all.
func (rt *Runtime) Index() {
	liveMu.Lock()
	defer liveMu.Unlock()
	if rt.Names == nil {
		rt.Names = &NamesState{}
	}
	for _, px := range rt.Proxies {
		if px.Farm == nil {
			px.Farm = &FarmState{}
		}
	}
	rt.Names.index(rt.Proxies)
	rt.Names.proxies.Store(nil)
}

func (n *NamesState) index(list []*Proxy) {
	front, back := make(map[string]*Proxy, len(list)), make(map[string]*Proxy, len(list))
	for _, px := range list {
		if _, dup := front[px.Name]; px.Side&Front != 0 && !dup {
			front[px.Name] = px
		}
		if _, dup := back[px.Name]; px.Side&Back != 0 && !dup {
			back[px.Name] = px
		}
	}
	n.proxies.Store(&list)
	n.frontends.Store(&front)
	n.backends.Store(&back)
}

// Frontend returns the frontend (or listen) called name, or nil.
func (rt *Runtime) Frontend(name string) *Proxy { return rt.Names.find(name, true) }

// Backend returns the backend (or listen) called name, or nil.
func (rt *Runtime) Backend(name string) *Proxy { return rt.Names.find(name, false) }

// BackendBytes is Backend without an allocation.
func (rt *Runtime) BackendBytes(name []byte) *Proxy {
	if rt.Names == nil {
		return nil
	}
	return (*rt.Names.backends.Load())[string(name)]
}

func (n *NamesState) find(name string, front bool) *Proxy {
	switch {
	case n == nil:
		return nil
	case front:
		return (*n.frontends.Load())[name]
	}
	return (*n.backends.Load())[name]
}

// MakeServer makes a server that the runtime API adds; NewBackend makes a backend
// out of a defaults section. Neither is in the lists yet. The features that read
// the words provide them.
var (
	MakeServer  func(px *Proxy, name string, words []string) (*Server, error)
	MakeBackend func(rt *Runtime, name string, from *Proxy, mode, guid string) (*Proxy, error)
	// DynamicOptions are the options of a server line that MakeServer takes.
	DynamicOptions []string
)

// ServerGone has what runs for a server stop: its checks, the names that it
// follows; for init functions.
func ServerGone(f func(srv *Server)) { goners = append(goners, f) }

// ServerCame has what a server needs at run time begin; for init functions.
func ServerCame(f func(srv *Server)) { comers = append(comers, f) }

var goners, comers []func(srv *Server)

// StartServer calls what ServerCame registered.
func StartServer(srv *Server) {
	for _, f := range comers {
		f(srv)
	}
}

// StopServer calls what ServerGone registered.
func StopServer(srv *Server) {
	for _, f := range goners {
		f(srv)
	}
}

var serverMakers []func(b *Build, srv *Server)

// OnMakeServer has f called for every server in StageMake, behind what OnMake
// registered for its proxy, and for servers that are added at run time.
func OnMakeServer(f func(b *Build, srv *Server)) { serverMakers = append(serverMakers, f) }

// FinishServer calls what OnMakeServer registered.
func FinishServer(b *Build, srv *Server) {
	for _, f := range serverMakers {
		f(b, srv)
	}
}

// NewLiveBuild begins the compilation of something that joins a running
// generation. Variables keep the places that they have; new names get none.
func NewLiveBuild(rt *Runtime, px *Proxy) *Build {
	b := NewBuild(rt, &diag.List{})
	b.Px, b.live = px, true
	for scope, name := range varScopes {
		if name == VarProc {
			continue
		}
		for i, n := range rt.VarNames[name] {
			b.varIdx[scope+"."+n] = int32(i)
		}
	}
	return b
}

// Live reports whether this joins a running generation.
func (b *Build) Live() bool { return b.live }
