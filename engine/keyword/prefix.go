package keyword

import (
	"errors"

	"hawser/engine"
	"hawser/parser/diag"
)

// prefixed puts the beginning of a sentence before an error and keeps its place.
func prefixed(w engine.Word, err error, prefix string) error {
	var d *diag.Diagnostic
	if !errors.As(err, &d) {
		return fail(w, "%s", prefix+err.Error())
	}
	d.Message = prefix + d.Message
	if d.Pos.IsZero() {
		d.Pos = w.Pos
	}
	return d
}
