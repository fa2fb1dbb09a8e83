package backend

import (
	"encoding/binary"
	"net/netip"

	"hawser/engine"
)

// keyed is what gives connections of its own to streams that ask something of its
// own of them: TLS by the SNI, the dialer by the TLVs of its PROXY header.
type keyed interface{ ReuseKey(*engine.Stream) string }

// reuseKey tells connections of one server apart that differ by what the stream
// asked of them: the name (pool-conn-name, else the SNI), the destination and
// source that it gave them, what a PROXY header says, socket options. "" where they
// are all alike, as most are: that answer comes first.
func reuseKey(s *engine.Stream) string {
	srv := s.Server
	src := srv.Source
	if src == nil {
		src = srv.Px.Source
	}
	spoofs := src != nil && src.UseSrc != ""
	follows := srv.Addr.Dst || srv.Addr.MapPort
	plain := !spoofs && !follows && srv.SendProxy == 0 && s.BackSock.Set == 0
	own := connNames.Get(srv)
	if plain && srv.TLS == nil && own == nil {
		return ""
	}
	b := make([]byte, 0, 64)
	if own != nil {
		b = own.append(b, s)
	} else if k, ok := srv.TLS.(keyed); ok {
		name := k.ReuseKey(s)
		if plain {
			return name
		}
		b = append(b, name...)
	}
	if plain {
		return string(b)
	}
	if k, ok := srv.Dial.(keyed); ok && srv.SendProxy == 2 {
		b = append(b, k.ReuseKey(s)...)
	}
	b = append(b, 0)
	if follows || srv.SendProxy != 0 {
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
