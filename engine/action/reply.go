package action

import (
	"strconv"

	"hawser/engine"
	"hawser/parser/diag"
)

func init() {
	const how = " [content-type <type>] [{ default-errorfiles | errorfile <file> | errorfiles <name> | file <file> | lf-file <file> | string <text> | lf-string <format> }] [hdr <name> <format>]*"
	add(engine.InHTTP, "return", "return [status <code>]"+how+": answers with a reply of our own", parseReturn)
	add(engine.InHTTP, "deny", "deny [{ status | deny_status } <code>]"+how+": refuses the message", parseDeny)
	add(httpReq, "tarpit", "tarpit [{ status | deny_status } <code>]"+how+": keeps the client waiting, then refuses", parseTarpit)
}

// replyArgs is a reply under construction.
type replyArgs struct {
	b      *engine.Build
	a      *engine.RuleArgs
	words  []engine.Word
	reply  engine.Reply
	name   string // of the action
	byPage bool   // default-errorfiles: the page of that status
	files  engine.Word
	body   bool
}

// parseReply reads the arguments that deny, tarpit and return have in common.
func parseReply(b *engine.Build, a *engine.RuleArgs, name string, status int) (*replyArgs, error) {
	p := &replyArgs{b: b, a: a, words: a.Words, name: name}
	p.reply.Status = status
	for len(p.words) > 0 {
		n, err := p.word()
		if err != nil {
			return nil, err
		}
		if n == 0 {
			a.Only(len(a.Words) - len(p.words))
			break
		}
		p.words = p.words[n:]
	}
	return p, p.check()
}

func (p *replyArgs) word() (used int, err error) {
	w := p.words[0]
	arg := func(want string) (engine.Word, error) {
		if len(p.words) < 2 || p.words[1].Text == "" && !p.words[1].Quoted {
			return w, fail(p.a, "'%s' expects <%s> as argument.", w.Text, want)
		}
		return p.words[1], nil
	}
	r := &p.reply
	switch w.Text {
	case "status", "deny_status":
		if w.Text == "deny_status" && p.name == "return" {
			return 0, nil
		}
		v, err := arg("status_code")
		if err != nil {
			return 0, err
		}
		code, _ := strconv.Atoi(v.Text)
		if r.Status = code; code < 200 || code > 599 {
			return 0, fail(p.a, "Unexpected status code '%d'.", code)
		}
	case "content-type":
		v, err := arg("ctype")
		if err != nil {
			return 0, err
		}
		r.ContentType = v.Text
	case "hdr":
		if len(p.words) < 3 {
			return 0, fail(p.a, "'hdr' expects <name> and <value> as arguments.")
		}
		f, err := p.b.LogFormat(p.words[2], p.a.Where, engine.LogHTTPText)
		if err != nil {
			return 0, err
		}
		r.Headers = append(r.Headers, engine.ReplyHeader{Name: p.words[1].Text, Fmt: f})
		return 3, nil
	case "default-errorfiles":
		p.byPage = true
		return 1, nil
	case "errorfiles":
		v, err := arg("http_errors_name")
		if err != nil {
			return 0, err
		}
		p.files = v
	case "errorfile":
		v, err := arg("fmt")
		if err != nil {
			return 0, err
		}
		return 2, p.errorFile(v)
	case "file", "lf-file":
		v, err := arg("file")
		if err != nil {
			return 0, err
		}
		data, err := p.b.ReadFile(v.Text)
		if err != nil {
			return 0, diag.Errorf(v.Pos, "error opening file '%s'.", v.Text)
		}
		v.Text, v.Map = string(data), nil
		return 2, p.setBody(w.Text == "lf-file", v)
	case "string", "lf-string":
		v, err := arg("str")
		if err != nil {
			return 0, err
		}
		return 2, p.setBody(w.Text == "lf-string", v)
	default:
		return 0, nil
	}
	return 2, nil
}

func (p *replyArgs) setBody(isFormat bool, v engine.Word) error {
	p.body = true
	if !isFormat {
		p.reply.Body = []byte(v.Text)
		return nil
	}
	f, err := p.b.LogFormat(v, p.a.Where, 0)
	if err == nil && f.IsConst {
		p.reply.Body = f.Const
		return nil
	}
	p.reply.BodyFmt = f
	return err
}

func (p *replyArgs) errorFile(v engine.Word) error {
	if engine.LoadErrorFile == nil {
		return fail(p.a, "error files are not available")
	}
	r, err := engine.LoadErrorFile(p.b, v, p.reply.Status)
	if err != nil {
		return diag.Errorf(v.Pos, "error opening file '%s'..", v.Text).WithAdvice("%s", err.Error())
	}
	p.reply.Raw, p.reply.Silent, p.body = r.Raw, r.Silent, true
	return nil
}

// check refuses what does not go together.
func (p *replyArgs) check() error {
	r := &p.reply
	page := p.byPage || p.name != "return" && !p.body && p.files.Text == "" && len(r.Headers) == 0 && r.ContentType == ""
	if page && !engine.HasStandardError(r.Status) {
		return fail(p.a, "status code '%d' not handled by default with 'default-errorfiles' argument..", r.Status)
	}
	if p.body && r.Raw == nil && !r.Silent && r.ContentType == "" && (len(r.Body) > 0 || r.BodyFmt != nil) {
		return fail(p.a, "a content type must be defined when non-empty payload is configured.")
	}
	p.byPage = page
	return nil
}

// resolved returns the function that gives a stream its reply: nil means the page
// of the status.
func (p *replyArgs) resolved() func(*engine.Stream) *engine.Reply {
	r := &p.reply
	if p.files.Text != "" {
		b, px, name := p.b, p.b.Px, p.files
		b.Later(func() {
			replies, ok := map[int]*engine.Reply(nil), false
			if engine.FindErrors != nil {
				replies, ok = engine.FindErrors(b, name.Text)
			}
			switch {
			case !ok:
				b.Alert(name.Pos, "Proxy '%s': unknown http-errors section '%s' referenced by an http reply .", px.Name, name.Text).AsBare()
			case replies[r.Status] != nil:
				*r = *replies[r.Status]
			default:
				*r = *engine.StandardError(r.Status)
			}
		})
	}
	if p.byPage {
		status := r.Status
		return func(s *engine.Stream) *engine.Reply { return page(s, status) }
	}
	return func(*engine.Stream) *engine.Reply { return r }
}

// page is the configured page of a status, else the standard one.
func page(s *engine.Stream, status int) *engine.Reply {
	if s.Back != nil {
		if r := s.Back.Errors[status]; r != nil {
			return r
		}
	}
	if r := s.Front.Errors[status]; r != nil {
		return r
	}
	return engine.StandardError(status)
}

func parseReturn(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	return answer(b, a, "return", 200, engine.Done)
}

func parseDeny(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	status := 403
	if a.Ruleset == engine.HTTPRes {
		status = 502
	}
	return answer(b, a, "deny", status, engine.Deny)
}

func parseTarpit(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	return answer(b, a, "tarpit", 500, engine.Tarpit)
}

func answer(b *engine.Build, a *engine.RuleArgs, name string, status int, v verd) (engine.Action, error) {
	p, err := parseReply(b, a, name, status)
	if err != nil {
		return nil, err
	}
	of := p.resolved()
	return engine.ActionFunc(func(e env) verd {
		e.Strm.Local.Reply = of(e.Strm)
		return v
	}), nil
}
