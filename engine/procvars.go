package engine

import "sync"

// ProcVars holds the process-wide variables (proc.*). They outlive reloads;
// safe for concurrent use.
type ProcVars struct {
	mu    sync.RWMutex
	names map[string]int32
	list  []string
	store VarStore
}

// Index returns the place of a name, reserved on first use.
func (p *ProcVars) Index(name string) int32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i, ok := p.names[name]; ok {
		return i
	}
	if p.names == nil {
		p.names = map[string]int32{}
	}
	i := int32(len(p.list))
	p.names[name], p.list = i, append(p.list, name)
	return i
}

// Get copies the variable's bytes into e's scratch, as another stream may
// change it at any time.
func (p *ProcVars) Get(e *Env, i int32) (Sample, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	s, ok := p.store.Get(i)
	if ok && len(s.B) > 0 {
		s.B = e.Keep(s.B)
	}
	return s, ok
}

// Set stores a copy of s.
func (p *ProcVars) Set(i int32, s Sample) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.store.Set(i, s)
}

// Unset removes the variable.
func (p *ProcVars) Unset(i int32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.store.Unset(i)
}

// Size returns the bytes held.
func (p *ProcVars) Size() int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.store.Size()
}
