package check

import (
	"encoding/hex"
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
)

// words is a cursor over the words of a rule.
type words struct {
	b    *engine.Build
	rule string // "http-check send", for messages
	at   engine.Word
	rest []engine.Word
}

func (w *words) more() bool { return len(w.rest) > 0 }

func (w *words) next() engine.Word {
	w.at = w.rest[0]
	w.rest = w.rest[1:]
	return w.at
}

// arg takes the argument of the word read last, or fails with the sentence.
func (w *words) arg(sentence string) (engine.Word, error) {
	if len(w.rest) == 0 {
		return engine.Word{}, w.fail("%s", sentence)
	}
	a := w.rest[0]
	w.rest = w.rest[1:]
	return a, nil
}

// fail is an error at the word read last.
func (w *words) fail(format string, args ...any) error {
	d := diag.Errorf(w.at.Pos, format, args...)
	d.Message = "'" + w.rule + "' : " + d.Message
	return d
}

func (w *words) format(a engine.Word) (*engine.LogFormat, error) {
	return w.b.LogFormat(a, engine.AtCheck, 0)
}

func (w *words) expr(a engine.Word) (*engine.Expr, error) { return w.b.Expr(a, engine.AtCheck) }

// comment reads "comment <text>" if that is what comes; then nothing may follow.
func (w *words) comment() (string, error) {
	if !w.more() {
		return "", nil
	}
	if n := w.next(); n.Text != "comment" {
		return "", w.fail("expects 'comment' but got '%s' as argument.", n.Text)
	}
	a, err := w.arg("'comment' expects a string as argument.")
	return a.Text, err
}

// unhex reads hexadecimal digits.
func unhex(s string) ([]byte, string) {
	for _, c := range s {
		if !strings.ContainsRune("0123456789abcdefABCDEF", c) {
			return nil, "invalid binary string (an hex digit is expected (found '" + string(c) + "'))"
		}
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		return nil, "invalid binary string (an even number of hex digit is expected)"
	}
	return b, ""
}
