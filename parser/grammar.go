package parser

import (
	"io"
	"strconv"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// A file is a sequence of section heads and bodies, a body being the lines up to the next head. Words and lines are
// the lexer's business: participle sees one token for each head and one for each body (one for each line made half
// of the time of a load), whose value is the number of its first line.
const (
	tokHead lexer.TokenType = iota + 1
	tokBody
)

type fileTree struct {
	Stray    *bodyTree      `parser:"@@?"`
	Sections []*sectionTree `parser:"@@*"`
}

type sectionTree struct {
	Head int       `parser:"@Head"`
	Body *bodyTree `parser:"@@?"`
}

type bodyTree struct {
	First int `parser:"@Body"`
}

var fileGrammar = participle.MustBuild[fileTree](participle.Lexer(lineTokens{}))

// lineTokens only names the token types; the reader feeds the parser itself.
type lineTokens struct{}

// Symbols implements lexer.Definition.
func (lineTokens) Symbols() map[string]lexer.TokenType {
	return map[string]lexer.TokenType{"EOF": lexer.EOF, "Head": tokHead, "Body": tokBody}
}

// Lex implements lexer.Definition.
func (lineTokens) Lex(string, io.Reader) (lexer.Lexer, error) { return &lineFeed{}, nil }

type lineFeed struct {
	lines []*Line
	at    int
}

// Next implements lexer.Lexer.
func (f *lineFeed) Next() (lexer.Token, error) {
	if f.at >= len(f.lines) {
		return lexer.EOFToken(lexer.Position{}), nil
	}
	tok := lexer.Token{Type: tokHead, Value: strconv.Itoa(f.at)}
	if end := bodyEnd(f.lines, f.at); end > f.at {
		tok.Type = tokBody
		f.at = end
	} else {
		f.at++
	}
	return tok, nil
}

// bodyEnd is the number of the next head at or after from.
func bodyEnd(lines []*Line, from int) int {
	for from < len(lines) && !IsSection(lines[from].Words[0].Text) {
		from++
	}
	return from
}

// sections gives the lines their shape.
func (r *reader) sections() []*Section {
	peek, err := lexer.Upgrade(&lineFeed{lines: r.lines})
	if err != nil {
		r.list.Alertf(r.pos(), "%s", err.Error())
		return nil
	}
	tree, err := fileGrammar.ParseFromLexer(peek)
	if err != nil {
		r.list.Alertf(r.pos(), "%s", err.Error())
		return nil
	}
	for _, line := range r.body(tree.Stray) {
		r.stray(line)
	}
	sections := make([]*Section, 0, len(tree.Sections))
	for _, t := range tree.Sections {
		head := r.lines[t.Head]
		sections = append(sections, &Section{Kind: head.Words[0], Args: head.Words[1:], Pos: head.Pos, Lines: r.body(t.Body)})
	}
	return sections
}

// body is the lines of a body, a part of the reader's.
func (r *reader) body(t *bodyTree) []*Line {
	if t == nil {
		return nil
	}
	end := bodyEnd(r.lines, t.First)
	return r.lines[t.First:end:end]
}
