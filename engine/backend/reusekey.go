package backend

import (
	"encoding/binary"
	"net/netip"

	"hawser/engine"
)

// reuseKey tells connections of one server apart that differ by what the stream
// asked of them: the SNI, the destination and source that it gave them, what a
// PROXY header says, socket options. "" where they are all alike.
func reuseKey(s *engine.Stream) string {
	srv := s.Server
	name := ""
	if k, ok := srv.TLS.(interface{ ReuseKey(*engine.Stream) string }); ok {
		name = k.ReuseKey(s)
	}
	if k, ok := srv.Dial.(interface{ ReuseKey(*engine.Stream) string }); ok && srv.SendProxy == 2 {
		name += k.ReuseKey(s)
	}
	a := &srv.Addr
	src := srv.Source
	if src == nil {
		src = srv.Px.Source
	}
	spoofs := src != nil && src.UseSrc != ""
	if !a.Dst && !a.MapPort && srv.SendProxy == 0 && s.BackSock.Set == 0 && !spoofs {
		return name
	}
	b := append(make([]byte, 0, 64), name...)
	b = append(b, 0)
	if a.Dst || a.MapPort || srv.SendProxy != 0 {
		b = appendAddr(b, s.Sess.Dst)
	}
	if srv.SendProxy != 0 || spoofs {
		b = appendAddr(b, s.Sess.Src)
	}
	if o := &s.BackSock; o.Set != 0 {
		b = append(b, o.Set)
		b = binary.BigEndian.AppendUint32(b, o.TOS)
		b = binary.BigEndian.AppendUint32(b, o.Mark)
	}
	return string(b)
}

func appendAddr(b []byte, a netip.AddrPort) []byte {
	ip := a.Addr().As16()
	b = append(b, ip[:]...)
	return binary.BigEndian.AppendUint16(b, a.Port())
}
