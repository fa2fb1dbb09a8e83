package expr

import (
	"io"
	"strconv"
	"sync"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// token is what our lexers cut: its text after unquoting and the bytes of the word it stands for.
type token struct {
	typ      lexer.TokenType
	text     string
	from, to int
	aux      int // index of what the lexer already made of it
}

// grammar runs a participle grammar over tokens that were cut before. A tree depends only on the sequence of token
// types, so each such shape is parsed once and its tree, which holds token numbers (from 1; 0 is none), is shared by
// all texts of the shape: a configuration of 50,000 lines has a few dozen. Trees are never written after that.
type grammar[T any] struct {
	parser *participle.Parser[T]
	mu     sync.RWMutex
	trees  map[string]*T // guarded by mu
}

// maxShapes bounds the memory that odd configurations can take.
const maxShapes = 4096

func newGrammar[T any](names symbols) *grammar[T] {
	return &grammar[T]{parser: participle.MustBuild[T](participle.Lexer(names)), trees: make(map[string]*T)}
}

// parse gives the tree of tokens, or participle's error.
func (g *grammar[T]) parse(tokens []token) (*T, error) {
	var buf [64]byte
	key := buf[:0]
	for i := range tokens {
		key = append(key, byte(tokens[i].typ))
	}
	g.mu.RLock()
	tree := g.trees[string(key)]
	g.mu.RUnlock()
	if tree != nil {
		return tree, nil
	}
	peek, err := lexer.Upgrade(&tokenFeed{tokens: tokens})
	if err != nil {
		return nil, err
	}
	if tree, err = g.parser.ParseFromLexer(peek); err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.trees) < maxShapes {
		g.trees[string(key)] = tree
	}
	return tree, nil
}

// symbols is a lexer definition that only names token types.
type symbols map[string]lexer.TokenType

// Symbols implements lexer.Definition.
func (s symbols) Symbols() map[string]lexer.TokenType { return s }

// Lex implements lexer.Definition; nothing calls it, since every grammar here is fed by tokenFeed.
func (s symbols) Lex(string, io.Reader) (lexer.Lexer, error) { return &tokenFeed{}, nil }

// tokenFeed hands participle the numbers of the tokens as their values.
type tokenFeed struct {
	tokens []token
	at     int
}

// Next implements lexer.Lexer.
func (f *tokenFeed) Next() (lexer.Token, error) {
	if f.at >= len(f.tokens) {
		return lexer.EOFToken(lexer.Position{Offset: f.at}), nil
	}
	f.at++
	return lexer.Token{Type: f.tokens[f.at-1].typ, Value: strconv.Itoa(f.at), Pos: lexer.Position{Offset: f.at - 1}}, nil
}
