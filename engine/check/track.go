package check

import (
	"strings"

	"hawser/engine"
)

// resolveTrack finds the server that srv tracks.
func resolveTrack(b *engine.Build, srv *engine.Server) {
	w := srv.Track
	if w.Text == "" {
		return
	}
	who := "'server " + srv.Px.Name + "/" + srv.Name + "' : "
	px, name := srv.Px, w.Text
	if be, s, ok := strings.Cut(w.Text, "/"); ok {
		if px, name = b.FindBackend(be), s; px == nil {
			b.Alert(w.Pos, "%sunable to find required proxy '%s' for tracking.", who, be)
			return
		}
	}
	o := px.Server(name)
	switch {
	case o == nil:
		b.Alert(w.Pos, "%sunable to find required server '%s' for tracking.", who, name)
	case srv.Check || agentOn(srv):
		b.Alert(w.Pos, "%sunable to enable checks and tracking at the same time!", who)
	case o == srv || loops(b, o, srv):
		b.Alert(w.Pos, "%sunable to track %s/%s because it tracks this server.", who, px.Name, name)
	case o.Dynamic:
		b.Alert(w.Pos, "%sunable to use %s/%s for tracking as it is a dynamic server.", who, px.Name, name)
	case !o.Check && !agentOn(o) && o.Track.Text == "":
		b.Alert(w.Pos, "%sunable to use %s/%s for tracking as it does not have any check nor agent enabled.", who, px.Name, name)
	default:
		srv.TrackSrv, o.Referenced = o, true
	}
}

// loops reports whether the chain of o leads to srv.
func loops(_ *engine.Build, o, srv *engine.Server) bool {
	for range 1000 {
		if o.TrackSrv == nil {
			return false
		}
		if o = o.TrackSrv; o == srv {
			return true
		}
	}
	return true
}

func agentOn(srv *engine.Server) bool {
	c := servers.Get(srv)
	return c != nil && c.agent.on
}
