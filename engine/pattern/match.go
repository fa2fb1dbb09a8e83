package pattern

import (
	"net/netip"
	"strconv"
	"strings"

	"hawser/engine"
	"hawser/engine/htx"
	"hawser/parser/diag"
)

var methodNames = func() (n [htx.PRI + 1]string) {
	for i := range n {
		n[i] = htx.MethodID(i).String()
	}
	return n
}()

func init() {
	engine.AddMatchMethods(
		engine.MatchMethod{Name: "found", Usage: "Only checks that the sample exists; takes no pattern.",
			New: constant(func(*engine.Env, *engine.Sample) bool { return true })},
		engine.MatchMethod{Name: "bool", In: engine.TBool, Usage: "The integer sample is not zero; takes no pattern.",
			New: constant(func(_ *engine.Env, s *engine.Sample) bool { return s.Int != 0 })},
	)
	for _, m := range []struct{ name, usage string }{
		{"int", "Integers, ranges (1:5, 10:) and the operators eq, ge, gt, le, lt."},
		{"ip", "IPv4 or IPv6 addresses or networks (10.0.0.0/8, ::1)."},
		{"bin", "Binary contents written as hexadecimal digits."},
		{"len", "The length of the sample, as for int."},
		{"str", "The whole sample."}, {"beg", "The beginning of the sample."}, {"end", "The end of the sample."},
		{"sub", "Any part of the sample."}, {"dir", "A part of the sample between slashes."},
		{"dom", "A part of the sample between dots, slashes, colons."},
		{"reg", "A regular expression found in the sample."}, {"meth", "An HTTP method."},
	} {
		engine.AddMatchMethods(engine.MatchMethod{Name: m.name, In: methods[m.name].in, Usage: m.usage, New: newMatch(m.name)})
	}
}

type constMatch func(*engine.Env, *engine.Sample) bool

func (f constMatch) Match(e *engine.Env, s *engine.Sample) bool { return f(e, s) }

func constant(f constMatch) func(*engine.Build, *engine.MatchSpec) (engine.Matcher, error) {
	return func(*engine.Build, *engine.MatchSpec) (engine.Matcher, error) { return f, nil }
}

// matcher is the patterns of one ACL line: those on the line and of its files.
type matcher []*View

func (m matcher) Match(e *engine.Env, s *engine.Sample) bool {
	for _, v := range m {
		if v.find(e, s) != nil {
			return true
		}
	}
	return false
}

// one is a matcher of a single view, the usual case.
type one struct{ *View }

func (m one) Match(e *engine.Env, s *engine.Sample) bool { return m.find(e, s) != nil }

func newMatch(kind string) func(*engine.Build, *engine.MatchSpec) (engine.Matcher, error) {
	return func(b *engine.Build, spec *engine.MatchSpec) (engine.Matcher, error) {
		k := viewKey{kind: kind, fold: spec.IgnoreCase}
		var m matcher
		files := len(spec.Files) + len(spec.MapFiles)
		if len(spec.Patterns)+files == 0 && !spec.Dashed && !spec.Flagged {
			aclWarning(b, spec.Pos, spec.Keyword)
		}
		for i, files := range [][]engine.FileRef{spec.Files, spec.MapFiles} {
			for _, f := range files {
				r, err := fileRef(b, f.Name, i == 1)
				if err != nil {
					return nil, diag.Errorf(f.Pos, "%s.", err.Error())
				}
				r.usedBy("acl", spec.Pos)
				v, err := r.view(k)
				if err != nil {
					return nil, diag.Errorf(f.Pos, "%s.", err.Error())
				}
				m = append(m, v)
			}
		}
		r, err := lineRef(b, spec, kind)
		if err != nil {
			return nil, err
		}
		v, err := r.view(k)
		if err != nil {
			return nil, diag.Errorf(spec.Pos, "%s.", err.Error())
		}
		if files == 0 {
			return one{v}, nil
		}
		return append(m, v), nil
	}
}

// bare is a criterion without its arguments.
func bare(s string) string {
	if i := strings.IndexAny(s, "(,"); i >= 0 {
		return s[:i]
	}
	return s
}

// lineRef makes the Ref of the patterns on an ACL line.
func lineRef(b *engine.Build, spec *engine.MatchSpec, kind string) (*Ref, error) {
	r := &Ref{Desc: "acl '" + bare(spec.Keyword) + "' file '" + spec.Pos.File + "' line " + strconv.Itoa(spec.Pos.Line)}
	if err := refsOf(b).number(r, spec.Unique); err != nil {
		return nil, diag.Errorf(spec.Pos, "%s.", err.Error())
	}
	op := ""
	for _, w := range spec.Patterns {
		key := w.Text
		if kind == "int" || kind == "len" {
			if isOperator(key) {
				op = key
				continue
			}
			if op != "" && !strings.Contains(key, ":") {
				key = op + " " + key
			}
		}
		if kind == "ip" && !spec.NoDNS {
			for _, a := range resolve(key) {
				r.load(a, "", 0)
			}
			if _, ok := readNet(key); !ok && len(resolve(key)) > 0 {
				continue
			}
		}
		if err := tryParse(kind, key, spec.IgnoreCase); err != nil {
			return nil, diag.Errorf(w.Pos, "%s.", err.Error())
		}
		r.load(key, "", 0)
	}
	return r, nil
}

func tryParse(kind, key string, fold bool) error {
	it := item{Entry: &Entry{Key: key}, norm: key}
	return methods[kind].parse(&it, fold)
}

// resolve looks a host name up, as the system does; what is an address gives
// nothing.
func resolve(name string) []string {
	if _, ok := readNet(name); ok || name == "" || name[0] >= '0' && name[0] <= '9' || strings.ContainsAny(name, "/:") {
		return nil
	}
	addrs, err := lookup(name)
	if err != nil {
		return nil
	}
	var out []string
	for _, a := range addrs {
		if ip, err := netip.ParseAddr(a); err == nil {
			out = append(out, ip.Unmap().String())
		}
	}
	return out
}
