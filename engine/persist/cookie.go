// Package persist keeps clients on their server: by a cookie that is inserted,
// rewritten or prefixed (configuration manual, "cookie"), or by the cookie of an
// RDP connection. It owns nothing at run time; stick tables are another feature.
package persist

import (
	"strings"
	"time"

	"hawser/engine"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

type mode uint8

const (
	passive mode = iota
	rewrite
	insert
	prefix
)

// cookie is the cookie line of a backend.
type cookie struct {
	name                        string
	mode                        mode
	indirect, nocache, postonly bool
	preserve, dynamic           bool
	httponly, secure            bool
	domain                      string // "a; domain=b" when several
	attrs                       []string
	maxidle, maxlife            time.Duration
	tail                        []byte // what follows the value: "; path=/…"
	pos                         diag.Pos
}

var cookies = engine.NewSlot[*engine.Proxy, cookie]("cookie")

// dynamicKey is dynamic-cookie-key.
type dynamicKey struct{ key string }

var dynamicKeys = engine.NewSlot[*engine.Proxy, dynamicKey]("dynamic-cookie-key")

func init() {
	engine.AddKeywords(
		engine.Keyword{Name: "cookie", In: engine.InAllBE, Max: -1, Parse: parseCookie,
			Usage: "cookie <name> [rewrite | insert | prefix] [indirect] [nocache] [postonly] [preserve] [httponly] [secure] [domain <domain>]* [maxidle <idle>] [maxlife <life>] [dynamic] [attr <value>]*: keep clients on their server by a cookie"},
		engine.Keyword{Name: "dynamic-cookie-key", In: engine.InAllBE, Max: 1, Parse: parseDynamicKey,
			Usage: "dynamic-cookie-key <string>: secret from which the values of dynamic cookies are made"},
	)
	reads := func(px *engine.Proxy) bool { return cookies.Get(px) != nil && px.Side&engine.Back != 0 && px.IsHTTP() }
	enabled := func(px *engine.Proxy) bool { return reads(px) && cookies.Get(px).mode != passive }
	engine.AddHook(engine.Hook{Name: "cookie", Phase: engine.PhasePersist, Enabled: reads, Run: request})
	engine.AddHook(engine.Hook{Name: "cookie", Phase: engine.PhaseResHeader, Enabled: reads, Run: response})
	engine.AddHook(engine.Hook{Name: "cookie", Phase: engine.PhaseEnd, Order: -1, Enabled: enabled, Run: letters})
	engine.OnMake(lintDynamic)
	engine.OnMakeServer(makeDynamic)
	engine.OnFinish(func(b *engine.Build, px *engine.Proxy) {
		if px.IsHTTP() || px.Disabled || px.Side&engine.Back == 0 {
			return
		}
		if cookies.Get(px) != nil {
			b.Warn(px.Pos, "cookie will be ignored for %s '%s' (needs 'mode http').", px.TypeName(), px.Name).AsLate()
		}
		for _, srv := range px.Servers {
			if srv.Cookie != "" {
				b.Warn(srv.Pos, "%s '%s' : ignoring cookie for server '%s' as HTTP mode is disabled.", px.TypeName(), px.Name, srv.Name).AsLate()
			}
		}
	})
}

func fail(w engine.Word, format string, args ...any) *diag.Diagnostic {
	return diag.Errorf(w.Pos, format, args...)
}

func parseDynamicKey(b *engine.Build, l *engine.Line) error {
	if len(l.Words) < 2 {
		return fail(l.Words[0], "'dynamic-cookie-key' expects <secret_key> as argument.")
	}
	dynamicKeys.Edit(b.Px).key = l.Words[1].Text
	return nil
}

func parseCookie(b *engine.Build, l *engine.Line) error {
	if len(l.Words) < 2 {
		return fail(l.Words[0], "'cookie' expects <cookie_name> as argument.")
	}
	c := &cookie{name: l.Words[1].Text, pos: l.Words[1].Pos}
	modes := 0
	for i := 2; i < len(l.Words); {
		n, isMode, err := c.option(b, l.Words[i], l.Words[i+1:])
		if err != nil {
			return err
		}
		if isMode {
			modes++
		}
		i += 1 + n
	}
	if modes > 1 {
		return fail(l.Words[2], "cookie 'rewrite', 'insert' and 'prefix' modes are incompatible.")
	}
	c.makeTail()
	cookies.Set(b.Px, c)
	return nil
}

// option reads one option and says how many words behind it it took.
func (c *cookie) option(b *engine.Build, w engine.Word, rest []engine.Word) (n int, isMode bool, err error) {
	flags := map[string]*bool{"indirect": &c.indirect, "nocache": &c.nocache, "postonly": &c.postonly, "preserve": &c.preserve,
		"dynamic": &c.dynamic, "httponly": &c.httponly, "secure": &c.secure}
	if f := flags[w.Text]; f != nil {
		*f = true
		return 0, false, nil
	}
	switch w.Text {
	case "rewrite":
		c.mode = rewrite
		return 0, true, nil
	case "insert":
		c.mode = insert
		return 0, true, nil
	case "prefix":
		c.mode = prefix
		return 0, true, nil
	case "domain", "maxidle", "maxlife", "attr":
		return 1, false, c.valued(b, w, rest)
	}
	d := fail(w, "'cookie' supports 'rewrite', 'insert', 'prefix', 'indirect', 'nocache', 'postonly', 'domain', 'maxidle', 'dynamic', 'maxlife' and 'attr' options.")
	if near, ok := engine.NearestOf(w.Text, []string{"rewrite", "insert", "prefix", "indirect", "nocache", "postonly", "preserve", "httponly", "secure", "domain", "maxidle", "maxlife", "dynamic", "attr"}); ok {
		d.WithHint(near)
	}
	return 0, false, d
}

func (c *cookie) valued(b *engine.Build, w engine.Word, rest []engine.Word) error {
	what := map[string]string{"domain": "<domain>", "maxidle": "<idletime> in seconds", "maxlife": "<lifetime> in seconds", "attr": "<value>"}[w.Text]
	if len(rest) == 0 || rest[0].Text == "" {
		return fail(w, "'%s' expects %s as argument.", w.Text, what).AsTight()
	}
	v := rest[0]
	switch w.Text {
	case "domain":
		c.addDomain(b, v)
	case "attr":
		for i := range len(v.Text) {
			if ch := v.Text[i]; ch < 0x20 || ch == 0x7f || ch == ';' {
				d := fail(v, "character '%%x%02X' is not permitted in attribute value.", ch).AsTight()
				d.Pos = v.Sub(i, i+1)
				return d
			}
		}
		c.attrs = append(c.attrs, v.Text)
	default:
		t, err := unit.Time(v.Text, time.Second)
		if err != nil && !err.Warning() {
			return fail(v, "unexpected character '%.1s' in argument to <%s>.", v.Text[err.At:], w.Text).AsTight()
		}
		if w.Text == "maxidle" {
			c.maxidle = t
		} else {
			c.maxlife = t
		}
	}
	return nil
}

func (c *cookie) addDomain(b *engine.Build, v engine.Word) {
	if !strings.Contains(strings.TrimPrefix(v.Text, "."), ".") {
		b.Warn(v.Pos, "domain '%s' contains no embedded dot, this configuration may not work properly (see RFC6265#5.2.3).", v.Text).AsTight()
	}
	if c.domain == "" {
		c.domain = v.Text
	} else {
		c.domain += "; domain=" + v.Text
	}
}

func (c *cookie) makeTail() {
	t := "; path=/"
	if c.domain != "" {
		t += "; domain=" + c.domain
	}
	if c.httponly {
		t += "; HttpOnly"
	}
	if c.secure {
		t += "; Secure"
	}
	for _, a := range c.attrs {
		t += "; " + a
	}
	c.tail = []byte(t)
}

func init() {
	engine.CookieName = func(px *engine.Proxy) string {
		if c := cookies.Get(px); c != nil {
			return c.name
		}
		return ""
	}
}
