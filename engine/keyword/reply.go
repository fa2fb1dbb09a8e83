package keyword

import (
	"hawser/engine"
)

// replyParser reads what describes a reply of our own: "status 404 content-type
// text/plain string ..." (configuration manual, "http-error", "return").
type replyParser struct {
	b     *engine.Build
	words []engine.Word
	where engine.Where
	reply engine.Reply
}

func (p *replyParser) parse() (*engine.Reply, error) {
	r := &p.reply
	for len(p.words) > 0 {
		w := p.words[0]
		arg := engine.Word{Pos: w.Pos}
		if len(p.words) > 1 {
			arg = p.words[1]
		}
		n := 2
		var err error
		switch w.Text {
		case "status":
			code, i := digits(arg.Text)
			if i == 0 || i != len(arg.Text) {
				return nil, fail(arg, "'status' expects <status_code> as argument")
			}
			r.Status = code
		case "content-type":
			if r.ContentType = arg.Text; arg.Text == "" {
				return nil, fail(arg, "'content-type' expects <ctype> as argument")
			}
		case "hdr":
			n = 3
			err = p.header()
		case "default-errorfiles":
			n = 1
		default:
			err = p.payload(w, arg)
		}
		if err != nil {
			return nil, err
		}
		p.words = p.words[min(n, len(p.words)):]
	}
	return p.finish()
}

// finish leaves a bare status to the standard page.
func (p *replyParser) finish() (*engine.Reply, error) {
	r := p.reply
	if r.Raw != nil || r.Silent || r.Body != nil || r.BodyFmt != nil || r.ContentType != "" {
		return &r, nil
	}
	if std := engine.StandardError(r.Status); engine.HasStandardError(r.Status) && len(r.Headers) == 0 {
		return std, nil
	}
	return &r, nil
}

func (p *replyParser) header() error {
	if len(p.words) < 3 {
		return fail(p.words[0], "'hdr' expects <name> and <value> as arguments")
	}
	f, err := p.b.LogFormat(p.words[2], p.where, engine.LogHTTPText)
	if err != nil {
		return err
	}
	p.reply.Headers = append(p.reply.Headers, engine.ReplyHeader{Name: p.words[1].Text, Fmt: f})
	return nil
}

func (p *replyParser) payload(w, arg engine.Word) error {
	want := map[string]string{"errorfile": "<file>", "errorfiles": "<http_errors>", "file": "<file>", "lf-file": "<file>", "string": "<str>", "lf-string": "<fmt>"}[w.Text]
	if want == "" {
		return fail(w, "unexpected argument '%s'", w.Text)
	}
	if arg.Text == "" && len(p.words) < 2 {
		return fail(w, "'%s' expects %s as argument", w.Text, want)
	}
	r := &p.reply
	switch w.Text {
	case "string":
		r.Body = []byte(arg.Text)
	case "lf-string":
		f, err := p.b.LogFormat(arg, p.where, engine.LogHTTPText)
		r.BodyFmt = f
		return err
	case "file", "lf-file":
		data, err := p.b.ReadFile(arg.Text)
		if err != nil {
			return fail(arg, "error opening file '%s'.", arg.Text).WithAdvice("%s", err.Error())
		}
		if w.Text == "file" {
			r.Body = data
			return nil
		}
		f, err := p.b.LogFormat(engine.Word{Text: string(data), Pos: arg.Pos}, p.where, 0)
		r.BodyFmt = f
		return err
	case "errorfile":
		f, err := loadErrorFile(p.b, arg, r.Status)
		if err == nil {
			r.Raw, r.Silent = f.Raw, f.Silent
		}
		return err
	case "errorfiles":
		replies, ok := engine.FindErrors(p.b, arg.Text)
		if !ok || replies[r.Status] == nil {
			return fail(arg, "unknown http-errors section '%s' or no reply %d in it", arg.Text, r.Status)
		}
		r.Raw, r.Silent = replies[r.Status].Raw, replies[r.Status].Silent
	}
	return nil
}
