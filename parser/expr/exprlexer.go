package expr

import (
	"hawser/parser/diag"

	"github.com/alecthomas/participle/v2/lexer"
)

// exprLexer cuts a sample expression into tokens.
type exprLexer struct {
	word   Word
	at     int
	tokens []token
	fault  *diag.Diagnostic
	convs  int    // names seen after the first
	name   string // last name
}

// isIdent tells the bytes of names of fetches and converters.
func isIdent(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		c == '_' || c == '.' || c == '-' || c == ':' || c == '+'
}

// run reads names, arguments and commas until something else.
func (lx *exprLexer) run() {
	first := true
	for lx.fault == nil {
		if lx.at < len(lx.word.Text) && lx.word.Text[lx.at] == ',' && !first {
			lx.emit(tokComma, ",", lx.at, lx.at+1)
			lx.at++
			continue
		}
		afterComma := first || lx.tokens[len(lx.tokens)-1].typ == tokComma
		if !afterComma || !lx.readName(first) {
			return
		}
		first = false
		lx.readArgs()
	}
}

// readName takes one name; the first must be there, a later one may end the expression.
func (lx *exprLexer) readName(first bool) bool {
	start, s := lx.at, lx.word.Text
	end := start
	for end < len(s) && isIdent(s[end]) {
		end++
	}
	switch {
	case end > start:
	case first:
		lx.fault = diag.Errorf(lx.word.Sub(start, start+1), "missing fetch method")
		return false
	case end < len(s) && s[end] != ']' && s[end] != ',':
		lx.fault = diag.Errorf(lx.word.Sub(start, start+1), "unknown converter ''")
		return false
	default:
		return false
	}
	if !first {
		lx.convs++
	}
	lx.name = s[start:end]
	lx.emit(tokName, lx.name, start, end)
	lx.at = end
	return true
}

// readArgs takes "(a,b)" if it stands here.
func (lx *exprLexer) readArgs() {
	s := lx.word.Text
	if lx.at >= len(s) || s[lx.at] != '(' {
		return
	}
	lx.emit(tokOpen, "(", lx.at, lx.at+1)
	lx.at++
	for n := 1; ; n++ {
		start := lx.at
		text, end := cutArg(s, start)
		lx.emit(tokArg, text, start, end)
		lx.at = end
		if end >= len(s) {
			lx.unclosed(n)
			lx.emit(tokClose, "", end, end) // the tree goes along with the error
			return
		}
		if s[end] == ')' {
			lx.emit(tokClose, ")", end, end+1)
			lx.at++
			return
		}
		lx.emit(tokArgSep, ",", end, end+1)
		lx.at++
	}
}

func (lx *exprLexer) unclosed(args int) {
	pos := lx.word.Sub(len(lx.word.Text)-1, len(lx.word.Text))
	if lx.convs > 0 {
		lx.fault = diag.Errorf(pos, "invalid arg %d in converter '%s' : expected ')'", args, lx.name)
		return
	}
	lx.fault = diag.Errorf(pos, "fetch method '%s' : expected ')'", lx.name)
}

func (lx *exprLexer) emit(typ lexer.TokenType, value string, from, to int) {
	lx.tokens = append(lx.tokens, token{typ: typ, text: value, from: from, to: to})
}

// cutArg reads one argument from s[from:] up to an unprotected ',' or ')': manual section 2.2, where quotes and
// backslashes are as on a line but for \#, \$ and \x.
func cutArg(s string, from int) (text string, end int) {
	i := from
	for i < len(s) && s[i] != ',' && s[i] != ')' && s[i] != '"' && s[i] != '\'' && s[i] != '\\' {
		i++
	}
	if i >= len(s) || s[i] == ',' || s[i] == ')' {
		return s[from:i], i
	}
	buf := append(make([]byte, 0, len(s)-from), s[from:i]...)
	for quote := byte(0); i < len(s); i++ {
		c := s[i]
		switch {
		case c == quote:
			quote = 0
		case quote == '\'':
			buf = append(buf, c)
		case c == '\\' && i+1 < len(s):
			var used int
			buf, used = unescapeArg(buf, s[i+1])
			i += used
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && (c == ',' || c == ')'):
			return string(buf), i
		default:
			buf = append(buf, c)
		}
	}
	return string(buf), i
}

// unescapeArg appends what "\c" stands for and tells whether c was used up.
func unescapeArg(buf []byte, c byte) ([]byte, int) {
	switch c {
	case 'n':
		return append(buf, '\n'), 1
	case 'r':
		return append(buf, '\r'), 1
	case 't':
		return append(buf, '\t'), 1
	case '\\', '\'', '"', ' ':
		return append(buf, c), 1
	}
	return append(buf, '\\'), 0
}
