package keyword

import (
	"hawser/engine"
	"hawser/parser/diag"
)

type optionRow struct {
	name  string
	in    engine.In
	bit   engine.Options
	usage string
}

var switches = []optionRow{
	{"abortonclose", engine.InAll, engine.OptAbortOnClose, "give requests up whose client closed"},
	{"allbackups", engine.InAllBE, engine.OptAllBackups, "use all backup servers together"},
	{"http-buffer-request", engine.InAll, engine.OptBufferRequest, "wait for the request body before going on"},
	{"http-drop-request-trailers", engine.InDefaults | engine.InBackend | engine.InListen, engine.OptDropReqTrailers, "drop trailers of requests"},
	{"http-drop-response-trailers", engine.InAllFE, engine.OptDropResTrailers, "drop trailers of responses"},
	{"http-ignore-probes", engine.InAllFE, engine.OptIgnoreProbes, "say nothing of connections that are closed unused"},
	{"http-pretend-keepalive", engine.InAllBE, engine.OptPretendKeepAlive, "do not tell the server that its connection will be closed"},
	{"idle-close-on-response", engine.InAllFE, engine.OptIdleCloseOnResponse, "delay the close of idle connections while stopping"},
	{"nolinger", engine.InAll, engine.OptNoLinger, "close sockets at once"},
	{"checkcache", engine.InAllBE, engine.OptCheckCache, "refuse responses that have a cookie and that caches may keep"},
	{"persist", engine.InAllBE, engine.OptPersist, "send to the server of the cookie even when it is down"},
	{"prefer-last-server", engine.InAllBE, engine.OptPreferLastServer, "keep a client on the server that it used last"},
	{"socket-stats", engine.InAllFE, engine.OptSocketStats, "count for each listener"},
	{"clitcpka", engine.InAllFE, engine.OptClientKA, "TCP keep-alive on the client's side"},
	{"srvtcpka", engine.InAllBE, engine.OptServerKA, "TCP keep-alive on the server's side"},
	{"tcp-smart-accept", engine.InAllFE, engine.OptSmartAccept, "save the acknowledgement of a request, which the answer carries (with mode http unless 'no' says otherwise)"},
	{"tcp-smart-connect", engine.InAllBE, engine.OptSmartConnect, "save the acknowledgement that ends the handshake with a server: the request carries it"},
	{"splice-auto", engine.InAll, engine.OptSpliceAuto, "move bodies and TCP data inside the kernel, both ways, where much is coming; 'no' never does, and where nothing is said TCP and tunnels do"},
	{"splice-request", engine.InAll, engine.OptSpliceRequest, "splice-auto for what clients send"},
	{"splice-response", engine.InAll, engine.OptSpliceResponse, "splice-auto for what servers send"},
	{"tcpka", engine.InAll, engine.OptClientKA | engine.OptServerKA, "TCP keep-alive on both sides"},
	{"accept-unsafe-violations-in-http-request", engine.InAllFE, engine.OptUnsafeRequest, "let requests pass that violate the protocol"},
	{"accept-unsafe-violations-in-http-response", engine.InAllBE, engine.OptUnsafeResponse, "let responses pass that violate the protocol"},
	{"accept-invalid-http-request", engine.InAllFE, engine.OptUnsafeRequest, "the former name of accept-unsafe-violations-in-http-request"},
	{"accept-invalid-http-response", engine.InAllBE, engine.OptUnsafeResponse, "the former name of accept-unsafe-violations-in-http-response"},
	{"h1-case-adjust-bogus-client", engine.InAllFE, engine.OptCaseAdjustClient, "write header names to clients as h1-case-adjust says"},
	{"h1-case-adjust-bogus-server", engine.InAllBE, engine.OptCaseAdjustServer, "write header names to servers as h1-case-adjust says"},
}

// idle are options that steer what Hawser does one way only: they are accepted, and a
// notice says why nothing comes of them.
var idle = []struct {
	name string
	in   engine.In
	why  string
}{
	{"contstats", engine.InAllFE, "traffic is counted when a stream ends"},
	{"http-no-delay", engine.InAll, "every piece is forwarded at once anyway"},
	{"http-use-proxy-header", engine.InAllFE, "HAProxy reads it and heeds it no more than this: Proxy-Connection is a header like any other"},
	{"independent-streams", engine.InAll, "each direction has its own timeout anyway"},
	{"disable-h2-upgrade", engine.InAllFE, "HTTP/2 is not looked for on connections that begin as HTTP/1"},
	{"transparent", engine.InAllBE, "a server at 0.0.0.0 goes where the client wanted to go"},
}

func init() {
	for _, row := range idle {
		engine.AddKeywords(engine.Keyword{Name: "option " + row.name, In: row.in, Flags: engine.TakesNo | engine.TakesDefault | engine.NoEffect, Usage: row.why, Parse: nothing})
	}
	for _, row := range switches {
		engine.AddKeywords(engine.Keyword{Name: "option " + row.name, In: row.in, Flags: engine.TakesNo | engine.TakesDefault,
			Usage: "[no|default] option " + row.name + ": " + row.usage, Parse: setOption(row.bit)})
	}
	engine.AddKeywords(
		engine.Keyword{Name: "option use-small-buffers", In: engine.InAllBE, Max: -1, Flags: engine.TakesNo | engine.NoEffect,
			Usage: "option use-small-buffers [queue] [l7-retries] [check]: buffers have the size of what is in them anyway", Parse: smallBuffers},
		engine.Keyword{Name: "option http-keep-alive", In: engine.InAll, Flags: engine.TakesNo | engine.TakesDefault, Usage: "[no] option http-keep-alive: keep connections after a transaction (the default)", Parse: setHTTPMode(engine.HTTPKeepAlive)},
		engine.Keyword{Name: "option http-server-close", In: engine.InAll, Flags: engine.TakesNo | engine.TakesDefault, Usage: "[no] option http-server-close: close the server's connection after each transaction", Parse: setHTTPMode(engine.HTTPServerClose)},
		engine.Keyword{Name: "option httpclose", In: engine.InAll, Flags: engine.TakesNo | engine.TakesDefault, Usage: "[no] option httpclose: close both connections after each transaction", Parse: setHTTPMode(engine.HTTPClose)},
		engine.Keyword{Name: "option forceclose", In: engine.InAll, Flags: engine.TakesNo | engine.TakesDefault | engine.Legacy, Usage: "option forceclose: write option httpclose", Parse: formerHTTPMode("forceclose", "httpclose", engine.HTTPClose)},
		engine.Keyword{Name: "option httpclosed", In: engine.InAll, Flags: engine.TakesNo | engine.Legacy, Usage: "option httpclosed: write option httpclose", Parse: formerHTTPMode("httpclosed", "httpclose", engine.HTTPClose)},
		engine.Keyword{Name: "option http-tunnel", In: engine.InAll, Flags: engine.TakesNo | engine.TakesDefault | engine.Legacy, Usage: "option http-tunnel: gone since HAProxy 2.1; remove it", Parse: formerHTTPMode("http-tunnel", "http-keep-alive", engine.HTTPKeepAlive)},
		engine.Keyword{Name: "option http-use-htx", In: engine.InAll, Flags: engine.TakesNo | engine.TakesDefault | engine.Legacy, Usage: "option http-use-htx: the only way since HAProxy 2.1; remove it", Parse: formerOption},
		engine.Keyword{Name: "option http_proxy", In: engine.InAll, Max: -1, Flags: engine.TakesNo | engine.TakesDefault | engine.Legacy, Usage: "option http_proxy: gone since HAProxy 2.5", Parse: refuseHTTPProxy},
		engine.Keyword{Name: "option redispatch", In: engine.InAllBE, Max: 1, Flags: engine.TakesNo | engine.TakesDefault, Usage: "[no] option redispatch [<interval>]: try another server after failures", Parse: parseRedispatch},
		engine.Keyword{Name: "redispatch", In: engine.InAllBE, Max: 0, Flags: engine.Legacy, Usage: "redispatch: write option redispatch", Parse: parseOldRedispatch},
		engine.Keyword{Name: "option http-restrict-req-hdr-names", In: engine.InAll, Max: 1, Usage: "option http-restrict-req-hdr-names { preserve | delete | reject }: what becomes of request headers whose names hold other than letters, digits and dashes", Parse: parseRestrict},
	)
}

func setOption(bit engine.Options) func(*engine.Build, *engine.Line) error {
	return func(b *engine.Build, l *engine.Line) error {
		px := b.Px
		switch {
		case l.Default:
			px.Options &^= bit
			px.OptionsSet &^= bit
			return nil
		case l.No:
			px.Options &^= bit
		default:
			px.Options |= bit
		}
		px.OptionsSet |= bit
		return nil
	}
}

func setHTTPMode(m engine.HTTPMode) func(*engine.Build, *engine.Line) error {
	return func(b *engine.Build, l *engine.Line) error {
		switch {
		case !l.No && !l.Default:
			b.Px.HTTPMode = m
		case b.Px.HTTPMode == m || l.Default:
			b.Px.HTTPMode = engine.HTTPKeepAlive
		}
		return nil
	}
}

func formerHTTPMode(old, now string, m engine.HTTPMode) func(*engine.Build, *engine.Line) error {
	set := setHTTPMode(m)
	return func(b *engine.Build, l *engine.Line) error {
		b.Warn(l.Words[0].Pos, "option '%s' is not supported any more: write 'option %s' instead, or remove it.", old, now)
		return set(b, l)
	}
}

func formerOption(b *engine.Build, l *engine.Line) error {
	b.Warn(l.Words[0].Pos, "'option %s' has no meaning any more: remove it.", l.Words[1].Text)
	return nil
}

func refuseHTTPProxy(_ *engine.Build, l *engine.Line) error {
	return diag.Errorf(l.Words[1].Pos, "option 'http_proxy' is not supported any more since HAProxy 2.5: it stopped working in HAProxy 1.9. 'http-request set-dst' and 'http-request set-uri' do it, with 'http-request do-resolve' for names.")
}

func parseRedispatch(b *engine.Build, l *engine.Line) error {
	px, w := b.Px, word(l, 2)
	switch {
	case l.No || l.Default:
		px.Redispatch = 0
	case w.Text == "":
		px.Redispatch = -1
	default:
		n, err := number(b, w, "invalid '%s' argument: '%s' (integer expected).", "option redispatch", w.Text)
		px.Redispatch = n
		return err
	}
	return nil
}

func parseOldRedispatch(b *engine.Build, l *engine.Line) error {
	b.Warn(l.Words[0].Pos, "the 'redispatch' directive is gone since HAProxy 2.1: write 'option redispatch' instead.")
	b.Px.Redispatch = -1
	return nil
}

func parseRestrict(b *engine.Build, l *engine.Line) error {
	w := word(l, 2)
	const want = "option 'http-restrict-req-hdr-names' expects 'preserve', 'reject' or 'delete' option."
	switch w.Text {
	case "":
		return fail(w, "missing parameter. "+want)
	case "preserve", "delete", "reject":
		restrict.Edit(b.Px).policy = w.Text
		return nil
	}
	return fail(w, "invalid parameter '%s'. "+want, w.Text)
}

func smallBuffers(_ *engine.Build, l *engine.Line) error {
	for _, w := range l.Words[2:] {
		switch w.Text {
		case "queue", "l7-retries", "check":
		default:
			return fail(w, "invalid parameter '%s'. option 'use-small-buffers' expects 'queue', 'l7-retries' or 'check' value.", w.Text)
		}
	}
	return nil
}
