package keyword

import (
	"hawser/engine"
)

// evaluation is the order in which rules meet a stream, whatever their order in
// the file.
var evaluation = []struct {
	name  string
	count func(*engine.Proxy) int
}{
	{"tcp-request connection", rulesIn(engine.TCPReqConn)},
	{"tcp-request session", rulesIn(engine.TCPReqSess)},
	{"tcp-request content", rulesIn(engine.TCPReqCont)},
	{"http-request", rulesIn(engine.HTTPReq)},
	{"redirect", func(px *engine.Proxy) int {
		if rr := redirects.Get(px); rr != nil {
			return len(rr.list)
		}
		return 0
	}},
	{"use_backend", func(px *engine.Proxy) int { return len(px.Switch) }},
	{"use-server", func(px *engine.Proxy) int { return len(px.UseServer) }},
}

func rulesIn(set engine.RulesetID) func(*engine.Proxy) int {
	return func(px *engine.Proxy) int { return len(px.Rules[set]) }
}

// misplaced warns of a rule that stands behind one that is evaluated later.
func misplaced(b *engine.Build, at engine.Word, name string) {
	seen := false
	for i := range evaluation {
		ev := &evaluation[i]
		if ev.name == name {
			seen = true
			continue
		}
		if seen && ev.count(b.Px) > 0 {
			article := "a"
			if ev.name == "http-request" {
				article = "an"
			}
			b.Warn(at.Pos, "a '%s' rule placed after %s '%s' rule will still be processed before.", name, article, ev.name)
			return
		}
	}
}

func init() {
	engine.OnFinish(func(b *engine.Build, px *engine.Proxy) {
		if px.SeesHTTP() || px.Disabled {
			return
		}
		front := px.Side&engine.Front != 0
		if front && (px.CookieCapture != nil || len(px.ReqCaptures)+len(px.ResCaptures) > 0) {
			b.Warn(px.Pos, "'capture' statement ignored for %s '%s' as it requires HTTP mode.", px.TypeName(), px.Name).AsLate()
		}
		if front && px.MonitorURI != "" {
			b.Warn(px.Pos, "'monitor-uri' statement ignored for %s '%s' as it requires HTTP mode.", px.TypeName(), px.Name).AsLate()
		}
		for _, set := range []engine.RulesetID{engine.HTTPReq, engine.HTTPRes, engine.HTTPAfter} {
			if len(px.Rules[set]) > 0 {
				b.Warn(px.Pos, "'%s' rules ignored for %s '%s' as they require HTTP mode.", engine.RulesetName[set], px.TypeName(), px.Name).AsLate()
			}
		}
		if redirects.Get(px) != nil {
			b.Warn(px.Pos, "'redirect' rules ignored for %s '%s' as they require HTTP mode.", px.TypeName(), px.Name).AsLate()
		}
	})
}
