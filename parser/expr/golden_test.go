package expr

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"hawser/parser/diag"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden runs every line above "=>" through its grammar; the line below is the tree, or the message with the
// columns it points at. Messages are HAProxy's.
func TestGolden(t *testing.T) {
	grammars := map[string]func(string) string{
		"exprs": goldenExpr, "formats": goldenFormat, "conditions": goldenCond, "predicates": goldenPred,
	}
	for name, run := range grammars {
		t.Run(name, func(t *testing.T) {
			file := "testdata/" + name + ".golden"
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			for _, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
				if !strings.HasPrefix(line, "  => ") {
					out.WriteString(line + "\n  => " + run(line) + "\n")
				}
			}
			switch {
			case *update:
				err = os.WriteFile(file, []byte(out.String()), 0o644)
			case out.String() != string(data):
				t.Errorf("got\n%s", diff(string(data), out.String()))
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// diff shows the lines of got that differ from want.
func diff(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	var b strings.Builder
	for i, line := range g {
		if i >= len(w) || w[i] != line {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

func word(text string) Word {
	return Word{Text: text, Pos: diag.Pos{File: "f", Line: 1, Col: 1, End: len(text) + 1}}
}

func fault(d *diag.Diagnostic) string {
	return fmt.Sprintf("error %d-%d: %s", d.Pos.Col, d.Pos.End, d.Message)
}

func showExpr(e *Expr) string {
	parts := []string{showCall(&e.Fetch)}
	for i := range e.Convs {
		parts = append(parts, showCall(&e.Convs[i]))
	}
	return strings.Join(parts, " | ")
}

func showCall(c *Call) string {
	s := fmt.Sprintf("%s@%d", c.Name, c.Pos.Col)
	if c.Parens {
		s += "("
		for i, a := range c.Args {
			if i > 0 {
				s += " "
			}
			s += fmt.Sprintf("%q@%d-%d", a.Text, a.Pos.Col, a.Pos.End)
		}
		s += ")"
	}
	return s
}

func goldenExpr(text string) string {
	e, err := Parse(word(text))
	switch {
	case e == nil:
		return fault(err)
	case err != nil:
		return fault(err) + "; before it " + showExpr(e)
	}
	return showExpr(e)
}

func goldenFormat(text string) string {
	nodes, err := ParseFormat(word(text))
	var parts []string
	if err != nil {
		parts = append(parts, fault(err))
	}
	for _, n := range nodes {
		s := fmt.Sprintf("%q", n.Text)
		switch n.Kind {
		case NodeAlias:
			s = "alias " + n.Alias
		case NodeExpr:
			s = "[" + showExpr(n.Expr) + "]"
		}
		if n.Name != "" || n.Type != "" {
			s += " (" + n.Name + ":" + n.Type + ")"
		}
		for _, f := range n.Flags {
			s += fmt.Sprintf(" %s%s@%d", map[bool]string{true: "+", false: "-"}[f.Add], f.Name, f.Pos.Col)
		}
		parts = append(parts, fmt.Sprintf("%s@%d-%d", s, n.Pos.Col, n.Pos.End))
	}
	return strings.Join(parts, " · ")
}

func goldenCond(text string) string {
	var words []Word
	for i, f := range strings.Fields(text) {
		words = append(words, Word{Text: f, Pos: diag.Pos{Line: 1, Col: i, End: i + 1}}) // columns are word numbers here
	}
	c, err := ParseCond(words)
	if err != nil {
		return fault(err)
	}
	var alts []string
	for _, a := range c.Alts {
		var terms []string
		for _, t := range a.Terms {
			s := map[bool]string{true: "not ", false: ""}[t.Neg] + t.Name
			if t.Anonymous {
				s += fmt.Sprintf("%v", t.Words)
			}
			terms = append(terms, s)
		}
		if terms == nil {
			terms = []string{"true"}
		}
		alts = append(alts, strings.Join(terms, " and "))
	}
	return map[bool]string{true: "unless ", false: ""}[c.Unless] + strings.Join(alts, " or ")
}

func testArity(name string) (int, bool) {
	n, ok := map[string]int{"defined": 1, "feature": 1, "streq": 2, "fips_mode": 0}[name]
	return n, ok
}

func goldenPred(text string) string {
	p, err := ParsePred(text, testArity)
	if err != nil {
		return fmt.Sprintf("error at %d: %s", err.At+1, err.Message)
	}
	return showPred(p)
}

func showPred(p *Pred) string {
	var alts []string
	for _, or := range p.Or {
		var terms []string
		for _, t := range or.And {
			s := map[bool]string{true: "!", false: ""}[t.Neg]
			switch {
			case t.Int:
				s += fmt.Sprint(t.True)
			case t.Sub != nil:
				s += "(" + showPred(t.Sub) + ")"
			default:
				s += fmt.Sprintf("%s%q", t.Name, t.Args)
			}
			terms = append(terms, s)
		}
		alts = append(alts, strings.Join(terms, " && "))
	}
	return strings.Join(alts, " || ")
}

func FuzzExpr(f *testing.F) {
	for _, s := range []string{"src", "hdr(a),regsub(\"(a|b)\",c,g)", "%ci [%{+Q}[src]] %%", "str('it\\'s'),lower", "streq(a,b) && !(1 || 0)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if e, err := Parse(word(text)); err == nil && (e == nil || e.Fetch.Name == "") {
			t.Errorf("%q: no fetch and no error", text)
		}
		ParseFormat(word(text))
		ParsePred(text, testArity)
		var words []Word
		for _, w := range strings.Fields("if " + text) {
			words = append(words, word(w))
		}
		ParseCond(words)
	})
}

func BenchmarkParse(b *testing.B) {
	w := word("req.hdr(host),lower,regsub(a,b,g)")
	b.ReportAllocs()
	for b.Loop() {
		Parse(w)
	}
}

func BenchmarkParseFormat(b *testing.B) {
	w := word("%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r")
	b.ReportAllocs()
	for b.Loop() {
		ParseFormat(w)
	}
}
