package diag

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// List collects diagnostics in the order they were found. The zero List is ready; it is owned by one goroutine.
type List struct {
	Items  []*Diagnostic
	counts [Alert + 1]int
}

// Alertf adds an error.
func (l *List) Alertf(pos Pos, format string, args ...any) *Diagnostic {
	return l.Add(New(Alert, pos, format, args...))
}

// Warningf adds a warning.
func (l *List) Warningf(pos Pos, format string, args ...any) *Diagnostic {
	return l.Add(New(Warning, pos, format, args...))
}

// Noticef adds a notice.
func (l *List) Noticef(pos Pos, format string, args ...any) *Diagnostic {
	return l.Add(New(Notice, pos, format, args...))
}

// Diagf adds what is said only in diagnostic mode.
func (l *List) Diagf(pos Pos, format string, args ...any) *Diagnostic {
	return l.Add(New(Diag, pos, format, args...))
}

// Add appends d and returns it.
func (l *List) Add(d *Diagnostic) *Diagnostic {
	l.Items = append(l.Items, d)
	l.counts[d.Severity]++
	return d
}

// AddError adds err at pos: a Diagnostic as it is (its own place kept if it has one), any other error as an Alert.
// nil is nothing.
func (l *List) AddError(pos Pos, err error) *Diagnostic {
	if err == nil {
		return nil
	}
	var d *Diagnostic
	if !errors.As(err, &d) {
		return l.Alertf(pos, "%s", err.Error())
	}
	if d.Pos.IsZero() {
		d.Pos = pos
	}
	return l.Add(d)
}

// Append adds all of other.
func (l *List) Append(other *List) {
	if other == nil {
		return
	}
	for _, d := range other.Items {
		l.Add(d)
	}
}

// Count is how many of that severity there are.
func (l *List) Count(sev Severity) int { return l.counts[sev] }

// Len is how many there are of all severities.
func (l *List) Len() int { return len(l.Items) }

// Failed tells that at least one keeps the configuration from use: an Alert, or one that is Fatal.
func (l *List) Failed() bool { return slices.ContainsFunc(l.Items, (*Diagnostic).fails) }

// Err is nil unless Failed; it names the first alert and how many more there are.
func (l *List) Err() error {
	if !l.Failed() {
		return nil
	}
	var b strings.Builder
	n := -1
	for _, d := range l.Items {
		if !d.fails() {
			continue
		}
		if n++; n == 0 {
			b.WriteString(d.Error())
		}
	}
	if n > 0 {
		fmt.Fprintf(&b, " (and %d more)", n)
	}
	return errors.New(b.String())
}
