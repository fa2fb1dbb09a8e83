package expr

import (
	"strconv"
	"strings"

	"hawser/parser/diag"

	"github.com/alecthomas/participle/v2/lexer"
)

// NodeKind is what a part of a log format is.
type NodeKind uint8

// The kinds.
const (
	NodeText NodeKind = iota
	NodeAlias
	NodeExpr
)

// Node is one part of a log format (manual section 8.2.6), in order.
type Node struct {
	Kind  NodeKind
	Text  string // of NodeText, "%%" already resolved
	Alias string // of NodeAlias: "ci"
	Expr  *Expr  // of NodeExpr
	Name  string // "(name:type)"
	Type  string // str, sint, bool or raw; empty when none was given
	Flags []Flag // "{+Q,-E}"
	Args  string // the raw text between the braces
	Rest  string // of NodeExpr: from the expression to the end of the word, which HAProxy prints in errors
	Pos   diag.Pos
}

// Flag is one "+Q" or "-E"; a flag without a sign has neither bit and HAProxy ignores it.
type Flag struct {
	Name string
	Add  bool
	Bare bool
	Pos  diag.Pos
}

const (
	tokText lexer.TokenType = iota + 1
	tokItem
	tokLabel
	tokFlags
	tokAlias
	tokExpr
)

var formatSymbols = symbols{
	"EOF": lexer.EOF, "Text": tokText, "Item": tokItem, "Label": tokLabel, "Flags": tokFlags,
	"Alias": tokAlias, "Expr": tokExpr,
}

type formatTree struct {
	Nodes []nodeTree `parser:"@@*"`
}

type nodeTree struct {
	Text  int `parser:"(  @Text"`
	Item  int `parser:"| @Item"`
	Label int `parser:"  @Label?"`
	Flags int `parser:"  @Flags?"`
	Alias int `parser:"  ( @Alias"`
	Expr  int `parser:"  | @Expr ) )"`
}

var formatGrammar = newGrammar[formatTree](formatSymbols)

// ParseFormat reads a word as a log format. The sentence of an error has no full stop; HAProxy's callers add one. With
// an error it returns the nodes before the mistake, of which the last may be an expression that holds it.
func ParseFormat(w Word) ([]Node, *diag.Diagnostic) {
	if w.Text == "" {
		return nil, nil
	}
	if strings.IndexByte(w.Text, '%') < 0 {
		return []Node{{Kind: NodeText, Text: w.Text, Pos: w.Pos}}, nil
	}
	lx := formatLexer{word: w}
	lx.run()
	if lx.fault != nil {
		lx.dropOpenItem()
	}
	tree, err := formatGrammar.parse(lx.tokens)
	if err != nil {
		return nil, diag.Errorf(w.Pos, "%s", err.Error())
	}
	nodes := make([]Node, 0, len(tree.Nodes))
	for i := range tree.Nodes {
		nodes = append(nodes, lx.node(&tree.Nodes[i]))
	}
	return nodes, lx.fault
}

// dropOpenItem takes back the tokens of an item that has no value yet.
func (lx *formatLexer) dropOpenItem() {
	for n := len(lx.tokens); n > 0; n-- {
		switch lx.tokens[n-1].typ {
		case tokText, tokAlias, tokExpr:
			return
		}
		lx.tokens = lx.tokens[:n-1]
	}
}

func (lx *formatLexer) node(t *nodeTree) Node {
	if t.Text > 0 {
		tok := &lx.tokens[t.Text-1]
		return Node{Kind: NodeText, Text: tok.text, Pos: lx.pos(tok)}
	}
	n := Node{Pos: lx.pos(&lx.tokens[t.Item-1])}
	if t.Label > 0 {
		n.Name, n.Type, _ = strings.Cut(lx.tokens[t.Label-1].text, ":")
	}
	if t.Flags > 0 {
		tok := &lx.tokens[t.Flags-1]
		n.Args, n.Flags = tok.text, lx.flags(tok)
	}
	if t.Alias > 0 {
		tok := &lx.tokens[t.Alias-1]
		n.Kind, n.Alias, n.Pos.End = NodeAlias, tok.text, lx.pos(tok).End
		return n
	}
	tok := &lx.tokens[t.Expr-1]
	n.Kind, n.Expr, n.Pos.End = NodeExpr, lx.exprs[tok.aux], lx.pos(tok).End
	n.Rest = lx.word.Text[tok.from+1:]
	return n
}

// flags cuts "+Q,-E" into flags; a sign starts a new one as a comma does.
func (lx *formatLexer) flags(t *token) []Flag {
	var flags []Flag
	s := t.text
	for i := 0; i < len(s); {
		if s[i] == ',' || s[i] == ' ' {
			i++
			continue
		}
		f := Flag{Add: s[i] == '+', Bare: s[i] != '+' && s[i] != '-'}
		start := i
		if !f.Bare {
			i++
		}
		name := i
		for i < len(s) && s[i] != ',' && s[i] != '+' && s[i] != '-' && s[i] != ' ' {
			i++
		}
		f.Name = s[name:i]
		f.Pos = lx.word.Sub(t.from+1+start, t.from+1+i)
		flags = append(flags, f)
	}
	return flags
}

func (lx *formatLexer) pos(t *token) diag.Pos { return lx.word.Sub(t.from, t.to) }

// formatLexer cuts a log format; it fails with HAProxy's sentences, so the grammar above only gives it its shape.
type formatLexer struct {
	word   Word
	at     int
	tokens []token
	exprs  []*Expr // of each tokExpr; the index is the token's aux
	fault  *diag.Diagnostic
}

func (lx *formatLexer) run() {
	s := lx.word.Text
	for lx.at < len(s) && lx.fault == nil {
		if s[lx.at] == '%' && !strings.HasPrefix(s[lx.at:], "%%") {
			lx.item()
		} else {
			lx.text()
		}
	}
}

// text takes everything up to the next item, "%%" included.
func (lx *formatLexer) text() {
	s, start := lx.word.Text, lx.at
	escaped := false
	for lx.at < len(s) {
		if s[lx.at] == '%' {
			if !strings.HasPrefix(s[lx.at:], "%%") {
				break
			}
			escaped = true
			lx.at++
		}
		lx.at++
	}
	text := s[start:lx.at]
	if escaped {
		text = strings.ReplaceAll(text, "%%", "%")
	}
	lx.emit(tokText, text, start)
}

// item takes one "%(name:type){flags}alias" or "...[expr]".
func (lx *formatLexer) item() {
	s, start := lx.word.Text, lx.at
	lx.at++
	lx.emit(tokItem, "%", start)
	if lx.at < len(s) && s[lx.at] == '(' && !lx.label() {
		return
	}
	if lx.at < len(s) && s[lx.at] == '{' && !lx.braces() {
		return
	}
	if lx.at < len(s) && s[lx.at] == '-' && lx.at == start+1 {
		lx.at++ // HAProxy takes "%-ci" for "%ci"
	}
	lx.value(start)
}

func (lx *formatLexer) label() bool {
	s, start := lx.word.Text, lx.at+1
	i, colon := start, -1
	for ; i < len(s) && s[i] != ')'; i++ {
		if s[i] == ':' && colon < 0 {
			colon = i
		} else if !isIdent(s[i]) {
			return lx.fail(i, i+1, "invalid character in custom name near '"+s[i:i+1]+"'")
		}
	}
	if i >= len(s) {
		return lx.fail(lx.at, i, "invalid character in custom name near '"+s[len(s)-1:]+"'")
	}
	if colon >= 0 {
		switch typ := s[colon+1 : i]; typ {
		case "str", "sint", "bool", "raw", "":
		default:
			return lx.fail(colon+1, i, "unexpected output type '"+typ+"' at position "+strconv.Itoa(colon+1)+
				" line : '"+s+"'. Supported types are: str, sint, bool, raw")
		}
	}
	lx.at = i + 1
	lx.tokens = append(lx.tokens, token{typ: tokLabel, text: s[start:i], from: start - 1, to: lx.at})
	return true
}

func (lx *formatLexer) braces() bool {
	s, start := lx.word.Text, lx.at
	n := strings.IndexByte(s[start:], '}')
	if n < 0 {
		return lx.fail(start, len(s), "truncated line after '"+s[start+1:]+"'")
	}
	lx.at = start + n + 1
	lx.tokens = append(lx.tokens, token{typ: tokFlags, text: s[start+1 : lx.at-1], from: start, to: lx.at})
	return true
}

// value takes the alias or the expression that ends an item.
func (lx *formatLexer) value(item int) {
	s, start := lx.word.Text, lx.at
	last := lx.tokens[len(lx.tokens)-1].typ
	switch {
	case start < len(s) && s[start] == '[':
		lx.bracket()
	case start < len(s) && isAlpha(s[start]):
		for lx.at < len(s) && (isAlpha(s[lx.at]) || s[lx.at] >= '0' && s[lx.at] <= '9') {
			lx.at++
		}
		lx.emit(tokAlias, s[start:lx.at], start)
	case last == tokFlags:
		lx.fail(item, start, "parse argument modifier without alias name near '"+s[item:start]+"'")
	case start >= len(s):
		lx.fail(item, start, "truncated line after '%'")
	default:
		lx.fail(start, start+1, "unexpected alias name near '"+s[start:start+1]+"' at position "+strconv.Itoa(start)+
			" line : '"+s+"'. Maybe you want to write a single '%', use the syntax '%%'")
	}
}

func (lx *formatLexer) bracket() {
	s, start := lx.word.Text, lx.at
	e, end, fault := ParsePrefix(lx.word, start+1)
	switch {
	case fault != nil:
		if e != nil {
			lx.emitExpr(e, start, end)
		}
		lx.fault = fault
		lx.fault.Message = "failed to parse sample expression <" + s[start+1:] + "> : " + fault.Message
	case end >= len(s):
		lx.fail(start, end, "missing ']' after '"+s[start+1:]+"'")
	case s[end] != ']':
		lx.fail(end, end+1, "expected ']' after '"+s[start+1:end]+"', but found '"+s[end:end+1]+"'")
	default:
		lx.emitExpr(e, start, end+1)
	}
}

func (lx *formatLexer) emitExpr(e *Expr, from, to int) {
	lx.at = to
	lx.exprs = append(lx.exprs, e)
	lx.tokens = append(lx.tokens, token{typ: tokExpr, text: lx.word.Text[from:to], from: from, to: to, aux: len(lx.exprs) - 1})
}

func isAlpha(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func (lx *formatLexer) emit(typ lexer.TokenType, value string, from int) {
	lx.tokens = append(lx.tokens, token{typ: typ, text: value, from: from, to: lx.at})
}

func (lx *formatLexer) fail(from, to int, message string) bool {
	lx.fault = &diag.Diagnostic{Severity: diag.Alert, Pos: lx.word.Sub(from, to), Message: message}
	return false
}
