package expr

import (
	"strings"

	"hawser/parser/diag"

	"github.com/alecthomas/participle/v2/lexer"
)

// Cond is a condition in disjunctive form: true when all terms of one alternative are. An alternative without terms
// is true.
type Cond struct {
	Alts   []Alt
	Unless bool // negates the whole
	Pos    diag.Pos
}

// Alt is a row of terms that must all hold.
type Alt struct{ Terms []Term }

// Term is one ACL by name, or an anonymous one by its words.
type Term struct {
	Neg       bool
	Anonymous bool
	Name      string // of the ACL, when not Anonymous
	Words     []Word // between the braces, when Anonymous
	Pos       diag.Pos
}

// Token types of a condition.
const (
	tokOr lexer.TokenType = iota + 1
	tokNot
	tokACL
	tokBrace
	tokWord
	tokEnd
)

var condSymbols = symbols{
	"EOF": lexer.EOF, "Or": tokOr, "Not": tokNot, "ACL": tokACL, "Brace": tokBrace, "Word": tokWord, "End": tokEnd,
}

type condTree struct {
	First altTree   `parser:"@@?"`
	More  []altTree `parser:"( Or @@? )*"`
}

type altTree struct {
	Terms []termTree `parser:"@@+"`
}

type termTree struct {
	Nots []int    `parser:"(   @Not+"`
	Late *aclTree `parser:"    @@?"`
	Bare *aclTree `parser:"| @@ )"`
}

type aclTree struct {
	Name  int   `parser:"(   @ACL"`
	Open  int   `parser:"| @Brace"`
	Words []int `parser:"  @Word* End )"`
}

var condGrammar = newGrammar[condTree](condSymbols)

// IsCond tells whether a word starts a condition.
func IsCond(w Word) bool { return w.Text == "if" || w.Text == "unless" }

// ParseCond reads "if ..." or "unless ...": words[0] must be one of both, and the condition takes all the rest.
func ParseCond(words []Word) (*Cond, *diag.Diagnostic) {
	if len(words) == 0 || !IsCond(words[0]) {
		return nil, diag.Errorf(diag.Pos{}, "expects either 'if' or 'unless' followed by a condition")
	}
	c, err := ParseTerms(words[1:])
	if err != nil {
		return nil, err
	}
	c.Unless = words[0].Text == "unless"
	c.Pos = words[0].Pos
	c.Pos.End = words[len(words)-1].Pos.End
	return c, nil
}

// ParseTerms reads the words after "if" or "unless".
func ParseTerms(words []Word) (*Cond, *diag.Diagnostic) {
	tokens, fault := condTokens(words)
	if fault != nil {
		return nil, fault
	}
	tree, err := condGrammar.parse(tokens)
	if err != nil {
		return nil, diag.Errorf(diag.Join(words).Pos, "%s", err.Error())
	}
	c := &Cond{Alts: []Alt{tree.First.alt(tokens, words)}}
	for i := range tree.More {
		c.Alts = append(c.Alts, tree.More[i].alt(tokens, words))
	}
	return c, nil
}

// condTokens cuts the '!' off the words and marks what stands between braces. A token's aux is its word's index.
func condTokens(words []Word) ([]token, *diag.Diagnostic) {
	tokens := make([]token, 0, len(words)+2)
	open := -1
	for i, w := range words {
		emit := func(typ lexer.TokenType, value string) {
			tokens = append(tokens, token{typ: typ, text: value, aux: i})
		}
		if open >= 0 {
			if w.Text == "}" {
				open = -1
				emit(tokEnd, w.Text)
			} else {
				emit(tokWord, w.Text)
			}
			continue
		}
		name := strings.TrimLeft(w.Text, "!")
		for range len(w.Text) - len(name) {
			emit(tokNot, "!")
		}
		switch name {
		case "":
		case "{":
			open = i
			emit(tokBrace, name)
		case "or", "OR", "||":
			emit(tokOr, name)
		default:
			emit(tokACL, name)
		}
	}
	if open >= 0 {
		return nil, diag.Errorf(words[open].Pos, "missing closing '}' in condition")
	}
	return tokens, nil
}

func (t *altTree) alt(tokens []token, words []Word) Alt {
	var a Alt
	for i := range t.Terms {
		if term, ok := t.Terms[i].term(tokens, words); ok {
			a.Terms = append(a.Terms, term)
		}
	}
	return a
}

// term is false for '!' with nothing behind it, which HAProxy takes for nothing.
func (t *termTree) term(tokens []token, words []Word) (Term, bool) {
	acl := t.Bare
	if acl == nil {
		acl = t.Late
	}
	switch {
	case acl == nil:
		return Term{}, false
	case acl.Name > 0:
		name := &tokens[acl.Name-1]
		return Term{Neg: len(t.Nots)%2 == 1, Name: name.text, Pos: words[name.aux].Pos}, true
	}
	from := tokens[acl.Open-1].aux + 1
	end := from + len(acl.Words)
	term := Term{Neg: len(t.Nots)%2 == 1, Anonymous: true, Words: words[from:end], Pos: words[from-1].Pos}
	term.Pos.End = words[end].Pos.End
	return term, true
}
