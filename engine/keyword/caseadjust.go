package keyword

import (
	"bufio"
	"bytes"
	"strings"

	"hawser/engine"
)

func init() {
	engine.AddKeywords(
		engine.Keyword{Name: "h1-case-adjust", In: engine.InGlobal, Max: 2, Usage: "h1-case-adjust <from> <to>: write this header name in another case, where an h1-case-adjust-bogus option asks for it", Parse: parseCaseAdjust},
		engine.Keyword{Name: "h1-case-adjust-file", In: engine.InGlobal, Max: 1, Usage: "h1-case-adjust-file <file>: the same for each line of a file", Parse: parseCaseFile},
	)
}

func parseCaseAdjust(b *engine.Build, l *engine.Line) error {
	if l.Arg(2) == "" {
		return fail(l.Words[0], "'h1-case-adjust' expects <from> and <to> as argument.")
	}
	return addCase(b, l.Words[1], l.Words[1].Text, l.Words[2].Text)
}

func addCase(b *engine.Build, at engine.Word, from, to string) error {
	g := &b.RT.Global
	from = strings.ToLower(from)
	switch {
	case !strings.EqualFold(from, to):
		return fail(at, "<from> and <to> must not differ except the case")
	case g.CaseAdjust[from] != "":
		return fail(at, "duplicate entry '%s'", from)
	}
	if g.CaseAdjust == nil {
		g.CaseAdjust = map[string]string{}
	}
	g.CaseAdjust[from] = to
	return nil
}

func parseCaseFile(b *engine.Build, l *engine.Line) error {
	w := word(l, 1)
	if w.Text == "" {
		return fail(w, "'h1-case-adjust-file' expects <file> as argument.")
	}
	data, err := b.ReadFile(w.Text)
	if err != nil {
		return fail(w, "'h1-case-adjust-file' : cannot read '%s' : %s.", w.Text, err.Error())
	}
	sc := bufio.NewScanner(bytes.NewReader(data))
	for sc.Scan() {
		f := strings.Fields(sc.Text())
		if len(f) == 0 || f[0][0] == '#' {
			continue
		}
		if len(f) != 2 {
			return fail(w, "'h1-case-adjust-file' : '%s' : two names are expected in '%s'.", w.Text, sc.Text())
		}
		if err := addCase(b, w, f[0], f[1]); err != nil {
			return err
		}
	}
	return nil
}
