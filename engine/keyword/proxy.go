package keyword

import (
	"fmt"
	"maps"
	"strings"

	"hawser/engine"
)

func init() {
	engine.AddKeywords(
		engine.Keyword{Name: "mode", In: engine.InAll, Max: 1, Usage: "mode { tcp | http | log | spop }: the protocol of the proxy", Parse: parseMode},
		engine.Keyword{Name: "maxconn", In: engine.InAllFE, Max: 1, Usage: "maxconn <number>: limit of connections of the frontend", Parse: proxyInt("'maxconn' expects an integer argument.", func(s *engine.Settings) *int { return &s.MaxConn })},
		engine.Keyword{Name: "fullconn", In: engine.InAllBE, Max: 1, Usage: "fullconn <number>: the load at which servers get their maxconn", Parse: proxyInt("'fullconn' expects an integer argument.", func(s *engine.Settings) *int { return &s.FullConn })},
		engine.Keyword{Name: "backlog", In: engine.InAllFE, Max: 1, Usage: "backlog <number>: connections that the system may hold before they are accepted", Parse: proxyInt("'backlog' expects an integer argument.", func(s *engine.Settings) *int { return &s.Backlog })},
		engine.Keyword{Name: "retries", In: engine.InAllBE, Max: 1, Usage: "retries <number>: how often a failed connection is tried again", Parse: proxyInt("'retries' expects an integer argument (dispatch counts for one).", func(s *engine.Settings) *int { return &s.Retries })},
		engine.Keyword{Name: "retry-on", In: engine.InAllBE, Max: -1, Usage: "retry-on <event>...: what lets a request be sent again", Parse: parseRetryOn},
		engine.Keyword{Name: "http-reuse", In: engine.InAllBE, Max: 1, Usage: "http-reuse { never | safe | aggressive | always }: who may use an idle connection to a server", Parse: parseReuse},
		engine.Keyword{Name: "max-keep-alive-queue", In: engine.InAllBE, Max: 1, Usage: "max-keep-alive-queue <number>: longest queue in which to wait for the same server; -1: any", Parse: parseKAQueue},
		engine.Keyword{Name: "rate-limit", In: engine.InAllFE, Max: 2, Usage: "rate-limit sessions <number>: new sessions per second", Parse: parseRateLimit},
		engine.Keyword{Name: "monitor-uri", In: engine.InAllFE, Max: 1, Usage: "monitor-uri <uri>: answer this one by ourselves, without a log line", Parse: parseMonitorURI},
		engine.Keyword{Name: "monitor", In: engine.InFE, Max: -1, Usage: "monitor fail { if | unless } <condition>: when monitor-uri reports a failure", Parse: parseMonitorFail},
		engine.Keyword{Name: "description", In: engine.InProxy, Max: -1, Usage: "description <text>: shown in statistics", Parse: parseDescription},
		engine.Keyword{Name: "disabled", In: engine.InAll, Max: -1, Usage: "disabled: the proxy is not started", Parse: setDisabled(true)},
		engine.Keyword{Name: "enabled", In: engine.InAll, Max: -1, Usage: "enabled: undoes disabled of a defaults section", Parse: setDisabled(false)},
		engine.Keyword{Name: "id", In: engine.InProxy, Max: 1, Usage: "id <number>: the proxy's number in statistics", Parse: parseProxyID},
		engine.Keyword{Name: "guid", In: engine.InProxy, Max: 1, Usage: "guid <text>: a unique name over all objects, which nothing in Hawser shows", Parse: parseGUID},
		engine.Keyword{Name: "default_backend", In: engine.InAllFE, Max: 1, Usage: "default_backend <name>: where to go when no use_backend applies", Parse: parseDefaultBackend},
		engine.Keyword{Name: "server-state-file-name", In: engine.InAllBE, Max: 1, Usage: "server-state-file-name [<file>]: where load-server-state-from-file local reads", Parse: parseStateFileName},
		engine.Keyword{Name: "load-server-state-from-file", In: engine.InAllBE, Max: 1, Usage: "load-server-state-from-file { global | local | none }: take the servers' state from a file at start", Parse: parseLoadState},
	)
}

// parseMode reads the protocol.
func parseMode(b *engine.Build, l *engine.Line) error {
	w := word(l, 1)
	b.Px.ModeSet = true
	switch w.Text {
	case "tcp":
		b.Px.Mode = engine.ModeTCP
	case "http":
		b.Px.Mode = engine.ModeHTTP
	case "health":
		return fail(w, "'mode health' doesn't exist anymore. Please use 'http-request return status 200' instead.")
	case "spop":
		b.Notice(w.Pos, "'mode spop' has no effect in Hawser: agents are not asked yet.")
		b.Px.Mode = engine.ModeSPOP
	case "log":
		switch {
		case b.Px.Side&(engine.Back|engine.IsDefaults) == 0:
			return fail(w, "mode syslog is only applicable on proxies with backend capability.")
		case b.Px.Side&engine.Front != 0 && b.Px.Side&engine.IsDefaults == 0:
			return fail(w, "'mode log' in a listen section is known to HAProxy but not supported by Hawser yet")
		}
		b.Px.Mode = engine.ModeLog
	case "haterm":
		return fail(w, "'mode %s' is known to HAProxy but not supported by Hawser yet", w.Text)
	default:
		d := fail(w, "unknown proxy mode '%s'.", w.Text).WithAllowed("tcp", "http")
		if near, ok := engine.NearestOf(w.Text, []string{"tcp", "http", "log", "spop"}); ok {
			d.WithHint(near)
		}
		return d
	}
	return nil
}

// proxyInt reads an integer into a field of the settings.
func proxyInt(missing string, field func(*engine.Settings) *int) func(*engine.Build, *engine.Line) error {
	return func(b *engine.Build, l *engine.Line) error {
		n, err := number(b, word(l, 1), "%s", missing)
		if err != nil {
			return err
		}
		*field(&b.Px.Settings) = n
		return nil
	}
}

var retryEvents = map[string]engine.RetryOn{
	"none": engine.RetryDisabled, "conn-failure": engine.RetryConnFailure, "empty-response": engine.RetryEmptyResponse,
	"junk-response": engine.RetryJunkResponse, "response-timeout": engine.RetryResponseTimeout, "0rtt-rejected": engine.Retry0RTT,
	"401": engine.Retry401, "403": engine.Retry403, "404": engine.Retry404, "408": engine.Retry408, "421": engine.Retry421,
	"425": engine.Retry425, "429": engine.Retry429, "500": engine.Retry500, "501": engine.Retry501, "502": engine.Retry502,
	"503": engine.Retry503, "504": engine.Retry504,
	"all-retryable-errors": engine.RetryConnFailure | engine.RetryEmptyResponse | engine.RetryJunkResponse |
		engine.RetryResponseTimeout | engine.Retry0RTT | engine.Retry500 | engine.Retry502 | engine.Retry503 | engine.Retry504,
}

func parseRetryOn(b *engine.Build, l *engine.Line) error {
	if len(l.Words) < 2 {
		return fail(l.Words[0], "'retry-on' needs at least one keyword to specify when to retry")
	}
	var set engine.RetryOn
	for _, w := range l.Words[1:] {
		ev, ok := retryEvents[w.Text]
		if !ok {
			d := fail(w, "'retry-on': unknown keyword '%s'", w.Text)
			var names []string
			for n := range maps.Keys(retryEvents) {
				names = append(names, n)
			}
			if near, ok := engine.NearestOf(w.Text, names); ok {
				d.WithHint(near)
			}
			return d
		}
		if w.Text == "none" && len(l.Words) > 2 {
			return fail(w, "'retry-on' 'none' keyword only usable alone")
		}
		set |= ev
	}
	b.Px.RetryOn = set
	return nil
}

func parseReuse(b *engine.Build, l *engine.Line) error {
	w := word(l, 1)
	modes := map[string]engine.ReuseMode{"never": engine.ReuseNever, "safe": engine.ReuseSafe, "aggressive": engine.ReuseAggressive, "always": engine.ReuseAlways}
	m, ok := modes[w.Text]
	if !ok {
		return fail(w, "'http-reuse' only supports 'never', 'safe', 'aggressive', 'always'.")
	}
	b.Px.Reuse = m
	return nil
}

func parseKAQueue(b *engine.Build, l *engine.Line) error {
	w := word(l, 1)
	if w.Text == "" {
		return fail(w, "'max-keep-alive-queue' expects expects an integer value (or -1 to disable)")
	}
	n, err := strictNumber(b, w, "'max-keep-alive-queue' : unexpected character '%.1s' in integer value '%s'", w.Text, w.Text)
	if err == nil {
		b.Px.MaxKAQueue = max(n, -1)
	}
	return err
}

func parseRateLimit(b *engine.Build, l *engine.Line) error {
	w := word(l, 2)
	if l.Arg(1) != "sessions" {
		return fail(word(l, 1), "'rate-limit' only supports 'sessions' (got '%s')", l.Arg(1))
	}
	if w.Text == "" {
		return fail(w, "'rate-limit sessions' expects expects an integer value (in sessions/second)")
	}
	n, err := strictNumber(b, w, "'rate-limit sessions' : unexpected character '%.1s' in integer value '%s'", w.Text, w.Text)
	if err == nil {
		b.Px.RateLimit = n
	}
	return err
}

func parseMonitorURI(b *engine.Build, l *engine.Line) error {
	w := word(l, 1)
	if w.Text == "" {
		return fail(w, "'monitor-uri' expects an URI.")
	}
	b.Px.MonitorURI = w.Text
	return nil
}

func parseMonitorFail(b *engine.Build, l *engine.Line) error {
	if l.Arg(1) != "fail" {
		return fail(word(l, 1), "'monitor' only supports 'fail'.")
	}
	if c := word(l, 2); c.Text != "if" && c.Text != "unless" {
		return fail(c, "'monitor fail' requires either 'if' or 'unless' followed by a condition.")
	}
	c, err := b.Cond(rest(l, 2), engine.FeHTTPHdr, "a 'monitor fail' condition")
	if err != nil {
		return err
	}
	b.Px.MonitorFail = append(b.Px.MonitorFail, c)
	return nil
}

func parseDescription(b *engine.Build, l *engine.Line) error {
	if len(l.Words) < 2 {
		return fail(l.Words[0], "'description' expects a string argument.").AsTight()
	}
	b.Px.Description = join(l.Words[1:])
	return nil
}

func setDisabled(v bool) func(*engine.Build, *engine.Line) error {
	return func(b *engine.Build, l *engine.Line) error {
		b.Px.Disabled = v
		return nil
	}
}

func parseProxyID(b *engine.Build, l *engine.Line) error {
	w := word(l, 1)
	if w.Text == "" {
		return fail(w, "'id' expects an integer argument.").AsTight()
	}
	n, _ := digits(w.Text)
	if n <= 0 {
		return fail(w, "custom id has to be > 0.").AsTight()
	}
	for _, px := range b.RT.Proxies {
		if px != b.Px && px.ID == n && px.CustomID {
			return fail(w, "'%s' : custom id %d already used at %s ('%s').", "id", n, px.Pos, px.Name).WithRelated(px.Pos, "the first one")
		}
	}
	b.Px.ID, b.Px.CustomID = n, true
	return nil
}

func parseGUID(b *engine.Build, l *engine.Line) error {
	w := word(l, 1)
	if w.Text == "" {
		return fail(w, "'guid' : expects an argument")
	}
	b.Px.GUID = w.Text
	return claimGUID(b, w, fmt.Sprintf("%s %s", b.Px.Kind, b.Px.Name))
}

// guids are the unique names given so far: by whom.
type guids struct{ owner map[string]string }

var guidSlot = engine.NewSlot[*engine.Runtime, guids]("guid")

// claimGUID checks the form of a GUID and that nobody else has it.
func claimGUID(b *engine.Build, w engine.Word, who string) error {
	const allowed = "-_:."
	for i := range len(w.Text) {
		c := w.Text[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(allowed, c) >= 0) {
			return diagAt(w, i, "'guid': invalid character '%c'", c)
		}
	}
	set := guidSlot.Edit(b.RT)
	if set.owner == nil {
		set.owner = map[string]string{}
	}
	if other, dup := set.owner[w.Text]; dup {
		return fail(w, "'guid': duplicate entry with %s", other)
	}
	set.owner[w.Text] = who
	return nil
}

func diagAt(w engine.Word, i int, format string, args ...any) error {
	d := fail(w, format, args...)
	d.Pos = w.Sub(i, i+1)
	return d
}

func parseDefaultBackend(b *engine.Build, l *engine.Line) error {
	w := word(l, 1)
	if w.Text == "" {
		return fail(w, "'default_backend' expects a backend name.")
	}
	b.Px.DefaultBackend = w
	return nil
}
