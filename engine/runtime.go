package engine

import "time"

// Runtime is one generation of the compiled configuration. Immutable once
// published; Proc is shared by all generations.
type Runtime struct {
	Slots
	Global     Global
	Proxies    []*Proxy // without defaults sections, in the file's order
	Generation int
	Files      []string // everything that was read: watched for changes
	Built      time.Time
	Warnings   int // of the configuration
	Proc       *ProcState
	VarNames   [VarParent + 1][]string
	ProcVars   *ProcVars
	Env        []string
	frontends  map[string]*Proxy
	backends   map[string]*Proxy
}

// Index makes proxies findable by name; build calls it once.
func (rt *Runtime) Index() {
	rt.frontends, rt.backends = map[string]*Proxy{}, map[string]*Proxy{}
	for _, px := range rt.Proxies {
		if _, dup := rt.frontends[px.Name]; px.Side&Front != 0 && !dup {
			rt.frontends[px.Name] = px
		}
		if _, dup := rt.backends[px.Name]; px.Side&Back != 0 && !dup {
			rt.backends[px.Name] = px
		}
	}
}

// Frontend returns the frontend (or listen) called name, or nil.
func (rt *Runtime) Frontend(name string) *Proxy { return rt.frontends[name] }

// Backend returns the backend (or listen) called name, or nil.
func (rt *Runtime) Backend(name string) *Proxy { return rt.backends[name] }

// BackendBytes is Backend without an allocation.
func (rt *Runtime) BackendBytes(name []byte) *Proxy { return rt.backends[string(name)] }
