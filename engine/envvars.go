package engine

// scope returns the store that holds a scope's variables here, and the limit of
// its size; nil where the scope does not exist: req is over once the response begins,
// res begins then.
func (e *Env) scope(sc VarScope) (*VarStore, int) {
	var t Tune
	if e.RT != nil {
		t = e.RT.Global.Tune
	}
	switch {
	case sc == VarCheck && e.Check != nil:
		return &e.Check.Vars, t.VarsCheck
	case sc == VarSess && e.Sess != nil:
		return &e.Sess.Vars, t.VarsSess
	case e.Strm == nil:
		return nil, 0
	case sc == VarTxn:
		return &e.Strm.Vars, t.VarsTxn
	case sc == VarReq && e.Dir == Req:
		return &e.Strm.ReqVars, t.VarsReqRes
	case sc == VarRes && e.Dir == Res:
		return &e.Strm.ResVars, t.VarsReqRes
	}
	return nil, 0
}

// Var returns a variable's value.
func (e *Env) Var(v VarRef) (Sample, bool) {
	if v.Scope == VarProc {
		if e.RT == nil {
			return Sample{}, false
		}
		return e.RT.ProcVars.Get(e, v.Index)
	}
	st, _ := e.scope(v.Scope)
	if st == nil {
		return Sample{}, false
	}
	return st.Get(v.Index)
}

// SetVar stores a copy of s; false where the scope does not exist or is full.
func (e *Env) SetVar(v VarRef, s Sample) bool {
	if v.Scope == VarProc {
		if e.RT == nil || full(e.RT.ProcVars.Size(), len(s.B), e.RT.Global.Tune.VarsProc) {
			return false
		}
		e.RT.ProcVars.Set(v.Index, s)
		return true
	}
	st, limit := e.scope(v.Scope)
	if st == nil || full(st.Size(), len(s.B), limit) {
		return false
	}
	st.Set(v.Index, s)
	return true
}

func full(have, more, limit int) bool { return limit > 0 && have+more > limit }

// UnsetVar removes a variable.
func (e *Env) UnsetVar(v VarRef) {
	if v.Scope == VarProc {
		if e.RT != nil {
			e.RT.ProcVars.Unset(v.Index)
		}
		return
	}
	if st, _ := e.scope(v.Scope); st != nil {
		st.Unset(v.Index)
	}
}
