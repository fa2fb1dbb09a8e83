package parser

import "strings"

// slowWord builds one word byte by byte, with the source column of each.
type slowWord struct {
	buf    []byte
	cols   []int32
	quoted bool
	split  bool // an "[*]" expansion took part: an empty result is no word
	start  int
}

func (w *slowWord) add(c byte, at int) {
	w.buf = append(w.buf, c)
	w.cols = append(w.cols, int32(at+1))
}

// slow cuts the word at start with everything that quoting, escapes and variables can do.
func (lx *wordLexer) slow(start int) {
	w := slowWord{start: start, buf: make([]byte, 0, 64), cols: make([]int32, 0, 64)}
	i, quote, opened := start, byte(0), 0
	text := lx.text
loop:
	for i < len(text) && lx.fault == nil {
		c := text[i]
		switch {
		case quote == '\'':
			if c == '\'' {
				quote = 0
			} else {
				w.add(c, i)
			}
			i++
		case c == '\\':
			i = lx.escape(&w, i, quote)
		case quote == '"' && c == '"':
			quote = 0
			i++
		case quote == '"' && c == '$':
			i = lx.variable(&w, i)
		case quote == 0 && (c == '"' || c == '\''):
			quote, opened, w.quoted = c, i, true
			i++
		case quote == 0 && (classes[c] == blank || c == '#' && !lx.noComment):
			break loop
		default:
			w.add(c, i)
			i++
		}
	}
	if lx.fault != nil {
		return
	}
	lx.at = i
	if quote != 0 {
		lx.fail(opened, "unmatched quote")
		return
	}
	lx.finish(&w, i)
}

// finish emits the word; one that an empty "[*]" left empty is none.
func (lx *wordLexer) finish(w *slowWord, end int) {
	if len(w.buf) == 0 && w.split {
		return
	}
	text := w.buf
	if nul := strings.IndexByte(string(text), 0); nul >= 0 {
		text = text[:nul] // as a C string would
	}
	lx.emit(Word{Text: string(text), Pos: lx.place(w.start, end), Quoted: w.quoted, Map: w.cols[:len(text):len(text)]})
}

// escape takes a backslash and what it protects; unknown ones stay as they are.
func (lx *wordLexer) escape(w *slowWord, i int, quote byte) int {
	if i+1 >= len(lx.text) {
		w.add('\\', i)
		return i + 1
	}
	switch c := lx.text[i+1]; c {
	case 'n':
		w.add('\n', i)
	case 'r':
		w.add('\r', i)
	case 't':
		w.add('\t', i)
	case ' ', '\t', '#', '\\', '"', '\'':
		w.add(c, i)
	case 'x':
		return lx.hex(w, i)
	case '$':
		if quote != '"' {
			w.add('\\', i)
			return i + 1
		}
		w.add(c, i)
	default:
		w.add('\\', i)
		return i + 1
	}
	return i + 2
}

func (lx *wordLexer) hex(w *slowWord, i int) int {
	if i+3 < len(lx.text) {
		high, low := hexDigit(lx.text[i+2]), hexDigit(lx.text[i+3])
		if high >= 0 && low >= 0 {
			w.add(byte(high<<4|low), i)
			return i + 4
		}
	}
	lx.fail(i, "truncated or invalid hexadecimal sequence")
	return i
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// variable takes "$NAME", "${NAME}", "${NAME-default}", "${NAME[*]}" or "${NAME[*]-default}" at i.
func (lx *wordLexer) variable(w *slowWord, i int) int {
	text, at := lx.text, i
	i++
	braced := i < len(text) && text[i] == '{'
	open := i
	if braced {
		i++
	}
	name, end := lx.variableName(i)
	if lx.fault != nil {
		return i
	}
	value, known := lx.lookup(name, i)
	if lx.fault != nil {
		return i
	}
	i = end
	if !braced {
		w.addValue(value, at)
		return i
	}
	split := i < len(text) && text[i] == '['
	if split {
		if !strings.HasPrefix(text[i:], "[*]") {
			lx.fail(i, "truncated or invalid word expansion sequence")
			return i
		}
		i += 3
	}
	fallback := i
	if i < len(text) && text[i] == '-' { // the default goes to the brace whatever stands in it, quotes included
		if n := strings.IndexByte(text[i:], '}'); n >= 0 {
			i += n
		}
	}
	if i >= len(text) || text[i] != '}' {
		lx.fail(open, "unmatched brace in environment variable name")
		return i
	}
	if !known && i > fallback {
		value = text[fallback+1 : i]
	}
	i++
	if split {
		lx.addSplit(w, value, at, i)
	} else {
		w.addValue(value, at)
	}
	return i
}

// variableName takes the name at i: a letter, '_' or the '.' of a pseudo-variable first.
func (lx *wordLexer) variableName(i int) (name string, end int) {
	text := lx.text
	if i >= len(text) || !isNameStart(text[i]) && text[i] != '.' {
		lx.fail(i, "forbidden first char in environment variable name")
		return "", i
	}
	for end = i + 1; end < len(text) && (isNameStart(text[end]) || text[end] >= '0' && text[end] <= '9'); {
		end++
	}
	return text[i:end], end
}

func isNameStart(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

func (lx *wordLexer) lookup(name string, at int) (string, bool) {
	if name[0] != '.' {
		return lx.env(name)
	}
	if lx.pseudo != nil {
		if value, ok := lx.pseudo(name); ok {
			return value, true
		}
	}
	lx.fail(at, "forbidden first char in environment variable name")
	return "", false
}

func (w *slowWord) addValue(value string, at int) {
	for i := range len(value) {
		w.add(value[i], at)
	}
}

// addSplit adds each word of value as a word of the line; the first and last join what stands around them.
func (lx *wordLexer) addSplit(w *slowWord, value string, at, end int) {
	w.split = true
	for i, field := range strings.Fields(value) {
		if i > 0 {
			lx.finish(w, end)
			w.buf, w.cols = nil, nil
		}
		w.addValue(field, at)
	}
}
