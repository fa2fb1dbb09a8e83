package fetch

import "hawser/engine"

func init() {
	engine.AddFetches(
		row("unique-id", engine.TStr, engine.Everywhere, "The stream's unique ID (unique-id-format).", uniqueID),
		engine.Fetch{Name: "acl", Out: engine.TBool, Where: engine.Everywhere, Usage: "([!]name,...): true if all named ACLs hold.",
			Args: engine.OptArgs(1, engine.ArgStr, engine.ArgStr, engine.ArgStr, engine.ArgStr, engine.ArgStr, engine.ArgStr, engine.ArgStr, engine.ArgStr, engine.ArgStr, engine.ArgStr, engine.ArgStr, engine.ArgStr),
			Make: makeACL},
	)
}

// uniqueID makes the ID on first use and keeps it for the stream.
func uniqueID(e env, _ args) (smp, stat) {
	if e.Strm == nil {
		return none()
	}
	if id := e.Strm.MakeUniqueID(); len(id) > 0 {
		return str(id)
	}
	return none()
}

// makeACL resolves the names once all ACLs are read.
func makeACL(b *engine.Build, a args) (engine.FetchFunc, error) {
	type term struct {
		acl *engine.ACL
		neg bool
	}
	px := b.Px
	if px == nil {
		return nil, errText("the acl() fetch can only be used in a proxy section")
	}
	terms := make([]term, 0, len(a))
	for i := range a {
		if i > 0 && !given(a, i) {
			continue
		}
		name, t := a[i].Text, term{}
		if name != "" && name[0] == '!' {
			t.neg, name = true, name[1:]
		}
		if t.acl = px.ACLs[name]; t.acl == nil && px.Defaults != nil {
			t.acl = px.Defaults.ACLs[name]
		}
		if t.acl == nil {
			t.acl = b.Predefined(name, a[i].Pos)
		}
		if t.acl == nil {
			return nil, errText("ACL '" + name + "' not found")
		}
		terms = append(terms, t)
	}
	return func(e env, _ args) (smp, stat) {
		each, cur := e.Each, e.Cur
		defer func() { e.Each, e.Cur = each, cur }()
		for _, t := range terms {
			r := t.acl.Eval(e)
			if t.neg {
				r = r.Not()
			}
			switch r {
			case engine.No:
				return boolean(false)
			case engine.Maybe:
				return smp{}, engine.Wait
			}
		}
		return boolean(true)
	}, nil
}
