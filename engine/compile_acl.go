package engine

import (
	"errors"
	"strings"

	"hawser/parser/diag"
	"hawser/parser/expr"
)

// predefined are the ACLs that need no declaration (configuration manual, 7.4).
var predefined = map[string][]string{
	"TRUE": {"always_true"}, "FALSE": {"always_false"}, "LOCALHOST": {"src", "127.0.0.1/8", "::1"},
	"HTTP": {"req.proto_http"}, "HTTP_1.0": {"req.ver", "1.0"}, "HTTP_1.1": {"req.ver", "1.1"}, "HTTP_2.0": {"req.ver", "2.0"},
	"HTTP_3.0": {"req.ver", "3.0"}, "METH_CONNECT": {"method", "CONNECT"}, "METH_DELETE": {"method", "DELETE"},
	"METH_GET": {"method", "GET", "HEAD"}, "METH_HEAD": {"method", "HEAD"}, "METH_OPTIONS": {"method", "OPTIONS"},
	"METH_POST": {"method", "POST"}, "METH_PUT": {"method", "PUT"}, "METH_TRACE": {"method", "TRACE"},
	"HTTP_URL_ABS": {"url_reg", "^[^/:]*://"}, "HTTP_URL_SLASH": {"url_beg", "/"}, "HTTP_URL_STAR": {"url", "*"},
	"HTTP_CONTENT": {"req.hdr_val(content-length)", "gt", "0"}, "RDP_COOKIE": {"req.rdp_cookie_cnt", "gt", "0"},
	"REQ_CONTENT": {"req.len", "gt", "0"}, "WAIT_END": {"wait_end"},
}

// AddACL reads the words behind "acl": a name and its test.
func (b *Build) AddACL(px *Proxy, words []Word) error {
	if len(words) == 0 || words[0].Text == "" {
		return diag.Errorf(diag.Pos{}, "missing ACL name")
	}
	name := words[0]
	if predefinedWord(name.Text) && name.Text == "or" {
		return diag.Errorf(name.Pos, "acl name '%s' will never match. 'or' is used to express a disjunctive condition", name.Text)
	}
	for i := range len(name.Text) {
		if c := name.Text[i]; !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.:", c) >= 0) {
			return diag.Errorf(name.Sub(i, i+1), "character '%c' is not permitted in acl name '%s'.", c, name.Text)
		}
	}
	t, err := b.aclTest(words[1:], name.Text)
	if err != nil {
		return prefixed(name.Pos, err, "error detected while parsing ACL '"+name.Text+"' : ")
	}
	a := px.ACLs[name.Text]
	if a == nil {
		a = &ACL{Name: name.Text, Pos: name.Pos}
		px.ACLs[name.Text] = a
	}
	a.Tests = append(a.Tests, t)
	return nil
}

func predefinedWord(s string) bool { return s == "or" || s == "OR" || s == "||" }

// Cond compiles "if …" or "unless …" for use at a place; no words give no
// condition. Who describes the line in messages ("an 'http-request deny' condition").
func (b *Build) Cond(words []Word, where Where, who string) (*Cond, error) {
	if len(words) == 0 {
		return nil, nil
	}
	return b.cond(words, where, who, "error detected while parsing "+who+" : ")
}

// cond is Cond with what stands before a message.
func (b *Build) cond(words []Word, where Where, who, before string) (*Cond, error) {
	tree, d := expr.ParseCond(words)
	if d != nil {
		return nil, prefixed(words[0].Pos, d, before)
	}
	c := &Cond{Unless: tree.Unless, Pos: tree.Pos}
	for _, alt := range tree.Alts {
		var all []CondTerm
		for _, t := range alt.Terms {
			a, err := b.condACL(&t)
			if err != nil {
				return nil, dotted(prefixed(t.Pos, err, before))
			}
			b.checkPlace(a, t.Pos, where, who)
			all = append(all, CondTerm{Neg: t.Neg, ACL: a})
		}
		c.Any = append(c.Any, all)
	}
	return c, nil
}

func (b *Build) condACL(t *expr.Term) (*ACL, error) {
	if t.Anonymous {
		test, err := b.aclTest(t.Words, "")
		if err != nil {
			return nil, err
		}
		return &ACL{Tests: []*ACLTest{test}, Pos: t.Pos}, nil
	}
	if b.Px != nil {
		if a := b.Px.ACLs[t.Name]; a != nil {
			return a, nil
		}
		if d := b.Px.Defaults; d != nil && d.ACLs[t.Name] != nil {
			return d.ACLs[t.Name], nil
		}
	}
	if a := b.Predefined(t.Name, t.Pos); a != nil {
		return a, nil
	}
	d := diag.Errorf(t.Pos, "no such ACL : '%s'.", t.Name)
	if b.Px != nil {
		d.WithHint(nearestACL(b.Px, t.Name))
	}
	return nil, d
}

// Predefined compiles a predefined ACL; nil: there is none of that name.
func (b *Build) Predefined(name string, pos diag.Pos) *ACL {
	def, ok := predefined[name]
	if !ok {
		return nil
	}
	words := make([]Word, len(def))
	for i := range def {
		words[i] = Word{Text: def[i], Pos: pos}
	}
	test, err := b.aclTest(words, name)
	if err != nil {
		return nil
	}
	return &ACL{Name: name, Tests: []*ACLTest{test}, Pos: pos}
}

func nearestACL(px *Proxy, name string) string {
	names := make([]string, 0, len(px.ACLs))
	for n := range px.ACLs {
		names = append(names, n)
	}
	near, _ := NearestOf(name, names)
	return near
}

// checkPlace warns, as HAProxy does, of an ACL that can never match here.
func (b *Build) checkPlace(a *ACL, pos diag.Pos, where Where, who string) {
	for i := range a.Tests {
		x := a.Tests[i].Expr
		if x.Where&where != 0 {
			continue
		}
		name := "'anonymous acl"
		if a.Name != "" {
			name = "acl '" + a.Name + "'"
		}
		b.Warn(pos, "%s will never match because it uses keyword '%s' which is incompatible with '%s'.", name, x.Fetch.Name, placeName(where))
	}
}

// aclTest compiles an ACL's criterion, flags and patterns.
func (b *Build) aclTest(words []Word, acl string) (*ACLTest, error) {
	if len(words) == 0 {
		return nil, diag.Errorf(diag.Pos{}, "missing fetch method in ACL expression ''.")
	}
	x, method, err := b.criterion(words[0])
	if err != nil {
		return nil, err
	}
	spec := &MatchSpec{ACL: acl, Type: x.Out, Pos: words[0].Pos, Keyword: words[0].Text}
	rest, named, err := spec.flags(words[1:])
	if err != nil {
		return nil, err
	}
	if named != "" {
		if own := method; own != "" && own != named || x.Fetch.Match != "" && len(x.Convs) == 0 {
			b.Warn(words[0].Pos, "original matching method '%s' was overwritten and will not be applied as expected.", keywordOf(words[0].Text))
		}
		method = named
	}
	spec.Patterns = rest
	if method == "" && (x.Out == TAny || x.Out == TBin) && keywordOf(spec.Keyword) != "payload" && keywordOf(spec.Keyword) != "payload_lv" {
		return nil, diag.Errorf(words[0].Pos, "matching method must be specified first (using '-m') when using a sample fetch of this type ('%s').", keywordOf(spec.Keyword))
	}
	if method == "" {
		method = DefaultMethod(x, spec)
	}
	m, ok := MatchMethods.Get(method)
	if !ok {
		d := diag.Errorf(words[0].Pos, "unknown matching method '%s' when parsing ACL expression.", method)
		if near, ok := MatchMethods.Nearest(method); ok {
			d.WithHint(near)
		}
		return nil, d
	}
	if m.In != TAny && !CanCast(x.Out, m.In) {
		return nil, diag.Errorf(words[0].Pos, "matching method '%s' cannot be used with fetch keyword '%s'.", method, keywordOf(words[0].Text))
	}
	match, err := m.New(b, spec)
	if err != nil {
		return nil, err
	}
	t := &ACLTest{Expr: x, Match: match, In: m.In, Method: method, Pos: words[0].Pos}
	if b.Px != nil {
		b.Px.Tests = append(b.Px.Tests, t)
	}
	return t, nil
}

// criterion compiles the first word of an ACL: a sample expression or a derived
// keyword (path_beg), whose method it returns.
func (b *Build) criterion(w Word) (*Expr, string, error) {
	tree, d := expr.Parse(w)
	if d != nil {
		return nil, "", inACL(d, w)
	}
	name, method := tree.Fetch.Name, ""
	if _, ok := Fetches.Get(name); !ok {
		if c, ok := Criteria.Get(name); ok {
			tree.Fetch.Name, method = c.Fetch, c.Method
		}
	}
	if _, ok := Fetches.Get(tree.Fetch.Name); !ok {
		d := diag.Errorf(w.Pos, "unknown fetch method '%s' in ACL expression '%s'.", name, w.Text)
		if near, ok := Criteria.Nearest(name); ok {
			d.WithHint(near)
		} else if near, ok := Fetches.Nearest(name); ok {
			d.WithHint(near)
		}
		return nil, "", d
	}
	b.use = usedBy{acl: true}
	x, err := b.exprTree(tree, w.Text)
	if err != nil {
		return nil, "", inACL(prefixed(w.Pos, err, ""), w)
	}
	return x, method, nil
}

// inACL completes the message about a criterion: HAProxy names the expression, or
// the keyword where that is one of its ACL keywords and the mistake is in its
// arguments.
func inACL(err error, w Word) error {
	var d *diag.Diagnostic
	if !errors.As(err, &d) {
		return err
	}
	name := keywordOf(w.Text)
	if rest, ok := strings.CutPrefix(d.Message, "fetch method '"+name+"' : "); ok && aclKeyword(name) {
		d.Message = "ACL keyword '" + name + "' : " + rest
		return d
	}
	d.Message += " in ACL expression '" + w.Text + "'"
	return d
}

// aclKeyword tells whether a name is in HAProxy's list of ACL keywords, as derived
// ones and those that they derive from are.
func aclKeyword(name string) bool {
	if _, ok := Criteria.Get(name); ok {
		return true
	}
	for n, c := range Criteria.All() {
		if strings.TrimSuffix(n, "_"+c.Method) == name {
			return true
		}
	}
	return false
}

// flags reads -i -n -m -f -u -M and -- before the patterns.
func (spec *MatchSpec) flags(words []Word) (patterns []Word, method string, err error) {
	asMap := false
	for len(words) > 0 && len(words[0].Text) > 1 && words[0].Text[0] == '-' && !words[0].Quoted {
		w := words[0]
		words = words[1:]
		switch w.Text {
		case "-i":
			spec.IgnoreCase, spec.Flagged = true, true
		case "-n":
			spec.NoDNS, spec.Flagged = true, true
		case "-M":
			asMap, spec.Flagged = true, true
		case "--":
			spec.Dashed = true
			return words, method, nil
		case "-u", "-m", "-f":
			v := Word{Pos: w.Pos} // the end of the line is an empty word
			if len(words) > 0 {
				v, words = words[0], words[1:]
			}
			spec.Flagged = true
			switch {
			case w.Text == "-m" && method != "":
				return nil, "", diag.Errorf(w.Pos, "only one explicit matching method can be defined with '-m' parameter. if migrating from an old version, just keep the last one.")
			case w.Text == "-m" && v.Text == "":
				return nil, "", diag.Errorf(w.Pos, "unknown matching method '' when parsing ACL expression.")
			case w.Text == "-u" && v.Text == "":
			case w.Text == "-f" && v.Text == "":
				return nil, "", diag.Errorf(w.Pos, "failed to open pattern file <>.")
			case w.Text == "-u":
				spec.Unique = v.Text
			case w.Text == "-m":
				method = v.Text
			case asMap:
				spec.MapFiles = append(spec.MapFiles, FileRef{v.Text, v.Pos})
			default:
				spec.Files = append(spec.Files, FileRef{v.Text, v.Pos})
			}
		default:
			return nil, "", diag.Errorf(w.Pos, "'%s' is not a valid ACL option. Please use '--' before any pattern beginning with a '-'.", w.Text)
		}
	}
	return words, method, nil
}

// keywordOf is the name at the beginning of an expression.
func keywordOf(text string) string {
	if i := strings.IndexAny(text, "(,"); i >= 0 {
		return text[:i]
	}
	return text
}

// DefaultMethod is the match method of an ACL without -m: by the type of the
// sample (configuration manual, 7.1).
func DefaultMethod(x *Expr, spec *MatchSpec) string {
	none := len(spec.Patterns) == 0 && len(spec.Files) == 0 && len(spec.MapFiles) == 0
	if len(x.Convs) == 0 && x.Fetch.Match != "" && !none {
		return x.Fetch.Match
	}
	switch x.Out {
	case TBool:
		return "bool"
	case TSint:
		return "int"
	case TIPv4, TIPv6, TAddr:
		return "ip"
	case TMeth:
		return "meth"
	case TBin:
		return "bin"
	}
	return "str"
}
