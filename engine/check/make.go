package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hawser/engine"
	"hawser/parser/diag"
)

func init() {
	engine.OnMake(func(b *engine.Build, px *engine.Proxy) {
		if c := confs.Get(px); c != nil && px.Side&engine.Back != 0 {
			c.lint(b, px)
		}
	})
	engine.OnMakeServer(makeServer)
	engine.AddSection(engine.SectionKeyword{Name: "healthcheck", Usage: "healthcheck <name>: a check that servers can name", Parse: parseSection})
}

// sections are the healthcheck sections of a runtime.
type sections map[string]*conf

var named = engine.NewSlot[*engine.Runtime, sections]("healthcheck")

// parseSection reads a healthcheck section: "type" is an option's line, the rest
// are rules.
func parseSection(b *engine.Build, s *engine.Section) error {
	if len(s.Args) == 0 {
		return diag.Errorf(s.Kind.Pos, "'healthcheck' expects a name as argument.")
	}
	before := b.Px
	defer func() { b.Px = before }()
	b.Px = &engine.Proxy{Name: s.Args[0].Text, Kind: "healthcheck", RT: b.RT}
	for _, l := range s.Lines {
		name, line := l.Words[0].Text, *l
		if name == "type" {
			if len(l.Words) < 2 {
				b.Report(l.Words[0].Pos, diag.Errorf(l.Words[0].Pos, "'type' expects a healthcheck type as argument."))
				continue
			}
			name = "option " + l.Words[1].Text
		}
		row, ok := engine.Keywords.Get(name)
		if !ok || name != "http-check" && name != "tcp-check" && !strings.HasPrefix(name, "option ") {
			b.Alert(l.Words[0].Pos, "unknown keyword '%s' in '%s' section", l.Words[0].Text, "healthcheck")
			continue
		}
		b.Report(l.Words[0].Pos, row.Parse(b, &line))
	}
	all := named.Edit(b.RT)
	if *all == nil {
		*all = sections{}
	}
	(*all)[s.Args[0].Text] = confs.Edit(b.Px)
	return nil
}

// makeServer compiles the checks of a server.
func makeServer(b *engine.Build, srv *engine.Server) {
	px := srv.Px
	c := confs.Get(px)
	if c == nil {
		c = &conf{}
	}
	resolveTrack(b, srv)
	if srv.Check {
		makePlan(b, px, srv, c)
	}
	if b.Live() && srv.Observe == "layer7" && !observes(px) {
		b.Alert(srv.Pos, "'observe layer7' needs a server or default-server of the file that has it.")
	}
	if sc := servers.Get(srv); sc != nil && sc.agent.on && sc.agent.port == 0 {
		b.Alert(srv.Pos, "'server %s/%s' : server %s does not have agent port. Agent check has been disabled.", px.Name, srv.Name, srv.Name)
	}
}

// lint warns of rules that nothing uses.
func (c *conf) lint(b *engine.Build, px *engine.Proxy) {
	if c.http.owner == px && len(c.http.steps) > 0 && c.kind != "httpchk" {
		b.Warn(px.Pos, "%s '%s' uses http-check rules without 'option httpchk', so the rules are ignored.", px.Kind, px.Name).AsBare()
	}
	if c.tcp.owner == px && len(c.tcp.steps) > 0 && c.kind != "tcp-check" {
		b.Warn(px.Pos, "%s '%s' uses tcp-check rules without 'option tcp-check', so the rules are ignored.", px.Kind, px.Name).AsBare()
	}
	if c.path != "" && c.kind != "external-check" && c.kind != "icmpchk" {
		b.Warn(px.Pos, "'external-check path' will be ignored for %s '%s' (requires 'option external-check').", px.Kind, px.Name).AsBare()
	}
}

func makePlan(b *engine.Build, px *engine.Proxy, srv *engine.Server, c *conf) {
	if sc := servers.Get(srv); sc != nil {
		if sc.section != "" {
			all := named.Get(b.RT)
			if all == nil || (*all)[sc.section] == nil {
				b.Alert(srv.Pos, "'server %s/%s' : healthcheck section '%s' not found for server '%s'.", px.Name, srv.Name, sc.section, srv.Name)
				return
			}
			c = (*all)[sc.section]
		}
	}
	p := &plan{on404: c.on404, state: c.sendState}
	p.timeouts(px, srv)
	srvRecord := srv.Resolvers.Text != "" && strings.HasPrefix(srv.Host, "_") // its port comes with the answer
	if srv.Addr.Port == 0 && !srvRecord && srv.Addr.Path == "" && srv.CheckPort == 0 && !connects(c) && c.kind != "external-check" && c.kind != "icmpchk" {
		b.Alert(srv.Pos, "config: %s '%s': server '%s' has neither service port nor check port.", px.Kind, px.Name, srv.Name).AsBare()
	}
	switch c.kind {
	case "httpchk":
		p.http = true
		p.steps = httpSteps(c)
	case "tcp-check":
		p.tcp, p.rules = true, len(c.tcp.steps) > 0
		p.steps = withConnect(c.tcp.steps)
	case "external-check":
		p.external = makeExternal(b, px, c)
	case "icmpchk":
		p.steps = c.proto // no connection
	default:
		p.steps = withConnect(c.proto)
	}
	p.linger = c.linger
	p.number()
	p.secure(b, srv)
	listening(p.steps)
	p.print = c.print(srv)
	plans.Set(srv, p)
}

// number gives the steps the numbers that failures tell. The connection that no rule
// opens is none; of HTTP rules, those before the first request are none if that is a
// rule, and the request is none if it is not.
func (p *plan) number() {
	begin := 0
	for i, s := range p.steps {
		if q, ok := s.(*request); ok && !q.implicit && p.http {
			begin = i
			break
		}
	}
	p.numbers = make([]int, len(p.steps))
	n := 0
	for i, s := range p.steps {
		c, isConnect := s.(*connect)
		q, isRequest := s.(*request)
		switch {
		case i < begin, isConnect && c.implicit, isRequest && q.implicit:
		default:
			n++
		}
		p.numbers[i] = n
	}
}

// secure makes the TLS of checks of a server that has none for its traffic.
func (p *plan) secure(b *engine.Build, srv *engine.Server) {
	sc := servers.Get(srv)
	wanted := sc != nil && sc.ssl > 0
	for _, s := range p.steps {
		if c, ok := s.(*connect); ok && c.ssl {
			wanted = true
		}
	}
	if !wanted || srv.TLS != nil || engine.NewTLSClient == nil {
		return
	}
	t, err := engine.NewTLSClient(b, srv)
	if err != nil {
		b.Report(srv.Pos, err)
		return
	}
	*tlsOf.Edit(srv) = t
}

// listening marks the connections on which the server speaks first, and expectations
// that another one follows.
func listening(steps []step) {
	for i, s := range steps {
		if e, ok := s.(*expect); ok && i+1 < len(steps) {
			_, e.chained = steps[i+1].(*expect)
		}
		c, ok := s.(*connect)
		if !ok || i+1 == len(steps) {
			continue
		}
		switch steps[i+1].(type) {
		case *send, raw, *request:
		default:
			c.listens = !c.implicit || isWait(steps[i+1])
		}
	}
}

// isWait tells of a step that reads.
func isWait(s step) bool {
	switch s.(type) {
	case *expect, answer:
		return true
	}
	return false
}

func makeExternal(b *engine.Build, px *engine.Proxy, c *conf) *external {
	g := global.Get(b.RT)
	if g == nil || !g.external {
		b.Alert(px.Pos, "Proxy '%s' : 'option external-check' unable to find required 'global.external-check'.", px.Name).AsBare()
		g = &globalConf{}
	} else if !b.RT.Global.InsecureFork {
		b.Warn(px.Pos, "Proxy '%s' : 'insecure-fork-wanted' not enabled in the global section, 'option external-check' will likely fail.", px.Name).AsBare()
	}
	if c.command == "" {
		b.Alert(px.Pos, "Proxy '%s' : 'option external-check' unable to find required 'external-check command'.", px.Name).AsBare()
	}
	return &external{command: c.command, path: c.path, keepEnv: g.keepEnv}
}

// print tells checks apart that mean different things.
func (c *conf) print(srv *engine.Server) string {
	return fmt.Sprintf("%s|%+v|%d|%d|%s|%d|%s|%d", c.kind, c.request.method+c.request.uri, len(c.http.steps), len(c.tcp.steps), c.command, srv.CheckPort, srv.CheckAddr, srv.Rise+srv.Fall<<16)
}

// timeouts splits the time of a check: with timeout check, the connection gets
// the lower of timeout connect and inter, and each wait after it timeout check;
// without, all of it is inter.
func (p *plan) timeouts(px *engine.Proxy, srv *engine.Server) {
	p.connect, p.timeout = srv.Inter, srv.Inter
	if t := px.Timeout.Check; t > 0 {
		p.timeout = t
		if c := px.Timeout.Connect; c > 0 {
			p.connect = min(c, srv.Inter)
		}
	}
	p.connect = max(p.connect, time.Millisecond)
}

func connects(c *conf) bool {
	for _, set := range [][]step{c.http.steps, c.tcp.steps} {
		for _, s := range set {
			if k, ok := s.(*connect); ok && (k.portNum != 0 || k.port != nil) {
				return true
			}
		}
	}
	return false
}

// withConnect gives comments to the step right behind them and puts a connection in
// front where the rules leave it out.
func withConnect(rules []step) []step {
	var out []step
	note, any := "", false
	for _, s := range rules {
		if c, ok := s.(remark); ok {
			note = c.text
			out = append(out, s)
			continue
		}
		if at := commentOf(s); at != nil && *at == "" {
			*at = note
		}
		_, sets := s.(*setVar)
		_, expects := s.(*expect)
		if _, ok := s.(*httpExpect); ok {
			expects = true
		}
		_, connects := s.(*connect)
		if !sets && !connects && !any {
			out = append(out, &connect{implicit: true})
		}
		any = any || !sets
		if q, ok := s.(*request); !expects && (!ok || !q.passes && !q.implicit) {
			note = "" // several expectations in a row share it
		}
		out = append(out, s)
	}
	if !any {
		out = append(out, &connect{implicit: true})
	}
	return out
}

// commentOf is the place of a step's comment, nil where there is none.
func commentOf(s step) *string {
	switch s := s.(type) {
	case *connect:
		return &s.comment
	case *send:
		return &s.note
	case *expect:
		return &s.comment
	case *httpExpect:
		return &s.comment
	}
	return nil
}

// httpSteps completes HTTP rules: a request after the first connection, what
// option httpchk says in it, and an expectation right behind the last request.
func httpSteps(c *conf) []step {
	var rules []step
	sent, last := false, -1
	for _, s := range c.http.steps {
		switch s := s.(type) {
		case *request:
			if last = len(rules); !sent {
				sent = true
				rules = append(rules, s.merge(&c.request))
				continue
			}
		case *httpExpect:
			if !sent {
				q := (&request{}).merge(&c.request)
				q.implicit = true
				rules, sent = append(rules, q), true
			}
			last = -1
		}
		rules = append(rules, s)
	}
	if !sent {
		last = len(rules)
		q := (&request{}).merge(&c.request)
		q.passes = true
		rules = append(rules, q)
	}
	if last >= 0 {
		found := &httpExpect{kind: "status", ranges: [][2]int{{200, 399}}}
		rules = slices.Insert(rules, last+1, step(found))
	}
	return withConnect(rules)
}
