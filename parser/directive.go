package parser

import (
	"hawser/parser/diag"
	"hawser/parser/expr"
)

// ifBlock is one open ".if".
type ifBlock struct {
	pos    diag.Pos
	active bool // the lines of the current branch count
	done   bool // a branch was taken, or the block is inside one that does not count
	last   bool // ".else" was seen
}

// directives are the words with a dot, by name.
var directives = map[string]func(*reader, []Word){
	".if": (*reader).dotIf, ".elif": (*reader).dotElif, ".else": (*reader).dotElse, ".endif": (*reader).dotEndif,
	".diag": (*reader).dotDiag, ".notice": (*reader).dotNotice, ".warning": (*reader).dotWarning,
	".alert": (*reader).dotAlert,
}

// active tells whether lines count here.
func (r *reader) active() bool { return len(r.ifs) == 0 || r.ifs[len(r.ifs)-1].active }

func (r *reader) directive(words []Word) {
	run, ok := directives[words[0].Text]
	if ok {
		run(r, words)
		return
	}
	if r.active() {
		names := make([]string, 0, len(directives))
		for name := range directives {
			names = append(names, name)
		}
		r.list.Alertf(words[0].Pos, "unknown directive '%s'.", words[0].Text).AsTight().
			WithHint(nearest(words[0].Text, names))
	}
}

func (r *reader) dotIf(words []Word) {
	b := ifBlock{pos: words[0].Pos}
	if r.active() {
		b.active = r.condition(words)
		b.done = b.active
	} else {
		b.done = true
	}
	r.ifs = append(r.ifs, b)
}

// current is the innermost block, or nil after saying that there is none.
func (r *reader) current(words []Word) *ifBlock {
	if len(r.ifs) == 0 {
		r.list.Alertf(words[0].Pos, "lone '%s' with no matching '.if'.", words[0].Text).AsTight()
		return nil
	}
	return &r.ifs[len(r.ifs)-1]
}

// afterElse refuses a second branch behind ".else".
func (r *reader) afterElse(b *ifBlock, words []Word) bool {
	if b.last {
		r.list.Alertf(words[0].Pos, "'%s' after '.else' is not permitted.", words[0].Text).AsTight().
			WithRelated(b.pos, "the block starts here")
	}
	return b.last
}

// noArgs refuses words behind ".else" and ".endif".
func (r *reader) noArgs(words []Word) {
	if len(words) > 1 {
		r.list.Alertf(words[1].Pos, "Unexpected argument '%s' for '%s'.", words[1].Text, words[0].Text).AsTight()
	}
}

func (r *reader) dotElif(words []Word) {
	b := r.current(words)
	if b == nil || r.afterElse(b, words) {
		return
	}
	b.active = false
	if !b.done {
		b.active = r.condition(words)
		b.done = b.active
	}
}

func (r *reader) dotElse(words []Word) {
	r.noArgs(words)
	b := r.current(words)
	if b == nil || r.afterElse(b, words) {
		return
	}
	b.active = !b.done
	b.done, b.last = true, true
}

func (r *reader) dotEndif(words []Word) {
	r.noArgs(words)
	if r.current(words) != nil {
		r.ifs = r.ifs[:len(r.ifs)-1]
	}
}

// unterminated reports the blocks that the file leaves open.
func (r *reader) unterminated() {
	for _, b := range r.ifs {
		r.list.Alertf(r.pos(), "non-terminated '.if' block.").AsTight().WithRelated(b.pos, "the block starts here")
	}
}

// condition evaluates the words behind ".if" or ".elif"; a mistake counts as false.
func (r *reader) condition(words []Word) bool {
	joined := diag.Join(words[1:])
	pred, bad := expr.ParsePred(joined.Text, arity)
	if bad == nil {
		var result bool
		if result, bad = r.eval.pred(pred); bad == nil {
			return result
		}
	}
	r.list.Alertf(joined.Sub(bad.At, bad.At+1), "%s in '%s' at position %d:", bad.Message, words[0].Text, bad.At+1).AsTight()
	return false
}

func (r *reader) dotDiag(words []Word)    { r.say(diag.Diag, words) }
func (r *reader) dotNotice(words []Word)  { r.say(diag.Notice, words) }
func (r *reader) dotWarning(words []Word) { r.say(diag.Warning, words) }
func (r *reader) dotAlert(words []Word)   { r.say(diag.Alert, words) }

// say emits the message of a ".notice" or one of its like.
func (r *reader) say(sev diag.Severity, words []Word) {
	if !r.active() {
		return
	}
	if len(words) > 2 {
		r.list.Alertf(words[2].Pos, "Unexpected argument '%s' for '%s'. Use quotes if the message should contain spaces.",
			words[2].Text, words[0].Text).AsTight()
		return
	}
	text := ""
	if len(words) > 1 {
		text = words[1].Text
	}
	r.list.Add(diag.New(sev, words[0].Pos, "'%s'.", text)).AsTight()
}
