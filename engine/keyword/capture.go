package keyword

import (
	"strings"

	"hawser/engine"
)

func init() {
	engine.AddKeywords(
		engine.Keyword{Name: "capture", In: engine.InFE, Max: -1, Usage: "capture cookie <name> len <length>, capture { request | response } header <name> len <length>: keep it for the logs", Parse: parseCapture},
		engine.Keyword{Name: "declare", In: engine.InFE, Max: -1, Usage: "declare capture { request | response } len <length>: a slot for http-request capture and http-response capture", Parse: parseDeclare},
	)
}

const captureWants = "'capture' expects 'cookie' or 'request header' or 'response header'."

func parseCapture(b *engine.Build, l *engine.Line) error {
	switch {
	case l.Arg(1) == "cookie":
		return captureCookie(b, l)
	case (l.Arg(1) == "request" || l.Arg(1) == "response") && l.Arg(2) == "header":
		return captureHeader(b, l, l.Arg(1))
	}
	return fail(word(l, 1), captureWants)
}

func captureCookie(b *engine.Build, l *engine.Line) error {
	name := l.Arg(2)
	n, i := digits(l.Arg(4))
	if name == "" || l.Arg(3) != "len" || i == 0 || n == 0 {
		return fail(word(l, 4), "'capture' expects 'cookie' <cookie_name> 'len' <len>.")
	}
	if err := extra(l, 5, "capture cookie"); err != nil {
		return err
	}
	b.Px.CookieCapture = &engine.CaptureCookie{Name: name, Len: n}
	return nil
}

func captureHeader(b *engine.Build, l *engine.Line, dir string) error {
	name := l.Arg(3)
	n, i := digits(l.Arg(5))
	if name == "" || l.Arg(4) != "len" || i == 0 {
		return fail(word(l, 5), "'capture %s' expects 'header' <header_name> 'len' <len>.", dir)
	}
	if err := extra(l, 6, "capture "+dir); err != nil {
		return err
	}
	addCapture(b.Px, dir, engine.CaptureHeader{Name: strings.ToLower(name), Len: n})
	return nil
}

func addCapture(px *engine.Proxy, dir string, c engine.CaptureHeader) {
	if dir == "request" {
		px.ReqCaptures = append(px.ReqCaptures, c)
	} else {
		px.ResCaptures = append(px.ResCaptures, c)
	}
}

func parseDeclare(b *engine.Build, l *engine.Line) error {
	dir := l.Arg(2)
	switch {
	case l.Arg(1) == "":
		return fail(l.Words[0], "'declare' needs a second keyword that specify the type of declaration ('capture')")
	case l.Arg(1) != "capture":
		return fail(l.Words[1], "unknown declaration type '%s' (supports 'capture')", l.Arg(1))
	case dir != "request" && dir != "response":
		return fail(word(l, 2), "'declare capture' requires a direction ('request' or 'response')")
	case l.Arg(3) != "len":
		return fail(word(l, 3), "'declare capture' requires a capture length ('len')")
	case l.Arg(4) == "":
		return fail(l.Words[3], "'declare capture': 'len' requires a numeric value that represents the capture length")
	}
	n, i := digits(l.Arg(4))
	if i != len(l.Arg(4)) {
		return fail(l.Words[4], "'declare capture': cannot parse the length '%s'.", l.Arg(4))
	}
	addCapture(b.Px, dir, engine.CaptureHeader{Len: n})
	return nil
}

func init() {
	engine.OnFinish(func(b *engine.Build, px *engine.Proxy) {
		if c := px.CookieCapture; c != nil && c.Len > b.RT.Global.Tune.CookieLen {
			px.CookieCapture = &engine.CaptureCookie{Name: c.Name, Len: b.RT.Global.Tune.CookieLen}
		}
	})
}
