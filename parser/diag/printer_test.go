package diag

import (
	"strings"
	"testing"
)

func TestPrinter(t *testing.T) {
	src := new(Sources)
	src.Add("x.cfg", "global\n\tmaxcon  500\r\n  désc \x1b[31m word\n"+strings.Repeat("x", 300)+" here "+strings.Repeat("y", 300)+"\n")
	var list List
	pos := func(line, col, end int) Pos { return Pos{File: "x.cfg", Line: line, Col: col, End: end} }
	list.Alertf(pos(2, 2, 8), "unknown keyword '%s' in '%s' section", "maxcon", "global").WithHint("maxconn")
	list.Warningf(pos(3, 15, 19), "odd").WithAllowed("a", "b").WithRelated(pos(1, 1, 7), "first seen here")
	list.Noticef(pos(4, 302, 306), "long").AsTight()
	list.Diagf(pos(9, 1, 2), "beyond the file")
	list.Alertf(Pos{}, "100%% of nothing").WithAdvice("do %d things", 2)
	list.Alertf(pos(1, 1, 7), "bare").AsBare()
	var out strings.Builder
	p := Printer{W: &out, PID: 123, Sources: src, Preamble: []string{"hawser version is 1"}}
	p.PrintList(&list)
	p.Sayf(Alert, "config : Fatal errors found in configuration.")
	want := `[NOTICE]   (123) : hawser version is 1
[ALERT]    (123) : config : parsing [x.cfg:2] : unknown keyword 'maxcon' in 'global' section
    	maxcon  500
    	^~~~~~
  did you mean 'maxconn'?
[WARNING]  (123) : config : parsing [x.cfg:3] : odd
      désc ?[31m word
                 ^~~~
  allowed: a, b
  see [x.cfg:1]: first seen here
    global
    ^~~~~~
[NOTICE]   (123) : config : parsing [x.cfg:4]: long
    ` + strings.Repeat("x", 79) + " here " + strings.Repeat("y", 75) + `
    ` + strings.Repeat(" ", 80) + `^~~~
[DIAG]     (123) : config : parsing [x.cfg:9] : beyond the file
[ALERT]    (123) : config : 100% of nothing
  hint: do 2 things
[ALERT]    (123) : config : bare
  at [x.cfg:1]
    global
    ^~~~~~
[ALERT]    (123) : config : Fatal errors found in configuration.
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	if !list.Failed() || list.Count(Alert) != 3 || list.Len() != 6 || list.Err() == nil {
		t.Errorf("counts: %+v", list.counts)
	}
}

func TestPrinterMin(t *testing.T) {
	var list List
	list.Diagf(Pos{}, "d")
	list.Noticef(Pos{}, "n")
	var out strings.Builder
	(&Printer{W: &out, Min: Notice, PID: 1}).PrintList(&list)
	if out.String() != "[NOTICE]   (1) : config : n\n" || list.Err() != nil {
		t.Errorf("got %q, %v", out.String(), list.Err())
	}
}

func TestJoin(t *testing.T) {
	words := []Word{
		{Text: "ab", Pos: Pos{Line: 1, Col: 3, End: 5}},
		{Text: "cd", Pos: Pos{Line: 1, Col: 9, End: 13}, Skip: 1, Quoted: true},
	}
	j := Join(words)
	if j.Text != "ab cd" || j.Column(0) != 3 || j.Column(3) != 10 || j.Sub(4, 5).Col != 11 {
		t.Errorf("%+v", j)
	}
	if s := j.Slice(3, 5); s.Text != "cd" || s.Pos.Col != 10 || s.Pos.End != 12 {
		t.Errorf("%+v", s)
	}
}

// A warning that is fatal fails a configuration as an alert does.
func TestFatalWarning(t *testing.T) {
	var l List
	l.Warningf(Pos{}, "odd")
	if l.Failed() || l.Err() != nil {
		t.Error("a warning fails")
	}
	l.Warningf(Pos{}, "wrong").AsFatal()
	if !l.Failed() || l.Err() == nil || l.Err().Error() != "wrong" {
		t.Errorf("a fatal warning: failed %v, error %v", l.Failed(), l.Err())
	}
}
