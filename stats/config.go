package stats

import (
	"slices"
	"strings"
	"time"

	"hawser/engine"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

// page is what the "stats" lines of a proxy say.
type page struct {
	on          bool
	uri         string
	realm       string
	auth        []string // user:password
	refresh     time.Duration
	showVersion bool
	legends     bool
	node        string
	showNode    bool
	desc        string
	showDesc    bool
	scope       []string
	admin       []*engine.Cond
	rules       []engine.Rule // stats http-request
}

var pageSlot = engine.NewSlot[*engine.Proxy, page]("stats page")

const defaultURI = "/haproxy?stats"

// edit returns the page's settings of the proxy being read; any line but
// "hide-version" and the like turns it on.
func edit(b *engine.Build) *page {
	p := pageSlot.Edit(b.Px)
	p.on = true
	if p.uri == "" {
		p.uri = defaultURI
	}
	if p.realm == "" {
		p.realm = "HAProxy Statistics"
	}
	return p
}

func init() {
	all := engine.InAll
	row := func(name string, min, max int, usage string, set func(b *engine.Build, p *page, args []engine.Word) error) engine.Keyword {
		return engine.Keyword{Name: "stats " + name, In: all, Min: min, Max: max, Usage: "stats " + usage,
			Parse: func(b *engine.Build, l *engine.Line) error { return set(b, edit(b), l.Words[2:]) }}
	}
	engine.AddKeywords(
		row("enable", 0, 0, "enable: serve the statistics page at its default place, /haproxy?stats", func(*engine.Build, *page, []engine.Word) error { return nil }),
		row("uri", 1, 1, "uri <prefix>: serve the statistics page under this path", func(_ *engine.Build, p *page, a []engine.Word) error { p.uri = a[0].Text; return nil }),
		row("realm", 1, 1, "realm <text>: name of the realm that a browser shows when it asks for a password", func(_ *engine.Build, p *page, a []engine.Word) error { p.realm = a[0].Text; return nil }),
		row("auth", 1, 1, "auth <user>:<password>: ask for a password; may be repeated", setAuth),
		row("refresh", 1, 1, "refresh <delay>: have browsers load the page again after this time (seconds by default)", setRefresh),
		row("hide-version", 0, 0, "hide-version: do not show the version on the page, which is so anyway unless show-version is said", func(_ *engine.Build, p *page, _ []engine.Word) error { p.showVersion = false; return nil }),
		row("show-version", 0, 0, "show-version: show the version on the page", func(_ *engine.Build, p *page, _ []engine.Word) error { p.showVersion = true; return nil }),
		row("show-legends", 0, 0, "show-legends: show addresses, cookies, modes and algorithms as tips", func(_ *engine.Build, p *page, _ []engine.Word) error { p.legends = true; return nil }),
		row("show-node", 0, 1, "show-node [<name>]: show the node's name", func(_ *engine.Build, p *page, a []engine.Word) error {
			p.showNode = true
			if len(a) > 0 {
				p.node = a[0].Text
			}
			return nil
		}),
		row("show-desc", 0, -1, "show-desc [<text>]: show a description", func(_ *engine.Build, p *page, a []engine.Word) error {
			p.showDesc, p.desc = true, join(a)
			return nil
		}),
		row("scope", 1, 1, "scope <proxy>|.: show this proxy only (\".\": the one that the line stands in); may be repeated", setScope),
		row("admin", 2, -1, "admin if|unless <condition>: let the page change the state of servers", setAdmin),
		row("http-request", 1, -1, "http-request allow|deny|auth [if|unless <condition>]: who may see the page", addRule),
	)
	engine.AddHook(engine.Hook{Name: "stats", Phase: engine.PhaseReqRules, Order: 100,
		Enabled: func(px *engine.Proxy) bool { p := pageSlot.Get(px); return p != nil && p.on },
		Run:     serve})
}

func join(words []engine.Word) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w.Text
	}
	return strings.Join(out, " ")
}

func setAuth(_ *engine.Build, p *page, a []engine.Word) error {
	p.auth = append(slices.Clip(p.auth), a[0].Text)
	return nil
}

func setScope(b *engine.Build, p *page, a []engine.Word) error {
	name := a[0].Text
	if name == "." {
		name = b.Px.Name
	}
	p.scope = append(slices.Clip(p.scope), name)
	return nil
}

func setRefresh(_ *engine.Build, p *page, a []engine.Word) error {
	d, err := unit.Time(a[0].Text, time.Second)
	if err != nil && !err.Warning() {
		return diag.Errorf(a[0].Pos, "%s", err.For("stats refresh"))
	}
	p.refresh = d
	return nil
}

func setAdmin(b *engine.Build, p *page, a []engine.Word) error {
	if a[0].Text != "if" && a[0].Text != "unless" {
		return diag.Errorf(a[0].Pos, "'stats admin' requires either 'if' or 'unless' followed by a condition.")
	}
	c, err := b.Cond(a, engine.FeHTTPHdr|engine.BeHTTPHdr, "a 'stats admin' rule")
	p.admin = append(slices.Clip(p.admin), c)
	return err
}

func addRule(b *engine.Build, p *page, a []engine.Word) error {
	r, err := b.ParseRule(engine.HTTPReq, &engine.Line{Words: a, Pos: a[0].Pos}, a)
	if err == nil {
		p.rules = append(slices.Clip(p.rules), *r)
	}
	return err
}
