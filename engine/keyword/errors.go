package keyword

import (
	"maps"
	"slices"
	"strconv"

	"hawser/engine"
	"hawser/engine/htx"
)

func init() {
	engine.AddKeywords(
		engine.Keyword{Name: "errorfile", In: engine.InAll, Max: 2, Usage: "errorfile <code> <file>: the complete response sent instead of this error", Parse: parseErrorFile},
		engine.Keyword{Name: "errorloc", In: engine.InAll, Max: 2, Usage: "errorloc <code> <url>: redirect there (302) instead of this error", Parse: errorLoc(302)},
		engine.Keyword{Name: "errorloc302", In: engine.InAll, Max: 2, Usage: "errorloc302 <code> <url>: redirect there with 302 instead of this error", Parse: errorLoc(302)},
		engine.Keyword{Name: "errorloc303", In: engine.InAll, Max: 2, Usage: "errorloc303 <code> <url>: redirect there with 303 instead of this error", Parse: errorLoc(303)},
		engine.Keyword{Name: "errorfiles", In: engine.InAll, Max: -1, Usage: "errorfiles <name> [<code>...]: take the responses of an http-errors section", Parse: parseErrorFiles},
		engine.Keyword{Name: "http-error", In: engine.InAll, Max: -1, Usage: "http-error status <code> [content-type <type>] [{ default-errorfiles | errorfile <file> | errorfiles <name> | file <file> | lf-file <file> | string <text> | lf-string <format> }] [hdr <name> <format>]*: the response sent instead of this error", Parse: parseHTTPError},
	)
	engine.AddSection(engine.SectionKeyword{Name: "http-errors", Usage: "http-errors <name>: a set of error files", Parse: parseHTTPErrors})
}

// setError replaces the reply for a status; the map of a defaults section is
// left as it is.
func setError(px *engine.Proxy, code int, r *engine.Reply) {
	px.Errors = maps.Clone(px.Errors)
	if px.Errors == nil {
		px.Errors = map[int]*engine.Reply{}
	}
	px.Errors[code] = r
}

// errorCode reads a status that can have an error file.
func errorCode(w engine.Word, kw string) (int, error) {
	code, n := digits(w.Text)
	if n != len(w.Text) || !engine.HasStandardError(code) {
		return 0, fail(w, "%s : status code '%s' not handled.", kw, w.Text)
	}
	return code, nil
}

func parseErrorFile(b *engine.Build, l *engine.Line) error {
	if len(l.Words) < 3 {
		return fail(l.Words[0], "errorfile : expects <status_code> and <file> as arguments.")
	}
	code, err := errorCode(l.Words[1], "errorfile")
	if err != nil {
		return err
	}
	r, err := loadErrorFile(b, l.Words[2], code)
	if err == nil {
		setError(b.Px, code, r)
	}
	return err
}

func loadErrorFile(b *engine.Build, w engine.Word, code int) (*engine.Reply, error) {
	if w.Text == "/dev/null" {
		return &engine.Reply{Status: code, Silent: true}, nil
	}
	data, err := b.ReadFile(w.Text)
	if err != nil {
		return nil, fail(w, "errorfile : error opening file '%s'.", w.Text).WithAdvice("%s", err.Error())
	}
	r, err := rawReply(data, code)
	if err != nil {
		return nil, fail(w, "errorfile : '%s' : %s.", w.Text, err.Error())
	}
	return r, nil
}

func errorLoc(status int) func(*engine.Build, *engine.Line) error {
	return func(b *engine.Build, l *engine.Line) error {
		kw := l.Words[0].Text
		if len(l.Words) < 3 {
			return fail(l.Words[0], "%s : expects <status_code> and <url> as arguments.", kw)
		}
		code, err := errorCode(l.Words[1], kw)
		if err != nil {
			return err
		}
		raw := &engine.RawReply{}
		raw.Head.StartResponse(status, map[int]string{302: "Found", 303: "See Other"}[status])
		raw.Head.AddIDStr(htx.CacheControl, "no-cache")
		raw.Head.AddIDStr(htx.ContentLength, "0")
		raw.Head.AddStr("location", l.Words[2].Text)
		setError(b.Px, code, &engine.Reply{Status: status, Raw: raw})
		return nil
	}
}

// errorSets are the http-errors sections by name.
type errorSets struct{ sets map[string]*errorSet }

type errorSet struct {
	pos     engine.Word
	replies map[int]*engine.Reply
}

var httpErrors = engine.NewSlot[*engine.Runtime, errorSets]("http-errors")

func init() {
	engine.FindErrors = func(b *engine.Build, name string) (map[int]*engine.Reply, bool) {
		if all := httpErrors.Get(b.RT); all != nil && all.sets[name] != nil {
			return all.sets[name].replies, true
		}
		return nil, false
	}
	engine.LoadErrorFile = loadErrorFile
}

func parseHTTPErrors(b *engine.Build, s *engine.Section) error {
	if len(s.Args) == 0 {
		return fail(s.Kind, "missing name for http-errors section.")
	}
	all := httpErrors.Edit(b.RT)
	if all.sets == nil {
		all.sets = map[string]*errorSet{}
	}
	name := s.Args[0]
	if o := all.sets[name.Text]; o != nil {
		return fail(name, "http-errors section '%s' already exists (declared at %s).", name.Text, o.pos.Pos).AsTight().WithRelated(o.pos.Pos, "the first one")
	}
	set := &errorSet{pos: s.Kind, replies: map[int]*engine.Reply{}}
	all.sets[name.Text] = set
	for _, l := range s.Lines {
		b.Report(l.Pos, set.line(b, l))
	}
	return nil
}

func (set *errorSet) line(b *engine.Build, l *engine.Line) error {
	if l.Words[0].Text != "errorfile" {
		d := fail(l.Words[0], "unknown keyword '%s' in 'http-errors' section", l.Words[0].Text)
		if near, ok := engine.NearestOf(l.Words[0].Text, []string{"errorfile"}); ok {
			d.WithHint(near)
		}
		return d
	}
	if len(l.Words) < 3 {
		return fail(l.Words[0], "errorfile: expects <status_code> and <file> as arguments.")
	}
	code, err := errorCode(l.Words[1], "errorfile")
	if err != nil {
		return err
	}
	r, err := loadErrorFile(b, l.Words[2], code)
	if err == nil {
		set.replies[code] = r
	}
	return err
}

// parseErrorFiles takes replies of an http-errors section, which may come later
// in the file.
func parseErrorFiles(b *engine.Build, l *engine.Line) error {
	name := word(l, 1)
	if name.Text == "" {
		return fail(name, "%s : expects <name> as argument.", l.Words[0].Text)
	}
	var want []int
	for _, w := range rest(l, 2) {
		code, err := errorCode(w, "errorfiles")
		if err != nil {
			return err
		}
		want = append(want, code)
	}
	px := b.Px
	spec := errorRefs.Edit(px)
	spec.list = append(slices.Clip(spec.list), errorRef{name, want})
	return nil
}

type errorRef struct {
	name engine.Word
	want []int
}

type errorRefList struct{ list []errorRef }

var errorRefs = engine.NewSlot[*engine.Proxy, errorRefList]("errorfiles")

func init() {
	engine.OnFinish(func(b *engine.Build, px *engine.Proxy) {
		refs := errorRefs.Get(px)
		if refs == nil {
			return
		}
		for _, ref := range refs.list {
			replies, ok := engine.FindErrors(b, ref.name.Text)
			if !ok {
				b.Alert(ref.name.Pos, "proxy '%s': unknown http-errors section '%s' (at %s).", px.Name, ref.name.Text, ref.name.Pos).AsLate()
				continue
			}
			for _, code := range codesOf(replies, ref.want) {
				if px.Errors[code] == nil && replies[code] != nil {
					setError(px, code, replies[code])
				}
			}
		}
	})
}

func codesOf(replies map[int]*engine.Reply, want []int) []int {
	if want != nil {
		return want
	}
	return slices.Sorted(maps.Keys(replies))
}

// parseHTTPError reads a reply as the return action does.
func parseHTTPError(b *engine.Build, l *engine.Line) error {
	if len(l.Words) < 2 || l.Words[1].Text != "status" {
		return fail(l.Words[0], "http-error : expects at least a <status> as arguments.")
	}
	p := replyParser{b: b, words: rest(l, 1), where: engine.OnStream}
	r, err := p.parse()
	if err != nil {
		return prefixed(l.Words[0], err, "http-error : ")
	}
	if !engine.HasStandardError(r.Status) {
		return fail(l.Words[2], "http-error : Unexpected status code '%s'", strconv.Itoa(r.Status))
	}
	setError(b.Px, r.Status, r)
	return nil
}
