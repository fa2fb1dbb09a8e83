package parser

import (
	"strconv"
	"strings"

	"hawser/parser/diag"
)

// maxWords is HAProxy's limit of words on a line.
const maxWords = 64

// wordLexer cuts lines into words: manual sections 2.2 and 2.3. A plain word is a slice of the file's text; only
// escapes and variables make a copy.
type wordLexer struct {
	env       func(name string) (string, bool)
	pseudo    func(name string) (string, bool) // ".LINE" and its like; nil has none
	noComment bool                             // -cc: '#' is a byte as any other
	slab      []Word                           // words are handed out of blocks

	// state of the line being cut
	text  string
	at    int
	pos   diag.Pos // place of the line
	start int      // index in slab of the line's first word
	fault *wordFault
}

// wordFault is why a line cannot be cut.
type wordFault struct {
	message string
	at      int // offset of the bad byte
}

// sentence is HAProxy's, which ends in a colon because the line follows.
func (f *wordFault) sentence() string {
	return f.message + " at position " + strconv.Itoa(f.at+1) + ":"
}

// ccMessage is the form -cc prints.
func (f *wordFault) ccMessage() string { return strings.ToUpper(f.message[:1]) + f.message[1:] + "." }

const (
	plain byte = iota
	blank
	hash
	special // quotes and backslash
)

var classes = func() (t [256]byte) {
	for _, c := range " \t\v\f" {
		t[c] = blank
	}
	t['#'], t['"'], t['\''], t['\\'] = hash, special, special, special
	return t
}()

// line cuts one line, which must hold no line feed or carriage return. The words are valid for good.
func (lx *wordLexer) line(text string, pos diag.Pos) ([]Word, *wordFault) {
	lx.text, lx.at, lx.pos, lx.fault = text, 0, pos, nil
	lx.start = len(lx.slab)
	for lx.at < len(text) && lx.fault == nil {
		switch classes[text[lx.at]] {
		case blank:
			lx.at++
		case hash:
			if !lx.noComment {
				return lx.words(), nil
			}
			lx.word()
		default:
			lx.word()
		}
	}
	return lx.words(), lx.fault
}

// words closes the line's share of the slab.
func (lx *wordLexer) words() []Word { return lx.slab[lx.start:len(lx.slab):len(lx.slab)] }

// word takes the fast ways: a plain word, or one whole quoted string without anything to resolve.
func (lx *wordLexer) word() {
	start, text := lx.at, lx.text
	i := start
	for i < len(text) && classes[text[i]] == plain {
		i++
	}
	if i >= len(text) || classes[text[i]] == blank || text[i] == '#' && !lx.noComment {
		lx.at = i
		lx.emit(Word{Text: text[start:i], Pos: lx.place(start, i)})
		return
	}
	if i == start && lx.quoted() {
		return
	}
	lx.slow(start)
}

// quoted takes "..." or '...' when nothing in it needs resolving and the word ends with it.
func (lx *wordLexer) quoted() bool {
	start, text := lx.at, lx.text
	quote := text[start]
	if quote == '\\' || quote == '#' {
		return false
	}
	n := strings.IndexByte(text[start+1:], quote)
	if n < 0 {
		return false
	}
	inner, end := text[start+1:start+1+n], start+n+2
	if quote == '"' && strings.ContainsAny(inner, `\$`) || end < len(text) && classes[text[end]] != blank {
		return false
	}
	lx.at = end
	lx.emit(Word{Text: inner, Pos: lx.place(start, end), Quoted: true, Skip: 1})
	return true
}

// place is the position of text[from:to].
func (lx *wordLexer) place(from, to int) diag.Pos {
	p := lx.pos
	p.Col, p.End = from+1, to+1
	return p
}

// emit appends a word, moving the line to a new block when the old one is full.
func (lx *wordLexer) emit(w Word) {
	if len(lx.slab) == cap(lx.slab) {
		line := lx.slab[lx.start:]
		lx.slab = append(make([]Word, 0, max(1024, 2*len(line))), line...)
		lx.start = 0
	}
	lx.slab = append(lx.slab, w)
}

// fail notes what is wrong at byte at.
func (lx *wordLexer) fail(at int, message string) {
	lx.fault = &wordFault{message: message, at: at}
	lx.at = len(lx.text)
}
