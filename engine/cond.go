package engine

import "hawser/parser/diag"

// Cond is a compiled "if" or "unless": a sum of products of ACLs.
type Cond struct {
	Unless bool
	Any    [][]CondTerm
	Pos    diag.Pos
}

// CondTerm is an ACL, possibly negated.
type CondTerm struct {
	Neg bool
	ACL *ACL
}

// Eval tells whether the condition holds; a nil condition does. Maybe is only
// returned while e.Final is unset.
func (c *Cond) Eval(e *Env) Result {
	if c == nil {
		return Yes
	}
	r := c.sum(e)
	if c.Unless {
		return r.Not()
	}
	return r
}

// Holds tells whether the condition holds for certain.
func (c *Cond) Holds(e *Env) bool { return c == nil || c.Eval(e) == Yes }

func (c *Cond) sum(e *Env) Result {
	out := No
	for _, all := range c.Any {
		switch product(e, all) {
		case Yes:
			return Yes
		case Maybe:
			out = Maybe
		}
	}
	return out
}

func product(e *Env, all []CondTerm) Result {
	out := Yes
	for i := range all {
		r := all[i].ACL.Eval(e)
		if all[i].Neg {
			r = r.Not()
		}
		if r == No {
			return No
		}
		out = min(out, r)
	}
	return out
}
