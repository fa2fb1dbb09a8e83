package keyword

import (
	"os"

	"hawser/engine"
)

func init() {
	engine.AddSection(engine.SectionKeyword{Name: "peers", Parse: parsePeers,
		Usage: "peers <name>: processes that share stick tables; tables are not shared yet"})
}

var peersLines = map[string]bool{"peer": true, "server": true, "bind": true, "default-bind": true, "default-server": true,
	"table": true, "log": true, "disabled": true, "enabled": true, "shards": true}

// parsePeers accepts the section. A peer that is not this process will not get
// what it waits for, which is said.
func parsePeers(b *engine.Build, s *engine.Section) error {
	if len(s.Args) == 0 {
		return fail(s.Kind, "missing name for peers section.")
	}
	b.RT.Peers = append(b.RT.Peers, s.Args[0].Text)
	local := b.RT.Global.LocalPeer
	if local == "" {
		local, _ = os.Hostname()
	}
	remote := false
	for _, l := range s.Lines {
		w := l.Words[0]
		switch {
		case !peersLines[w.Text]:
			d := fail(w, "unknown keyword '%s' in 'peers' section", w.Text)
			near, _ := engine.NearestOf(w.Text, []string{"peer", "server", "bind", "default-bind", "default-server", "table", "log", "disabled", "enabled", "shards"})
			b.Report(w.Pos, d.WithHint(near))
		case w.Text == "table":
			b.Alert(w.Pos, "'table' in a peers section is known to HAProxy but not supported by Hawser yet")
		case w.Text == "peer" || w.Text == "server":
			remote = remote || l.Arg(1) != local
		}
	}
	if remote {
		b.Warn(s.Kind.Pos, "section 'peers' has no effect in Hawser yet: stick tables are not shared with other processes.")
	}
	return nil
}
