// Package expr turns the text of the small languages inside a configuration line into trees: sample expressions
// ("hdr(host),lower"), conditions ("if a !b or { src 10.0.0.0/8 }"), log formats ("%ci [%{+Q}[src]]") and the
// predicates of ".if".
//
// The grammars are participle's, on lexers of our own that know HAProxy's quoting. Nothing here knows a fetch, a
// converter, an ACL or an alias by name: the engine does, and checks the trees when it compiles them. Trees are
// immutable once returned. Errors are diagnostics with HAProxy's sentence and the place of the bad byte; the caller
// puts its own words in front ("error detected while parsing ...").
package expr

import (
	"hawser/parser/diag"

	"github.com/alecthomas/participle/v2/lexer"
)

// Word is a word of the configuration; the parser's own type.
type Word = diag.Word

// Expr is a sample expression: a fetch and the converters its sample goes through.
type Expr struct {
	Fetch Call
	Convs []Call
	Text  string // as written, without what follows it
	Pos   diag.Pos
}

// Call is one fetch or converter with its arguments.
type Call struct {
	Name   string
	Args   []Arg
	Parens bool     // "src()" has them, "src" has not; neither has arguments
	Pos    diag.Pos // of the name
	Tail   string   // from the first argument to the end of the word, for messages
}

// Arg is one argument, unquoted.
type Arg struct {
	Text string
	Pos  diag.Pos
	Tail string // from this argument's first byte to the end of the word, for messages
}

// Token types of a sample expression.
const (
	tokName lexer.TokenType = iota + 1
	tokOpen
	tokArg
	tokArgSep
	tokClose
	tokComma
	tokBad
)

var exprSymbols = symbols{
	"EOF": lexer.EOF, "Name": tokName, "Open": tokOpen, "Arg": tokArg, "ArgSep": tokArgSep,
	"Close": tokClose, "Comma": tokComma, "Bad": tokBad,
}

type exprTree struct {
	Fetch callTree   `parser:"@@"`
	Convs []callTree `parser:"( Comma @@? )*"`
}

type callTree struct {
	Name int   `parser:"@Name"`
	Open int   `parser:"( @Open"`
	Args []int `parser:"  @Arg ( ArgSep @Arg )* Close )?"`
}

var exprGrammar = newGrammar[exprTree](exprSymbols)

// Parse reads a whole word as a sample expression. With an error it still returns the calls up to the mistake, if
// there are any: HAProxy checks from left to right, so what is wrong with their names and arguments comes first.
func Parse(w Word) (*Expr, *diag.Diagnostic) {
	e, end, err := ParsePrefix(w, 0)
	if err == nil && end < len(w.Text) {
		err = missingComma(e, w, end)
	}
	return e, err
}

// ParsePrefix reads the expression that starts at byte from, and tells where it ends: at the end of the word or at
// the first byte that cannot belong to it.
func ParsePrefix(w Word, from int) (*Expr, int, *diag.Diagnostic) {
	lx := exprLexer{word: w, at: from}
	lx.run()
	if len(lx.tokens) == 0 {
		return nil, lx.at, lx.fault
	}
	tree, err := exprGrammar.parse(lx.tokens)
	if err != nil {
		return nil, lx.at, diag.Errorf(w.Sub(from, lx.at), "missing fetch method")
	}
	return lx.expr(tree, from), lx.at, lx.fault
}

// missingComma is what HAProxy says of something that follows an expression directly.
func missingComma(e *Expr, w Word, at int) *diag.Diagnostic {
	if n := len(e.Convs); n > 0 {
		return diag.Errorf(w.Sub(at, at+1), "missing comma after converter '%s'", e.Convs[n-1].Name)
	}
	return diag.Errorf(w.Sub(at, at+1), "missing comma after fetch keyword")
}

// expr makes the tree the engine sees.
func (lx *exprLexer) expr(tree *exprTree, from int) *Expr {
	e := &Expr{Fetch: lx.call(&tree.Fetch), Text: lx.word.Text[from:lx.at], Pos: lx.word.Sub(from, lx.at)}
	for i := range tree.Convs {
		e.Convs = append(e.Convs, lx.call(&tree.Convs[i]))
	}
	return e
}

func (lx *exprLexer) call(t *callTree) Call {
	name := &lx.tokens[t.Name-1]
	c := Call{Name: name.text, Pos: lx.pos(name), Parens: t.Open > 0}
	if !c.Parens {
		return c
	}
	c.Tail = lx.word.Text[lx.tokens[t.Open-1].to:]
	if len(t.Args) == 1 && lx.tokens[t.Args[0]-1].from == lx.tokens[t.Args[0]-1].to {
		return c // "src()"
	}
	c.Args = make([]Arg, 0, len(t.Args))
	for _, n := range t.Args {
		a := &lx.tokens[n-1]
		c.Args = append(c.Args, Arg{Text: a.text, Pos: lx.pos(a), Tail: lx.word.Text[a.from:]})
	}
	return c
}

func (lx *exprLexer) pos(t *token) diag.Pos { return lx.word.Sub(t.from, t.to) }
