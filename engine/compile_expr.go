package engine

import (
	"errors"
	"strings"

	"hawser/parser/diag"
	"hawser/parser/expr"
)

// Expr compiles the sample expression that w holds, for use at a place.
func (b *Build) Expr(w Word, where Where) (*Expr, error) { return b.ExprOf(w, where, w.Text) }

// ExprOf is Expr; who is what HAProxy names where the fetch cannot be used.
func (b *Build) ExprOf(w Word, where Where, who string) (*Expr, error) {
	tree, d := expr.Parse(w)
	if d != nil {
		return nil, d
	}
	b.use = usedBy{where: where}
	x, err := b.exprTree(tree, "")
	if err != nil {
		return nil, err
	}
	if x.Where&where == 0 {
		return nil, diag.Errorf(tree.Fetch.Pos, "fetch method '%s' extracts information from '%s', none of which is available here", who, x.Fetch.needs())
	}
	return x, nil
}

// Convs compiles a list of converters for a text: see Expr.ConvertAs.
func (b *Build) Convs(w Word) (*Expr, error) {
	tree, d := expr.Parse(Word{Text: "str()," + w.Text, Pos: w.Pos})
	if d != nil {
		return nil, d
	}
	x := &Expr{Out: TStr, Text: w.Text, Pos: w.Pos}
	for i := range tree.Convs {
		if err := b.addConv(x, &tree.Convs[i]); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// exprTree compiles a parsed expression. acl names the place for messages.
func (b *Build) exprTree(tree *expr.Expr, acl string) (*Expr, error) {
	f, ok := Fetches.Get(tree.Fetch.Name)
	if !ok {
		d := diag.Errorf(tree.Fetch.Pos, "unknown fetch method '%s'", tree.Fetch.Name)
		if near, ok := Fetches.Nearest(tree.Fetch.Name); ok {
			d.WithHint(near)
		}
		return nil, d
	}
	if f.Idle {
		b.Notice(tree.Fetch.Pos, "sample fetch '%s' tells nothing in Hawser: %s", f.Name, f.Usage)
	}
	b.use.fetch = tree.Fetch.Name
	args, err := b.args(f.Args, &tree.Fetch, "fetch method")
	if err != nil {
		return nil, err
	}
	x := &Expr{Fetch: f, Args: args, Out: f.Out, Where: f.Where, Text: tree.Text, Pos: tree.Pos, eval: f.Eval}
	if err := x.makeFetch(b, &tree.Fetch); err != nil {
		return nil, err
	}
	for i := range tree.Convs {
		if err := b.addConv(x, &tree.Convs[i]); err != nil {
			return nil, err
		}
	}
	return x, nil
}

func (x *Expr) makeFetch(b *Build, call *expr.Call) error {
	f := x.Fetch
	var err error
	if f.Check != nil {
		err = f.Check(b, x.Args)
	}
	if err == nil && f.Make != nil {
		x.eval, err = f.Make(b, x.Args)
	}
	if err != nil {
		return prefixed(call.Pos, err, "invalid args in fetch method '"+call.Name+"' : ")
	}
	return nil
}

func (b *Build) addConv(x *Expr, call *expr.Call) error {
	c, ok := Convs.Get(call.Name)
	if !ok {
		d := diag.Errorf(call.Pos, "unknown converter '%s'", call.Name)
		if near, ok := Convs.Nearest(call.Name); ok {
			d.WithHint(near)
		}
		return d
	}
	if !CanCast(x.Out, c.In) {
		return diag.Errorf(call.Pos, "converter '%s' cannot be applied", call.Name).
			WithAdvice("it takes %s, but what stands before it gives %s", c.In, x.Out)
	}
	args, err := b.args(c.Args, call, "converter")
	if err != nil {
		return err
	}
	cc := ConvCall{Conv: c, Args: args, run: c.Eval}
	if c.Check != nil {
		err = c.Check(b, args)
	}
	if err == nil && c.Make != nil {
		cc.run, err = c.Make(b, args)
	}
	if err != nil {
		return prefixed(call.Pos, err, "invalid args in converter '"+call.Name+"' : ")
	}
	if c.Out != TSame {
		x.Out = c.Out
	} else if c.In != TAny {
		x.Out = c.In
	}
	x.Convs = append(x.Convs, cc)
	return nil
}

// Prefixed is prefixed for features.
func Prefixed(pos diag.Pos, err error, prefix string) error { return prefixed(pos, err, prefix) }

// prefixed puts a beginning before an error's sentence and keeps its place.
func prefixed(pos diag.Pos, err error, prefix string) error {
	var d *diag.Diagnostic
	if !errors.As(err, &d) {
		return diag.Errorf(pos, "%s", prefix+strings.TrimSuffix(err.Error(), "."))
	}
	d.Message = prefix + d.Message
	if d.Pos.IsZero() {
		d.Pos = pos
	}
	return d
}
