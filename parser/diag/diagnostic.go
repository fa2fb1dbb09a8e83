package diag

import (
	"fmt"
	"strings"
)

// Related is a second place that explains a diagnostic, as the first of two definitions that clash.
type Related struct {
	Pos     Pos
	Message string
}

// Diagnostic is one message about one place.
type Diagnostic struct {
	Severity Severity
	Pos      Pos
	Message  string   // HAProxy's own sentence where it has one
	Allowed  []string // what may stand there
	Hint     string   // the word that was probably meant, or an advice: see WithHint and WithAdvice
	Advice   string   // a whole sentence of help
	Related  []Related
	// Tight writes "[file:line]: message", which HAProxy does for what its line reader says itself.
	Tight bool
	// Bare writes the message alone after "config : ", without "parsing [file:line]".
	Bare bool
	// Late leaves "config : " out, too, as HAProxy does once the files are read.
	Late bool
	// Fatal keeps the configuration from use, though it is a warning: HAProxy has a few
	// of these.
	Fatal bool
}

// Error lets a diagnostic travel as an error.
func (d *Diagnostic) Error() string {
	if d.Pos.IsZero() {
		return d.Message
	}
	return d.Pos.String() + ": " + d.Message
}

// WithHint names the word that was probably meant; an empty one changes nothing.
func (d *Diagnostic) WithHint(word string) *Diagnostic {
	if word != "" {
		d.Hint = word
	}
	return d
}

// WithAdvice adds a sentence of help.
func (d *Diagnostic) WithAdvice(format string, args ...any) *Diagnostic {
	d.Advice = sprintf(format, args)
	return d
}

// WithAllowed lists what may stand there.
func (d *Diagnostic) WithAllowed(values ...string) *Diagnostic {
	d.Allowed = append(d.Allowed, values...)
	return d
}

// WithRelated adds a second place.
func (d *Diagnostic) WithRelated(pos Pos, format string, args ...any) *Diagnostic {
	d.Related = append(d.Related, Related{Pos: pos, Message: sprintf(format, args)})
	return d
}

// AsTight makes the message print in the line reader's form; see Tight.
func (d *Diagnostic) AsTight() *Diagnostic {
	d.Tight = true
	return d
}

// AsFatal makes a warning keep the configuration from use; see Fatal.
func (d *Diagnostic) AsFatal() *Diagnostic {
	d.Fatal = true
	return d
}

func (d *Diagnostic) fails() bool { return d.Fatal || d.Severity == Alert }

// AsBare makes the message print without its place; see Bare.
func (d *Diagnostic) AsBare() *Diagnostic {
	d.Bare = true
	return d
}

// AsLate makes the message print alone; see Late.
func (d *Diagnostic) AsLate() *Diagnostic {
	d.Bare, d.Late = true, true
	return d
}

// New makes a diagnostic that no list holds yet.
func New(sev Severity, pos Pos, format string, args ...any) *Diagnostic {
	return &Diagnostic{Severity: sev, Pos: pos, Message: sprintf(format, args)}
}

// Errorf makes an Alert to be returned as an error.
func Errorf(pos Pos, format string, args ...any) *Diagnostic { return New(Alert, pos, format, args...) }

func sprintf(format string, args []any) string {
	if len(args) == 0 && !strings.Contains(format, "%%") {
		return format
	}
	return fmt.Sprintf(format, args...)
}
