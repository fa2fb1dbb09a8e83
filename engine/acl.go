package engine

import (
	"hawser/engine/registry"
	"hawser/parser/diag"
)

// Result is the outcome of a match or a condition: No and Yes are certain,
// Maybe means that more data is needed.
type Result uint8

// The outcomes.
const (
	No Result = iota
	Maybe
	Yes
)

// Not turns an outcome around; Maybe stays.
func (r Result) Not() Result { return Yes - r }

// Matcher is a compiled set of patterns with its method (configuration manual,
// 7.1). It is safe for concurrent use and does not keep the sample.
type Matcher interface {
	Match(e *Env, s *Sample) bool
}

// MatchSpec is what an ACL line says of its patterns.
type MatchSpec struct {
	IgnoreCase bool      // -i
	NoDNS      bool      // -n
	Unique     string    // -u: identifier
	Files      []FileRef // -f
	MapFiles   []FileRef // -M -f: the file is a map
	Patterns   []Word
	Type       Type // of the sample
	ACL        string
	Keyword    string // the criterion as written, without arguments
	Dashed     bool   // "--" was given
	Flagged    bool   // another flag than -m was given
	Pos        diag.Pos
}

// FileRef is a file named on the line, with its place.
type FileRef struct {
	Name string
	Pos  diag.Pos
}

// MatchMethod is a way to match samples against patterns (-m name).
type MatchMethod struct {
	Name  string
	In    Type // what the sample is converted to; TAny: taken as it is
	Usage string
	New   func(b *Build, spec *MatchSpec) (Matcher, error)
}

// MatchMethods is the table of -m methods. A fetch's type selects the default:
// see DefaultMethod.
var MatchMethods = registry.New[*MatchMethod]("match method")

// AddMatchMethods registers rows; for init functions.
func AddMatchMethods(rows ...MatchMethod) {
	for i := range rows {
		MatchMethods.Add(rows[i].Name, &rows[i])
	}
}

// Criterion is a derived ACL keyword: path_beg stands for "path -m beg".
type Criterion struct {
	Name, Fetch, Method string
}

// Criteria is the table of the derived ACL keywords.
var Criteria = registry.New[Criterion]("ACL keyword")

// AddCriteria registers the criteria fetch_method of a fetch for each method,
// where name is the spelling before the underscore.
func AddCriteria(fetch, name string, methods ...string) {
	for _, m := range methods {
		n := name + "_" + m
		Criteria.Add(n, Criterion{Name: n, Fetch: fetch, Method: m})
	}
}

// ACL is a named (or anonymous) list of tests: it holds when one of them does.
type ACL struct {
	Name  string
	Tests []*ACLTest
	Pos   diag.Pos
}

// ACLTest is one "acl" line: an expression and what it is matched against.
type ACLTest struct {
	Expr   *Expr
	Match  Matcher
	In     Type // the sample is converted to it before the match
	Method string
	Pos    diag.Pos
	Group  *TestGroup // answers this test with others, or nil
	Bit    int        // of this test in the group's answers
}

// Eval tells whether the ACL holds. Fetches that iterate are asked for one value
// after the other until one matches.
func (a *ACL) Eval(e *Env) Result {
	out := No
	for i := range a.Tests {
		switch a.Tests[i].eval(e) {
		case Yes:
			return Yes
		case Maybe:
			out = Maybe
		}
	}
	return out
}

func (t *ACLTest) eval(e *Env) Result {
	if t.Group != nil && e.window != 0 {
		if bits := t.Group.answers(e); bits != nil {
			return Result(bits[t.Bit>>6]>>(t.Bit&63)&1) * Yes
		}
	}
	m := e.Mark()
	e.Each, e.Cur = true, [2]int{}
	res := t.evalEach(e)
	e.Each = false
	e.Tmp = e.Tmp[:m]
	return res
}

func (t *ACLTest) evalEach(e *Env) Result {
	for {
		s, st := t.Expr.Eval(e)
		switch st {
		case Wait:
			if e.Final {
				return No
			}
			return Maybe
		case Missing:
			if !s.More {
				return No
			}
			continue
		}
		more, may := s.More, s.May && !e.Final
		if e.Cast(&s, t.In) && t.Match.Match(e, e.Hold(s)) {
			return Yes
		}
		if may {
			return Maybe
		}
		if !more {
			return No
		}
	}
}
