package keyword

import (
	"time"

	"hawser/engine"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

// fail is an error at a word.
func fail(w engine.Word, format string, args ...any) *diag.Diagnostic {
	return diag.Errorf(w.Pos, format, args...)
}

// word returns the nth word of a line; past the end an empty one at the keyword.
func word(l *engine.Line, n int) engine.Word {
	if n < len(l.Words) {
		return l.Words[n]
	}
	return engine.Word{Pos: l.Words[0].Pos}
}

// rest returns the words from the nth on.
func rest(l *engine.Line, n int) []engine.Word {
	if n > len(l.Words) {
		return nil
	}
	return l.Words[n:]
}

// extra refuses words from the nth on.
func extra(l *engine.Line, n int, name string) error {
	if n < len(l.Words) {
		return fail(l.Words[n], "'%s' cannot handle unexpected argument '%s'.", name, l.Words[n].Text)
	}
	return nil
}

// number reads a word that should be an integer. What follows the digits is
// ignored and a word without digits is zero, as in HAProxy, but with a warning.
func number(b *engine.Build, w engine.Word, bad string, args ...any) (int, error) {
	n, err := strictNumber(b, w, bad, args...)
	if err != nil && w.Text != "" {
		b.Warn(w.Pos, "'%s' is not a number: 0 is taken, as HAProxy does.", w.Text)
		return 0, nil
	}
	return n, err
}

// strictNumber refuses a word that does not begin with a number.
func strictNumber(b *engine.Build, w engine.Word, bad string, args ...any) (int, error) {
	s, i := w.Text, 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	start, n := i, 0
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		if n > 1<<40 {
			return 0, fail(w, bad, args...)
		}
		n = n*10 + int(s[i]-'0')
	}
	if i == start {
		return 0, fail(w, bad, args...)
	}
	if i < len(s) {
		b.Warn(w.Pos, "unexpected '%s' after the number '%s' is ignored.", s[i:], s[:i])
	}
	if s[0] == '-' {
		n = -n
	}
	return n, nil
}

// duration reads a time for keyword; a warning about what follows it is kept.
func duration(b *engine.Build, w engine.Word, def time.Duration, keyword string) (time.Duration, error) {
	d, err := unit.Time(w.Text, def)
	if err == nil {
		return d, nil
	}
	if err.Warning() {
		b.Warn(w.Pos, "%s", err.For(keyword))
		return d, nil
	}
	return 0, fail(w, "%s", err.For(keyword))
}

// delay reads a time with the sentences that server and global settings have.
func delay(b *engine.Build, w engine.Word, def time.Duration, arg string) (time.Duration, error) {
	d, err := unit.Time(w.Text, def)
	switch {
	case err == nil:
		return d, nil
	case err.Warning():
		b.Warn(w.Pos, "%s", err.Error())
		return d, nil
	case err.Fault == unit.TimeOver:
		return 0, fail(w, "timer overflow in argument <%s> to <%s>, maximum value is 2147483647 ms (~24.8 days).", w.Text, arg)
	case err.Fault == unit.TimeUnder:
		return 0, fail(w, "timer underflow in argument <%s> to <%s>, minimum non-null value is 1 ms.", w.Text, arg)
	}
	return 0, fail(w, "unexpected character '%c' in argument to <%s>.", err.Bad, arg)
}

// option reports a condition on the side of a proxy for messages: what it lacks.
func lacks(px *engine.Proxy, side engine.Side) string {
	if px.Side&engine.IsDefaults != 0 || px.Side&side != 0 {
		return ""
	}
	if side == engine.Front {
		return "frontend"
	}
	return "backend"
}
