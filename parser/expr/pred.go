package expr

import (
	"strconv"

	"github.com/alecthomas/participle/v2/lexer"
)

// Pred is a condition of ".if" or "-cc": true when all factors of one alternative are.
type Pred struct{ Or []PredAnd }

// PredAnd is a row of factors joined by "&&".
type PredAnd struct{ And []PredTerm }

// PredTerm is an integer, a predicate with its arguments, or a condition in parentheses.
type PredTerm struct {
	Neg  bool
	Int  bool // then True is its value
	True bool
	Name string // of a predicate
	Args []string
	At   int // offset of the first argument
	End  int // offset after the predicate
	Sub  *Pred
}

// PredError is why a condition cannot be read; At is the 0-based offset of the place in the text.
type PredError struct {
	Message string
	At      int
}

func (e *PredError) Error() string { return e.Message }

// Arity tells how many arguments a predicate takes; false when there is none of that name.
type Arity func(name string) (args int, ok bool)

const (
	tokInt lexer.TokenType = iota + 1
	tokCall
	tokNeg
	tokAnd
	tokDisj
	tokLeft
	tokRight
	tokJunk
)

var predSymbols = symbols{
	"EOF": lexer.EOF, "Int": tokInt, "Call": tokCall, "Neg": tokNeg, "And": tokAnd, "Disj": tokDisj,
	"Left": tokLeft, "Right": tokRight, "Junk": tokJunk,
}

type predTree struct {
	Or []predAndTree `parser:"@@ ( Disj @@ )*"`
}

type predAndTree struct {
	And []predTermTree `parser:"@@ ( And @@ )*"`
}

type predTermTree struct {
	Neg  []int     `parser:"@Neg*"`
	Int  int       `parser:"( @Int"`
	Call int       `parser:"| @Call"`
	Sub  *predTree `parser:"| Left @@ Right )"`
}

var predGrammar = newGrammar[predTree](predSymbols)

// ParsePred reads a condition. An empty text is a condition without alternatives: false.
func ParsePred(text string, arity Arity) (*Pred, *PredError) {
	lx := predLexer{text: text, arity: arity}
	if fault := lx.run(); fault != nil {
		return nil, fault
	}
	if len(lx.tokens) == 0 {
		return &Pred{}, nil
	}
	tree, err := predGrammar.parse(lx.tokens)
	if err != nil {
		return nil, lx.explain()
	}
	return lx.pred(tree), nil
}

type predLexer struct {
	text   string
	arity  Arity
	tokens []token
	calls  []PredTerm // what each tokCall stands for; its index is the token's aux
}

// run cuts the text; it stops early only at bad arguments.
func (lx *predLexer) run() *PredError {
	s := lx.text
	for i := 0; i < len(s); {
		c := s[i]
		end, typ := i+1, tokJunk
		switch {
		case c == ' ' || c == '\t':
			i++
			continue
		case c == '!':
			typ = tokNeg
		case c == '(':
			typ = tokLeft
		case c == ')':
			typ = tokRight
		case c == '&' && i+1 < len(s) && s[i+1] == '&':
			end, typ = i+2, tokAnd
		case c == '|' && i+1 < len(s) && s[i+1] == '|':
			end, typ = i+2, tokDisj
		case c >= '0' && c <= '9' || (c == '-' || c == '+') && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9':
			end, typ = intEnd(s, i), tokInt
		case isIdent(c):
			stop, known, fault := lx.predicate(i)
			if fault != nil {
				return fault
			}
			end = stop
			if known {
				typ = tokCall
			}
		}
		lx.tokens = append(lx.tokens, token{typ: typ, text: s[i:end], from: i, to: end, aux: len(lx.calls) - 1})
		i = end
	}
	return nil
}

// intEnd is where an integer in any of C's bases ends.
func intEnd(s string, i int) int {
	if s[i] == '-' || s[i] == '+' {
		i++
	}
	hex := i+2 < len(s) && s[i] == '0' && s[i+1]|0x20 == 'x' && isHex(s[i+2])
	if hex {
		i += 2
	}
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || hex && isHex(s[i])) {
		i++
	}
	return i
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// predicate reads a name and its arguments.
func (lx *predLexer) predicate(i int) (end int, known bool, fault *PredError) {
	s := lx.text
	for end = i; end < len(s) && isIdent(s[end]); {
		end++
	}
	want, known := lx.arity(s[i:end])
	if !known {
		return end, false, nil
	}
	term := PredTerm{Name: s[i:end], At: end}
	if end < len(s) && s[end] == '(' {
		if end, fault = lx.args(&term, end+1, want); fault != nil {
			return end, true, fault
		}
	}
	if len(term.Args) < want && !(want == 1 && len(term.Args) == 0) {
		return end, true, missingArgs(&term, want, max(i, end-1))
	}
	term.End = end
	lx.calls = append(lx.calls, term)
	return end, true, nil
}

// args reads arguments up to the closing parenthesis.
func (lx *predLexer) args(term *PredTerm, i, want int) (int, *PredError) {
	s := lx.text
	term.At = i
	for {
		text, end := cutArg(s, i)
		switch {
		case end >= len(s):
			return end, &PredError{At: end, Message: "expected ')' in argument " + strconv.Itoa(len(term.Args)+1) +
				" of predicate '" + term.Name + "' used in conditional expression"}
		case want == 0 && (text != "" || s[end] == ','):
			return end, tooMany(term.Name, s, i, 0)
		case s[end] == ',' && len(term.Args)+1 >= want:
			return end, tooMany(term.Name, s, end, max(1, want-1))
		}
		if !(s[end] == ')' && text == "" && len(term.Args) == 0) {
			term.Args = append(term.Args, text)
		}
		if s[end] == ')' {
			return end + 1, nil
		}
		i = end + 1
	}
}

func tooMany(name, s string, at, arg int) *PredError {
	return &PredError{At: at, Message: "expected ')' before '" + s[at:] + "' in argument " + strconv.Itoa(arg) +
		" of predicate '" + name + "' used in conditional expression"}
}

func missingArgs(term *PredTerm, want, at int) *PredError {
	return &PredError{At: at, Message: "missing arguments (got " + strconv.Itoa(max(1, len(term.Args))) + "/" +
		strconv.Itoa(want) + "), type 'string' expected in argument 1 of predicate '" + term.Name +
		"' used in conditional expression"}
}

// explain says in HAProxy's sentence why the grammar refused the tokens.
func (lx *predLexer) explain() *PredError {
	at := lx.firstBad()
	if at > 0 && isOperand(lx.tokens[at-1].typ) {
		if open := lx.openParen(at); open >= 0 {
			return &PredError{At: open, Message: "expected ')' after conditional expression '" + lx.text[open:] + "'"}
		}
		off := lx.tokens[at].from
		return &PredError{At: off, Message: "unexpected character '" + lx.text[off:off+1] +
			"' at the end of conditional expression '" + lx.text + "'"}
	}
	off := lx.tokens[min(at, len(lx.tokens)-1)].from
	return &PredError{At: off, Message: "unparsable conditional expression '" + lx.text[off:] + "'"}
}

// firstBad is the first token that cannot follow the one before it, or the end.
func (lx *predLexer) firstBad() int {
	operand, depth := false, 0
	for i, t := range lx.tokens {
		starts := t.typ == tokInt || t.typ == tokCall || t.typ == tokNeg || t.typ == tokLeft
		closes := t.typ == tokRight && depth > 0
		joins := t.typ == tokAnd || t.typ == tokDisj
		if operand && !joins && !closes || !operand && !starts {
			return i
		}
		if t.typ == tokLeft {
			depth++
		} else if closes {
			depth--
		}
		operand = isOperand(t.typ)
	}
	return len(lx.tokens)
}

func isOperand(t lexer.TokenType) bool { return t == tokInt || t == tokCall || t == tokRight }

// openParen is the offset of the innermost parenthesis still open before token at; -1 without.
func (lx *predLexer) openParen(at int) int {
	var stack []int
	for _, t := range lx.tokens[:at] {
		switch t.typ {
		case tokLeft:
			stack = append(stack, t.from)
		case tokRight:
			stack = stack[:max(0, len(stack)-1)]
		}
	}
	if len(stack) == 0 {
		return -1
	}
	return stack[len(stack)-1]
}

func (lx *predLexer) pred(t *predTree) *Pred {
	p := &Pred{}
	for i := range t.Or {
		var and PredAnd
		for j := range t.Or[i].And {
			and.And = append(and.And, lx.term(&t.Or[i].And[j]))
		}
		p.Or = append(p.Or, and)
	}
	return p
}

func (lx *predLexer) term(t *predTermTree) PredTerm {
	var term PredTerm
	switch {
	case t.Int > 0:
		n, err := strconv.ParseInt(lx.tokens[t.Int-1].text, 0, 64)
		term = PredTerm{Int: true, True: n != 0 || err != nil && !allZero(lx.tokens[t.Int-1].text)}
	case t.Call > 0:
		term = lx.calls[lx.tokens[t.Call-1].aux]
	case t.Sub != nil:
		term.Sub = lx.pred(t.Sub)
	}
	term.Neg = len(t.Neg)%2 == 1
	return term
}

// allZero tells a zero that ParseInt did not take, as "08".
func allZero(s string) bool {
	for i := range len(s) {
		if s[i] >= '1' && s[i] <= '9' {
			return false
		}
	}
	return true
}
