package vars

import (
	"hawser/engine"
	"hawser/parser/diag"
)

func init() {
	engine.AddKeywords(
		engine.Keyword{Name: "set-var", In: engine.InGlobal, Min: 2, Max: 2, Usage: "set-var <name> <expression>: sets a process-wide variable at start", Parse: parseGlobalSet},
		engine.Keyword{Name: "set-var-fmt", In: engine.InGlobal, Min: 2, Max: 2, Usage: "set-var-fmt <name> <format>: sets a process-wide variable to a text at start", Parse: parseGlobalSetFmt},
	)
	engine.AddCommands(
		engine.Command{Words: "get var", Level: engine.LevelUser, Usage: "<name>: print the value of a process-wide variable", Run: getVar},
		engine.Command{Words: "set var", Level: engine.LevelAdmin, Usage: "<name> { expr <expression> | fmt <format> }: set a process-wide variable", Run: setVar},
	)
}

func procVar(b *engine.Build, w engine.Word, kw string) (engine.VarRef, error) {
	ref, err := b.Var(w.Text)
	if err != nil {
		return ref, diag.Errorf(w.Pos, "'%s': %s", kw, err.Error())
	}
	if ref.Scope != engine.VarProc {
		return ref, diag.Errorf(w.Pos, "'%s': cannot set variable '%s', only scope 'proc' is permitted in the global section.", kw, w.Text)
	}
	return ref, nil
}

func parseGlobalSet(b *engine.Build, l *engine.Line) error {
	ref, err := procVar(b, l.Words[1], "set-var")
	if err != nil {
		return err
	}
	x, err := b.ExprOf(l.Words[2], engine.AtConfig, "set-var("+l.Words[1].Text+")")
	if err != nil {
		return err
	}
	b.At(engine.StageMake, func() {
		e := &engine.Env{RT: b.RT, Place: engine.AtConfig, Final: true}
		if s, st := x.Eval(e); st == engine.Found {
			e.SetVar(ref, s)
		}
	})
	return nil
}

func parseGlobalSetFmt(b *engine.Build, l *engine.Line) error {
	ref, err := procVar(b, l.Words[1], "set-var-fmt")
	if err != nil {
		return err
	}
	f, err := b.LogFormat(l.Words[2], engine.AtConfig, 0)
	if err != nil {
		return err
	}
	b.At(engine.StageMake, func() {
		e := &engine.Env{RT: b.RT, Place: engine.AtConfig, Final: true}
		e.SetVar(ref, engine.Str(f.Append(nil, e)))
	})
	return nil
}

// getVar prints a variable as HAProxy does: name, type, value.
func getVar(c *engine.CLI, args []string) error {
	if len(args) < 1 {
		return engine.Refuse("missing variable name.\n")
	}
	ref, err := find(c, args[0])
	if err != nil {
		return err
	}
	e := &engine.Env{RT: c.RT, Place: engine.AtCLI, Final: true}
	s, ok := e.Var(ref)
	if !ok {
		return engine.Refuse("Variable not found.\n")
	}
	kind := s.Type.String()
	if !e.Cast(&s, engine.TStr) {
		return engine.Refuse("Variable not printable.\n")
	}
	c.Print(args[0] + ": type=" + kind + " value=<" + string(s.B) + ">\n")
	return nil
}

func find(c *engine.CLI, name string) (engine.VarRef, error) {
	const scope = "proc."
	if len(name) <= len(scope) || name[:len(scope)] != scope {
		return engine.VarRef{}, engine.Refuse("only the 'proc' scope is permitted on the CLI.\n")
	}
	return engine.VarRef{Scope: engine.VarProc, Index: c.RT.ProcVars.Index(name[len(scope):]), Name: name}, nil
}

func setVar(c *engine.CLI, args []string) error {
	if len(args) == 2 {
		args = []string{args[0], "expr", args[1]}
	}
	if len(args) < 3 || args[1] != "expr" && args[1] != "fmt" {
		return engine.Refuse("'set var' expects a name, 'expr' or 'fmt', and a value.\n")
	}
	ref, err := find(c, args[0])
	if err != nil {
		return err
	}
	var diags diag.List
	b := engine.NewBuild(c.RT, &diags)
	e := &engine.Env{RT: c.RT, Place: engine.AtCLI, Final: true}
	w := engine.Word{Text: args[2]}
	if args[1] == "fmt" {
		f, err := b.LogFormat(w, engine.AtCLI, 0)
		if err != nil {
			return engine.Refuse(err.Error() + "\n")
		}
		e.SetVar(ref, engine.Str(f.Append(nil, e)))
		return nil
	}
	x, err := b.Expr(w, engine.AtCLI)
	if err != nil {
		return engine.Refuse(err.Error() + "\n")
	}
	if s, st := x.Eval(e); st == engine.Found {
		e.SetVar(ref, s)
	}
	return nil
}
