package logging

import (
	"net/netip"
	"os"
	"unsafe"

	"hawser/engine"
)

func addNames() {
	engine.AddLogAliases(
		text("b", "name of the backend", backName),
		text("f", "name of the frontend", func(_ env, v view) string { return v.px.Name }),
		alias("ft", engine.TStr, "name of the frontend, with ~ behind TLS", frontMarked),
		text("s", "name of the server", func(_ env, v view) string { return v.server() }),
		text("H", "name of this host", func(env, view) string { return hostname }),
		text("OG", "where in the stream's life the line was written", origin),
		text("ID", "unique-id", uniqueID),
	)
}

var hostname, _ = os.Hostname()

func backName(_ env, v view) string {
	if v.s != nil && v.s.Back != nil {
		return v.s.Back.Name
	}
	return v.px.Name
}

func frontMarked(dst []byte, e env, f engine.LogFlags) []byte {
	v, m := viewOf(e), e.Mark()
	e.Tmp = append(e.Tmp, v.px.Name...)
	if v.sess != nil && v.sess.Bind != nil && v.sess.Bind.SSL {
		e.Tmp = append(e.Tmp, '~')
	}
	dst = appendText(dst, e.Tmp[m:], f)
	e.Tmp = e.Tmp[:m]
	return dst
}

func origin(e env, v view) string {
	switch {
	case e.Origin != "":
		return e.Origin
	case v.s == nil || v.s.Kind == engine.HTTP1 && v.s.Req.Err != nil:
		if v.sess != nil && v.sess.ErrCause != "" {
			return "sess_killed"
		}
		return "sess_error"
	case e.Place != engine.AtLog:
		return "unspec"
	case !early(e):
		return "txn_close"
	case v.s.Times.Response != 0 && v.s.Kind != engine.NotHTTP:
		return "txn_response"
	}
	return "txn_connect"
}

func uniqueID(_ env, v view) string {
	if v.s == nil {
		return ""
	}
	return asString(v.s.UniqueID)
}

func (v view) server() string {
	switch {
	case v.s == nil:
		return "<NOSRV>"
	case v.s.Server != nil:
		return v.s.Server.Name
	case v.s.Service == "STATS":
		return "<STATS>"
	case v.s.Service == "PROMEX":
		return "<PROMEX>"
	case v.s.Service != "":
		return v.s.Service
	}
	return "<NOSRV>"
}

// asString shows bytes as a string for the moment of a call.
func asString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func addAddresses() {
	engine.AddLogAliases(
		addr("ci", "address of the client", clientEnd), port("cp", "port of the client", clientEnd),
		addr("fi", "address that the client connected to", frontEnd), port("fp", "port that the client connected to", frontEnd),
		addr("bi", "our address towards the server", backLocal), port("bp", "our port towards the server", backLocal),
		addr("si", "address of the server", backPeer), port("sp", "port of the server", backPeer),
	)
}

func clientEnd(_ env, v view) (netip.AddrPort, bool) {
	if v.sess == nil {
		return netip.AddrPort{}, false
	}
	return v.sess.Src, !v.sess.Src.IsValid()
}

func frontEnd(_ env, v view) (netip.AddrPort, bool) {
	if v.sess == nil {
		return netip.AddrPort{}, false
	}
	return v.sess.Dst, !v.sess.Dst.IsValid()
}

func backLocal(_ env, v view) (netip.AddrPort, bool) {
	if v.s == nil {
		return netip.AddrPort{}, false
	}
	return endpoint(v.s.BackLocal), false
}

func backPeer(_ env, v view) (netip.AddrPort, bool) {
	if v.s == nil {
		return netip.AddrPort{}, false
	}
	if v.s.BackPeer == nil && v.s.Server != nil && v.s.Server.Addr.IP.IsValid() {
		return netip.AddrPortFrom(v.s.Server.Addr.IP, uint16(v.s.Server.Addr.Port)), false
	}
	return endpoint(v.s.BackPeer), false
}

func addTLS() {
	engine.AddLogAliases(
		text("sslv", "TLS version of the client's connection", tlsVersion),
		text("sslc", "TLS cipher of the client's connection", tlsCipher),
	)
}

func tlsVersion(_ env, v view) string {
	if v.sess == nil || v.sess.TLS == nil {
		return ""
	}
	return v.sess.TLS.Version()
}

func tlsCipher(_ env, v view) string {
	if v.sess == nil || v.sess.TLS == nil {
		return ""
	}
	return v.sess.TLS.Cipher()
}
