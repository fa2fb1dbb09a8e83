package parser

import (
	"strconv"
	"strings"

	"hawser/parser/diag"
)

// reader reads one file line by line, in order, because variables and blocks depend on what stood before.
type reader struct {
	file string
	text string
	opt  *Options
	list *diag.List
	lx   wordLexer
	eval *evaluator

	lines   []*Line
	block   []Line // lines are handed out of blocks
	number  int
	section *Line // head of the current section, nil before the first
	ifs     []ifBlock
}

func newReader(file, text string, opt *Options, list *diag.List) *reader {
	r := &reader{file: file, text: text, opt: opt, list: list, eval: opt.evaluator()}
	r.lx = wordLexer{env: opt.Env.Get, pseudo: r.pseudo}
	r.lines = make([]*Line, 0, strings.Count(text, "\n")+1)
	return r
}

// pos is the place of the line being read.
func (r *reader) pos() diag.Pos { return diag.Pos{File: r.file, Line: r.number} }

// run reads all lines.
func (r *reader) run() {
	for rest := r.text; rest != ""; {
		r.number++
		n := strings.IndexByte(rest, '\n')
		if n < 0 {
			r.physical(rest)
			r.list.Alertf(r.at(len(rest)), "Missing LF on last line, file might have been truncated at position %d.",
				len(rest)+1).AsTight()
			break
		}
		r.physical(rest[:n])
		rest = rest[n+1:]
	}
	r.unterminated()
}

// at is the place of one byte of the line.
func (r *reader) at(offset int) diag.Pos {
	p := r.pos()
	p.Col, p.End = offset+1, offset+2
	return p
}

// physical takes one line of the file without its line feed.
func (r *reader) physical(text string) {
	if nul := strings.IndexByte(text, 0); nul >= 0 {
		r.list.Alertf(r.at(nul), "Stray NUL character at position %d.", nul+1).AsTight()
		return
	}
	if cr := strings.IndexByte(text, '\r'); cr >= 0 {
		text = text[:cr] // a carriage return ends a line, even between quotes
	}
	words, fault := r.lx.line(text, r.pos())
	if fault != nil {
		r.list.Alertf(r.at(fault.at), "%s", fault.sentence()).AsTight()
		return
	}
	if len(words) > maxWords {
		last := &words[maxWords-1]
		r.list.Alertf(words[maxWords].Pos, "too many words, truncating after word %d, position %d: <%s>.",
			maxWords, last.Pos.Col-1, last.Text).AsTight()
		words = words[:maxWords:maxWords]
	}
	switch {
	case len(words) == 0 || words[0].Text == "":
	case words[0].Text[0] == '.':
		r.directive(words)
	case r.active():
		r.statement(words)
	}
}

// statement takes a line that belongs to the configuration.
func (r *reader) statement(words []Word) {
	if r.emptyArg(words) {
		return
	}
	line := r.newLine()
	line.Pos = words[0].Pos
	line.Pos.End = words[len(words)-1].Pos.End
	line.Words = words
	if kw := words[0].Text; kw == "no" || kw == "default" {
		line.No, line.Default = kw == "no", kw == "default"
		line.Prefix, line.Words = words[0], words[1:]
		if len(words) == 1 || !negatable[words[1].Text] {
			r.list.Alertf(words[min(1, len(words)-1)].Pos, negationSentence).AsTight()
			return
		}
	}
	r.lines = append(r.lines, line)
	switch {
	case IsSection(line.Words[0].Text):
		r.section = line
	case r.section != nil && r.section.Words[0].Text == "global":
		applyEnv(r.opt.Env, line.Words)
	}
}

// newLine hands out a line of the current block.
func (r *reader) newLine() *Line {
	if len(r.block) == cap(r.block) {
		r.block = make([]Line, 0, 512)
	}
	r.block = r.block[:len(r.block)+1]
	return &r.block[len(r.block)-1]
}

// emptyArg refuses a line with an empty word, which HAProxy would take for the end of the line.
func (r *reader) emptyArg(words []Word) bool {
	for i := range words {
		if words[i].Text == "" {
			r.list.Alertf(words[i].Pos, "argument number %d at position %d is empty and marks the end of the argument list:",
				i, words[i].Pos.Col+1).AsTight().WithAdvice("Aborting to prevent all subsequent arguments from being" +
				" silently ignored. If this is caused by an environment variable expansion, please have a look at section" +
				" 2.3 of the configuration manual to find solutions to address this.")
			return true
		}
	}
	return false
}

// pseudo resolves the variables that start with a dot.
func (r *reader) pseudo(name string) (string, bool) {
	switch name {
	case ".FILE":
		return r.file, true
	case ".LINE":
		return strconv.Itoa(r.number), true
	case ".SECTION":
		switch {
		case r.section == nil:
			return "", true
		case len(r.section.Words) > 1:
			return r.section.Words[1].Text, true
		}
		return r.section.Words[0].Text, true
	}
	return "", false
}

// stray reports a line before the first section.
func (r *reader) stray(line *Line) {
	kw := line.Words[0]
	d := r.list.Alertf(kw.Pos, "unknown keyword '%s' out of section.", kw.Text).AsTight()
	if strings.HasPrefix(kw.Text, "\ufeff") {
		d.WithAdvice("the file starts with a byte order mark, which is no white space: save it as UTF-8 without it")
		return
	}
	if CommentMistake(kw.Text) {
		d.WithAdvice(CommentAdvice)
		return
	}
	d.WithHint(nearestSection(kw.Text))
}

// CommentMistake tells a word that starts a comment in other languages.
func CommentMistake(word string) bool {
	return strings.HasPrefix(word, "//") || strings.HasPrefix(word, "/*") || word == ";" || word == "--"
}

// CommentAdvice is what to say then.
const CommentAdvice = "a comment starts with '#'"
