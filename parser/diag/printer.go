package diag

import (
	"io"
	"strconv"
	"strings"
)

// Printer writes diagnostics as HAProxy does on stderr, each followed by its source line with the word underlined,
// the allowed values and the hint. It is owned by the command line.
type Printer struct {
	W       io.Writer
	PID     int
	Sources *Sources // may be nil: no source lines then
	// Min hides what is below it; zero shows all, so set Notice unless -dD is given.
	Min Severity
	// Preamble is written as notices before the first warning or alert (HAProxy tells its version and path there).
	Preamble []string
	// Plain leaves only HAProxy's own lines.
	Plain bool
}

// maxLine bounds the source text shown of one line; a longer one is cut around the word.
const maxLine = 160

// PrintList writes every diagnostic of l.
func (p *Printer) PrintList(l *List) {
	for _, d := range l.Items {
		p.Print(d)
	}
}

// Print writes one diagnostic.
func (p *Printer) Print(d *Diagnostic) {
	if d.Severity < p.Min {
		return
	}
	if d.Severity >= Warning {
		p.preamble()
	}
	var b strings.Builder
	p.head(&b, d.Severity)
	if !d.Late {
		b.WriteString("config : ")
	}
	if !d.Bare && d.Pos.File != "" {
		b.WriteString("parsing [" + d.Pos.String() + "]")
		b.WriteString(map[bool]string{true: ": ", false: " : "}[d.Tight])
	}
	b.WriteString(d.Message + "\n")
	if !p.Plain {
		if d.Bare && d.Pos.File != "" { // HAProxy's sentence has no place
			b.WriteString("  at [" + d.Pos.String() + "]\n")
		}
		p.source(&b, d.Pos)
		p.help(&b, d)
	}
	io.WriteString(p.W, b.String())
}

// Sayf writes one line in the printer's form without a place, as the closing lines after errors.
func (p *Printer) Sayf(sev Severity, format string, args ...any) {
	if sev < p.Min {
		return
	}
	if sev >= Warning {
		p.preamble()
	}
	var b strings.Builder
	p.head(&b, sev)
	b.WriteString(sprintf(format, args) + "\n")
	io.WriteString(p.W, b.String())
}

func (p *Printer) preamble() {
	lines := p.Preamble
	p.Preamble = nil
	for _, line := range lines {
		var b strings.Builder
		p.head(&b, Notice)
		b.WriteString(line + "\n")
		io.WriteString(p.W, b.String())
	}
}

// head writes "[ALERT]    (123) : "; the brackets and their content are padded to eleven columns.
func (p *Printer) head(b *strings.Builder, sev Severity) {
	tag := "[" + sev.String() + "]"
	b.WriteString(tag + strings.Repeat(" ", max(1, 11-len(tag))))
	b.WriteString("(" + strconv.Itoa(p.PID) + ") : ")
}

func (p *Printer) help(b *strings.Builder, d *Diagnostic) {
	if len(d.Allowed) > 0 {
		b.WriteString("  allowed: " + strings.Join(d.Allowed, ", ") + "\n")
	}
	if d.Hint != "" {
		b.WriteString("  did you mean '" + d.Hint + "'?\n")
	}
	if d.Advice != "" {
		b.WriteString("  hint: " + d.Advice + "\n")
	}
	for _, r := range d.Related {
		b.WriteString("  see [" + r.Pos.String() + "]: " + r.Message + "\n")
		p.source(b, r.Pos)
	}
}

// source writes the line and the underline below the word. Tabs stay tabs in both so that they line up.
func (p *Printer) source(b *strings.Builder, pos Pos) {
	text, ok := p.Sources.Line(pos.File, pos.Line)
	if !ok {
		return
	}
	col, end := pos.Col-1, pos.End-1
	if col < 0 || col > len(text) {
		col, end = -1, -1
	}
	text, col, end = window(text, col, end)
	b.WriteString("    " + printable(text) + "\n")
	if col >= 0 {
		b.WriteString("    " + underline(text, col, end) + "\n")
	}
}

// window cuts a long line to the part around the word.
func window(text string, col, end int) (string, int, int) {
	if len(text) <= maxLine {
		return text, col, end
	}
	from := max(0, min(col-maxLine/2, len(text)-maxLine))
	return text[from : from+maxLine], max(col-from, min(col, -1)), end - from
}

// underline is blanks up to the word, then a caret under its first byte and tildes under the rest.
func underline(text string, col, end int) string {
	var b strings.Builder
	for i := 0; i < col && i < len(text); i++ {
		switch c := text[i]; {
		case c == '\t':
			b.WriteByte('\t')
		case c < 0x80 || c >= 0xc0: // continuation bytes take no column
			b.WriteByte(' ')
		}
	}
	b.WriteByte('^')
	for i := col + 1; i < end && i < len(text); i++ {
		if c := text[i]; c < 0x80 || c >= 0xc0 {
			b.WriteByte('~')
		}
	}
	return b.String()
}

// printable replaces control bytes, so that a hostile file cannot drive the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\t' || r == 0x7f || r == 0xfffd {
			return '?'
		}
		return r
	}, s)
}
