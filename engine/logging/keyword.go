package logging

import (
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
)

func init() {
	sw := engine.TakesNo | engine.TakesDefault
	engine.AddKeywords(
		engine.Keyword{Name: "log", In: engine.InAll | engine.InGlobal, Max: -1, Flags: engine.TakesNo, Usage: "log global, log <target> [len <length>] [format <format>] [sample <ranges>:<size>] [profile <name>] <facility> [<level> [<minlevel>]], no log: where log lines go", Parse: parseLog},
		engine.Keyword{Name: "log-tag", In: engine.InAll | engine.InGlobal, Max: -1, Usage: "log-tag <text>: the name of the program in log lines", Parse: parseTag},
		engine.Keyword{Name: "log-send-hostname", In: engine.InGlobal, Max: -1, Usage: "log-send-hostname [<text>]: put this host's name, or the text, into log lines", Parse: parseHostname},
		engine.Keyword{Name: "log-format", In: engine.InDefaults | engine.InProxy, Max: -1, Usage: "log-format <format>: what a log line of a stream says", Parse: parseFormat("log-format", func(px *engine.Proxy) *engine.LogSpec { return &px.LogFmt })},
		engine.Keyword{Name: "log-format-sd", In: engine.InDefaults | engine.InProxy, Max: -1, Usage: "log-format-sd <format>: structured data of RFC 5424 lines", Parse: parseFormat("log-format-sd", func(px *engine.Proxy) *engine.LogSpec { return &px.LogSD })},
		engine.Keyword{Name: "error-log-format", In: engine.InDefaults | engine.InProxy, Max: -1, Usage: "error-log-format <format>: what the line of a connection that failed before its first stream says", Parse: parseFormat("error-log-format", func(px *engine.Proxy) *engine.LogSpec { return &px.LogErr })},
		engine.Keyword{Name: "option httplog", In: engine.InDefaults | engine.InFE | engine.InBackend, Max: -1, Usage: "option httplog [clf]: HAProxy's HTTP log format", Parse: parsePreset("httplog")},
		engine.Keyword{Name: "option tcplog", In: engine.InDefaults | engine.InFE | engine.InBackend, Max: -1, Usage: "option tcplog [clf]: HAProxy's TCP log format", Parse: parsePreset("tcplog")},
		engine.Keyword{Name: "option httpslog", In: engine.InDefaults | engine.InFE | engine.InBackend, Max: -1, Usage: "option httpslog: the HTTP log format with what TLS has to say", Parse: parsePreset("httpslog")},
		engine.Keyword{Name: "option logasap", In: engine.InAllFE, Flags: sw, Usage: "[no] option logasap: log when the response begins, not when it ends", Parse: parseSwitch(engine.OptLogASAP)},
		engine.Keyword{Name: "option dontlognull", In: engine.InAllFE, Flags: sw, Usage: "[no] option dontlognull: no lines of connections that brought no data", Parse: parseSwitch(engine.OptDontLogNull)},
		engine.Keyword{Name: "option dontlog-normal", In: engine.InAllFE, Flags: sw, Usage: "[no] option dontlog-normal: no lines of what went well", Parse: parseSwitch(engine.OptDontLogNormal)},
		engine.Keyword{Name: "option log-separate-errors", In: engine.InAllFE, Flags: sw, Usage: "[no] option log-separate-errors: log what did not go well at level err", Parse: parseSwitch(engine.OptLogSeparateErrors)},
	)
	engine.OnFinish(finish)
}

func fail(w engine.Word, format string, args ...any) error {
	return diag.Errorf(w.Pos, format, args...)
}

func word2(l *engine.Line, n int) engine.Word {
	if n < len(l.Words) {
		return l.Words[n]
	}
	return engine.Word{Pos: l.Words[0].Pos}
}

func parseSwitch(bit engine.Options) func(*engine.Build, *engine.Line) error {
	return func(b *engine.Build, l *engine.Line) error {
		px := b.Px
		px.OptionsSet |= bit
		switch {
		case l.Default:
			px.Options &^= bit
			px.OptionsSet &^= bit
		case l.No:
			px.Options &^= bit
		default:
			px.Options |= bit
		}
		return nil
	}
}

func parseTag(b *engine.Build, l *engine.Line) error {
	w := word2(l, 1)
	if w.Text == "" {
		return fail(l.Words[0], "'log-tag' expects a tag for use in syslog.")
	}
	if b.Px == nil {
		b.RT.Global.LogTag = w.Text
	} else {
		b.Px.LogTag = w.Text
	}
	return nil
}

func parseHostname(b *engine.Build, l *engine.Line) error {
	name := hostname
	if w := word2(l, 1); w.Text != "" {
		name = w.Text
	}
	b.RT.Global.LogSendHostname = name
	return nil
}

// inBackend warns of a format where nothing logs.
func inBackend(b *engine.Build, l *engine.Line, name string) {
	if b.Px.Side == engine.Back {
		b.Warn(l.Words[0].Pos, "backend '%s' : '%s' directive is ignored in backends.", b.Px.Name, name)
	}
}

func parseFormat(name string, of func(*engine.Proxy) *engine.LogSpec) func(*engine.Build, *engine.Line) error {
	return func(b *engine.Build, l *engine.Line) error {
		switch {
		case word2(l, 1).Text == "":
			return fail(l.Words[0], "%s expects an argument.", name)
		case len(l.Words) > 2:
			return fail(l.Words[2], "%s expects only one argument, don't forget to escape spaces!", name)
		}
		inBackend(b, l, name)
		*of(b.Px) = engine.LogSpec{Words: l.Words[1:2]}
		return nil
	}
}

func parsePreset(name string) func(*engine.Build, *engine.Line) error {
	return func(b *engine.Build, l *engine.Line) error {
		preset := name
		if w := word2(l, 2); w.Text != "" && name != "httpslog" {
			if w.Text != "clf" {
				return fail(w, "keyword '%s' only supports option 'clf'.", name)
			}
			preset += " clf"
		}
		inBackend(b, l, "option "+name)
		b.Px.LogFmt = engine.LogSpec{Preset: preset, Words: l.Words[:1]}
		return nil
	}
}

// presets are the formats of the manual (8.2.2 to 8.2.4).
var presets = map[string]string{
	"tcplog":      "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq",
	"tcplog clf":  `%{+Q}o %{-Q}ci - - [%T] "TCP " 000 %B "" "" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U %ts-- %ac %fc %bc %sc %rc %sq %bq "" "" `,
	"httplog":     "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r",
	"httplog clf": `%{+Q}o %{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl`,
	"httpslog": "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r " +
		"%[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc",
}

// finish resolves "log global" and compiles the formats of a frontend.
func finish(b *engine.Build, px *engine.Proxy) {
	px.Logs = withGlobal(b, px.Logs)
	if px.LogTag == "" {
		px.LogTag = b.RT.Global.LogTag
	}
	if px.Side&engine.Front == 0 {
		return
	}
	if len(px.Logs) == 0 {
		if px.LogFmt.Set() || px.LogSD.Set() || px.LogErr.Set() {
			b.Warn(diag.Pos{}, "log format ignored for %s '%s' since it has no log address.", px.TypeName(), px.Name).AsLate()
		}
	}
	if p := px.LogFmt.Preset; !px.IsHTTP() && (p == "httplog" || p == "httplog clf" || p == "httpslog") {
		b.Warn(px.LogFmt.Words[0].Pos, "'option %s' not usable with %s '%s' (needs 'mode http'). Falling back to 'option tcplog'.", optionOf(p), px.Kind, px.Name)
		px.LogFmt.Preset = "tcplog"
	}
	resolveProfiles(b, px)
	compile(b, &px.LogFmt, "log-format")
	compile(b, &px.LogSD, "log-format-sd")
	compile(b, &px.LogErr, "error-log-format")
}

func optionOf(preset string) string {
	if preset == "httplog clf" {
		return "httplog"
	}
	return preset
}

// withKnown puts a dash for the fetches that this build does not have.
func withKnown(f string) string {
	for _, x := range []string{"fc_err", "ssl_fc_err,hex", "ssl_c_err", "ssl_c_ca_err", "ssl_fc_is_resumed", "ssl_fc_sni"} {
		name, _, _ := strings.Cut(x, ",")
		if _, ok := engine.Fetches.Get(name); !ok {
			f = strings.ReplaceAll(f, "%["+x+"]", "-")
		}
	}
	return f
}

func compile(b *engine.Build, spec *engine.LogSpec, name string) {
	if !spec.Set() || spec.Fmt != nil {
		return
	}
	w := spec.Words[0]
	if spec.Preset != "" {
		w = engine.Word{Text: withKnown(presets[spec.Preset])}
	}
	f, err := b.LogFormat(w, engine.AtLog, engine.LogMand|engine.LogLine)
	if err != nil {
		b.Report(spec.Words[0].Pos, prefixed(spec.Words[0], err, "failed to parse "+name+" : "))
		return
	}
	spec.Fmt = f
}
