package forwarded

import (
	"strings"

	"hawser/engine"
	"hawser/engine/htx"
)

func init() {
	engine.AddKeywords(
		engine.Keyword{Name: "unique-id-format", In: engine.InAll, Max: -1, Parse: parseIDFormat,
			Usage: "unique-id-format <format>: how the unique ID of a request is made"},
		engine.Keyword{Name: "unique-id-header", In: engine.InAllFE, Max: -1, Parse: parseIDHeader,
			Usage: "unique-id-header <name>: tell servers the unique ID in this header"},
		engine.Keyword{Name: "http-send-name-header", In: engine.InAllBE, Max: -1, Parse: parseNameHeader,
			Usage: "http-send-name-header [<header>]: tell servers their name in this header"},
	)
	engine.OnFinish(compileID)
	engine.AddHook(engine.Hook{Name: "unique-id-header", Phase: engine.PhaseHeader, Order: -10,
		Enabled: func(px *engine.Proxy) bool { return px.UniqueIDHeader != "" && px.SeesHTTP() }, Run: addID})
	engine.AddHook(engine.Hook{Name: "http-send-name-header", Phase: engine.PhaseServer,
		Enabled: func(px *engine.Proxy) bool { n := names.Get(px); return n != nil && n.key.Name != "" && px.SeesHTTP() }, Run: addName})
}

func parseIDFormat(b *engine.Build, l *engine.Line) error {
	if len(l.Words) < 2 || l.Words[1].Text == "" {
		return fail(l.Words[0], "unique-id-format expects an argument.")
	}
	if len(l.Words) > 2 {
		return fail(l.Words[2], "unique-id-format expects only one argument, don't forget to escape spaces!")
	}
	b.Px.UniqueID = engine.LogSpec{Words: l.Words[1:2]}
	return nil
}

func parseIDHeader(b *engine.Build, l *engine.Line) error {
	if len(l.Words) < 2 || l.Words[1].Text == "" {
		return fail(l.Words[0], "unique-id-header expects an argument.")
	}
	b.Px.UniqueIDHeader = strings.ToLower(l.Words[1].Text)
	return nil
}

// compileID compiles the format for each frontend that has one.
func compileID(b *engine.Build, px *engine.Proxy) {
	if len(px.UniqueID.Words) == 0 || px.Side&engine.Front == 0 {
		return
	}
	f, err := b.LogFormat(px.UniqueID.Words[0], engine.FeHTTPHdr|engine.FeTCPCont, engine.LogHTTPText|engine.LogLine)
	if err != nil {
		b.Report(px.UniqueID.Words[0].Pos, err)
		return
	}
	px.UniqueID.Fmt = f
}

func addID(s *engine.Stream) engine.Verdict {
	if s.Env.Px != s.Front || s.Kind == engine.NotHTTP {
		return engine.Continue
	}
	if id := s.MakeUniqueID(); len(id) > 0 {
		m := s.Req
		m.AddSpans(m.PutStr(s.Front.UniqueIDHeader), m.Put(id))
	}
	return engine.Continue
}

// nameHeader is http-send-name-header.
type nameHeader struct{ key htx.Key }

var names = engine.NewSlot[*engine.Proxy, nameHeader]("http-send-name-header")

func parseNameHeader(b *engine.Build, l *engine.Line) error {
	if len(l.Words) < 2 || l.Words[1].Text == "" {
		return fail(l.Words[0], "'http-send-name-header' requires a header string.")
	}
	names.Set(b.Px, &nameHeader{key: htx.NewKey(strings.ToLower(l.Words[1].Text))})
	return nil
}

func addName(s *engine.Stream) engine.Verdict {
	if s.Kind != engine.NotHTTP {
		e := &s.Env
		m := e.Mark()
		e.Tmp = append(e.Tmp, s.Server.Name...)
		s.Req.SetKey(names.Get(s.Back).key, e.Since(m))
		e.Tmp = e.Tmp[:m]
	}
	return engine.Continue
}
