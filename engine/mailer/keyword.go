package mailer

import (
	"strconv"
	"strings"
	"time"

	"hawser/engine"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

// section is a mailers section. Immutable after build.
type section struct {
	name    string
	pos     diag.Pos
	servers []server
	timeout time.Duration
}

type server struct{ name, network, addr string }

// sections are those of a generation.
type sections struct{ byName map[string]*section }

// conf is what a proxy says of mail.
type conf struct {
	mailers        engine.Word
	from, to, host string
	level          int // the highest that is sent; zero means alert, -1 emerg
	sec            *section
}

var (
	all   = engine.NewSlot[*engine.Runtime, sections]("mailers")
	confs = engine.NewSlot[*engine.Proxy, conf]("email-alert")
)

func init() {
	engine.AddSection(engine.SectionKeyword{Name: "mailers", Usage: "mailers <name>: mail servers that alerts go to", Parse: parseSection})
	for word, usage := range map[string]string{
		"from":       "from <address>: who sends the alerts",
		"to":         "to <address>: who gets the alerts",
		"mailers":    "mailers <section>: the mail servers",
		"level":      "level <level>: up to which syslog level messages are sent (alert)",
		"myhostname": "myhostname <name>: the name in HELO (the host's)",
	} {
		engine.AddKeywords(engine.Keyword{Name: "email-alert " + word, In: engine.InAll, Max: 1, Usage: "email-alert " + usage, Parse: parseAlert})
	}
	engine.AddKeywords(engine.Keyword{Name: "email-alert", In: engine.InAll, Max: 2, Usage: "email-alert { from | level | mailers | myhostname | to } …: mail when servers go down or come up", Parse: parseAlert})
	engine.OnFinish(finish)
}

func fail(w engine.Word, format string, args ...any) *diag.Diagnostic {
	return diag.Errorf(w.Pos, format, args...)
}

// levels are the names of syslog levels by their number.
var levels = []string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}

func parseAlert(b *engine.Build, l *engine.Line) error {
	what, value := l.Arg(1), l.Arg(2)
	if what == "" {
		return fail(l.Words[0], "missing argument after 'email-alert'.")
	}
	c := confs.Edit(b.Px)
	field := map[string]*string{"from": &c.from, "to": &c.to, "myhostname": &c.host, "mailers": &c.mailers.Text}[what]
	switch {
	case field == nil && what != "level":
		return fail(l.Words[1], "email-alert: unknown argument '%s'.", what)
	case value == "":
		return fail(l.Words[1], "missing argument after '%s'.", what)
	case what == "level":
		for i, name := range levels {
			if name == value {
				if c.level = i; i == 0 {
					c.level = -1
				}
				return nil
			}
		}
		return fail(l.Words[2], "unknown log level '%s' after '%s'", what, value).WithAllowed(levels...)
	}
	*field = value
	if what == "mailers" {
		c.mailers = l.Words[2]
	}
	return nil
}

// finish finds the section and warns of what is missing.
func finish(b *engine.Build, px *engine.Proxy) {
	c := confs.Get(px)
	if c == nil || px.Side&engine.IsDefaults != 0 {
		return
	}
	if c.mailers.Text == "" || c.from == "" || c.to == "" {
		b.Warn(px.Pos, "'email-alert' will be ignored for %s '%s' (the presence any of 'email-alert from', 'email-alert level' 'email-alert mailers', 'email-alert myhostname', or 'email-alert to' requires each of 'email-alert from', 'email-alert mailers' and 'email-alert to' to be present).", px.TypeName(), px.Name).AsLate()
		return
	}
	if set := all.Get(b.RT); set != nil {
		confs.Edit(px).sec = set.byName[c.mailers.Text]
	}
	if confs.Get(px).sec == nil {
		d := b.Alert(c.mailers.Pos, "Proxy '%s': unable to find mailers '%s'.", px.Name, c.mailers.Text).AsLate()
		if set := all.Get(b.RT); set != nil {
			var names []string
			for n := range set.byName {
				names = append(names, n)
			}
			near, _ := engine.NearestOf(c.mailers.Text, names)
			d.WithHint(near)
		}
	}
}

func parseSection(b *engine.Build, s *engine.Section) error {
	if len(s.Args) == 0 {
		return fail(s.Kind, "missing name for mailers section.")
	}
	set, name := all.Edit(b.RT), s.Args[0]
	if set.byName == nil {
		set.byName = map[string]*section{}
	}
	if o := set.byName[name.Text]; o != nil {
		return fail(name, "mailers section '%s' has the same name as another mailers section declared at %s.", name.Text, o.pos).AsTight().WithRelated(o.pos, "the first one")
	}
	sec := &section{name: name.Text, pos: s.Kind.Pos, timeout: 10 * time.Second}
	set.byName[name.Text] = sec
	for _, l := range s.Lines {
		b.Report(l.Words[0].Pos, sec.line(b, l))
	}
	return nil
}

func (sec *section) line(b *engine.Build, l *engine.Line) error {
	switch w := l.Words[0]; w.Text {
	case "mailer":
		return sec.mailer(b, l)
	case "timeout":
		return sec.parseTimeout(l)
	default:
		d := fail(w, "unknown keyword '%s' in 'mailers' section", w.Text)
		near, _ := engine.NearestOf(w.Text, []string{"mailer", "timeout"})
		return d.WithHint(near)
	}
}

func (sec *section) mailer(b *engine.Build, l *engine.Line) error {
	if l.Arg(2) == "" {
		return fail(l.Words[0], "'mailer' expects <name> and <addr>[:<port>] as arguments.")
	}
	name, w := l.Words[1].Text, l.Words[2]
	want := unit.NameWant
	want.Env = b.Getenv
	a, err := unit.ParseAddr(w.Text, want)
	switch {
	case err != nil:
		return fail(w, "'mailer %s' : %s", name, err.Error())
	case !a.HasPort && a.Path == "":
		return fail(w, "'mailer %s' : missing port specification in '%s'", name, w.Text)
	}
	srv := server{name: name, network: "tcp", addr: hostPort(a.IP.String(), a.Port)}
	switch {
	case a.Path != "":
		srv.network, srv.addr = "unix", a.SocketPath()
	case a.Host != "":
		srv.addr = hostPort(a.Host, a.Port)
	}
	sec.servers = append(sec.servers, srv)
	return nil
}

func (sec *section) parseTimeout(l *engine.Line) error {
	what := l.Arg(1)
	switch {
	case what == "":
		return fail(l.Words[0], "'timeout' expects 'mail' and <time> as arguments.")
	case what != "mail":
		return fail(l.Words[1], "'timeout' expects 'mail' and <time> as arguments got '%s'.", what)
	case l.Arg(2) == "":
		return fail(l.Words[1], "'timeout mail' expects <time> as argument.")
	}
	d, err := unit.Time(l.Arg(2), time.Millisecond)
	switch {
	case err != nil && !err.Warning():
		return fail(l.Words[2], "unexpected character '%.1s' in argument to <%s>.", l.Arg(2)[err.At:], "timeout mail").AsTight()
	case d <= 0:
		return fail(l.Words[2], "'timeout mail' expects a positive <time>")
	}
	sec.timeout = d
	return nil
}

func hostPort(host string, port int) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(port)
}
