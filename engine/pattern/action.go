package pattern

import (
	"os"
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
)

func init() {
	engine.AddActions(
		engine.ActionKeyword{Name: "add-acl*", In: engine.InHTTP, Usage: "add-acl(<file>) <format>: adds a pattern", Parse: change(false, 1, addKey)},
		engine.ActionKeyword{Name: "del-acl*", In: engine.InHTTPAll, Usage: "del-acl(<file>) <format>: removes a pattern", Parse: change(false, 1, delKey)},
		engine.ActionKeyword{Name: "set-map*", In: engine.InHTTPAll, Usage: "set-map(<file>) <key format> <value format>: sets a key's value", Parse: change(true, 2, setKey)},
		engine.ActionKeyword{Name: "del-map*", In: engine.InHTTPAll, Usage: "del-map(<file>) <format>: removes a key", Parse: change(true, 1, delKey)},
	)
}

func current(r *Ref, key string) func(*Entry) bool {
	gen, _, _ := r.Versions()
	return func(en *Entry) bool { return en.Key == key && en.Gen == gen }
}

func addKey(r *Ref, key, _ string) {
	if r.Has(key, "") {
		return
	}
	gen, _, _ := r.Versions()
	for _, en := range r.Snapshot(gen) {
		if en.Key == key {
			return
		}
	}
	r.Add(gen, key, "")
}

func delKey(r *Ref, key, _ string) { r.Delete(current(r, key)) }

func setKey(r *Ref, key, val string) {
	if r.Has(key, val) {
		return
	}
	if found, err := r.Set(current(r, key), val); err == nil && !found {
		r.Add(0, key, val)
	}
}

// change compiles an action that edits the set of a file.
func change(isMap bool, n int, do func(r *Ref, key, val string)) func(*engine.Build, *engine.RuleArgs) (engine.Action, error) {
	return func(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
		text := a.Name.Text
		open := strings.IndexByte(text, '(')
		if len(a.Words) >= n && (open < 0 || !strings.HasSuffix(text, ")")) {
			return nil, diag.Errorf(a.Pos, "expects a file name between parenthesis.")
		}
		if len(a.Words) < n {
			return nil, diag.Errorf(a.Pos, "expects exactly %d %s.", n, "arguments")
		}
		r, err := ruleRef(b, text[open+1:len(text)-1], isMap)
		if err != nil {
			return nil, diag.Errorf(a.Pos, "%s.", err.Error())
		}
		var f [2]*engine.LogFormat
		for i, w := range a.Only(n) {
			if f[i], err = b.LogFormat(w, a.Where, engine.LogHTTPText); err != nil {
				return nil, err
			}
		}
		return engine.ActionFunc(func(e *engine.Env) engine.Verdict {
			m := e.Mark()
			e.Tmp = f[0].Append(e.Tmp, e)
			key, val := string(e.Since(m)), ""
			if f[1] != nil {
				at := e.Mark()
				e.Tmp = f[1].Append(e.Tmp, e)
				val = string(e.Since(at))
			}
			e.Tmp = e.Tmp[:m]
			do(r, key, val)
			return engine.Continue
		}), nil
	}
}

// ruleRef returns the set that a rule fills. Its file need not exist: then it is
// empty at first.
func ruleRef(b *engine.Build, name string, isMap bool) (*Ref, error) {
	_, err := os.Stat(b.Path(name))
	if refsOf(b).files[name] == nil && os.IsNotExist(err) && !strings.Contains(name, "@") {
		return newRef(b, name, isMap, nil)
	}
	return fileRef(b, name, isMap)
}
