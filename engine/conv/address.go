package conv

import (
	"net/netip"

	"hawser/engine"
)

func init() {
	conv("ipmask", engine.TAddr, engine.TAddr, "(mask4[,mask6]): the address with only the bits that the mask of its family has.", 1, types(engine.ArgMask4, engine.ArgMask6), ipmask)
	conv("capture-req", engine.TStr, engine.TStr, "(slot): captures the input in a request slot and passes it on.", 1, types(engine.ArgInt), captureTo(false))
	conv("capture-res", engine.TStr, engine.TStr, "(slot): captures the input in a response slot and passes it on.", 1, types(engine.ArgInt), captureTo(true))
}

func ipmask(e env, a args, v smp) (smp, stat) {
	ip := v.IP.Unmap()
	if four := v; ip.Is6() && e.Cast(&four, engine.TIPv4) { // it carries an IPv4 address
		ip = four.IP
	}
	if ip.Is4() {
		x, m := ip.As4(), a[0].Mask.As4()
		for i := range x {
			x[i] &= m[i]
		}
		return engine.IP(netip.AddrFrom4(x)), found
	}
	if !given(a, 1) {
		return none()
	}
	x, m := ip.As16(), a[1].Mask.As16()
	for i := range x {
		x[i] &= m[i]
	}
	return smp{Type: engine.TIPv6, IP: netip.AddrFrom16(x)}, found
}

func captureTo(res bool) engine.ConvFunc {
	return func(e env, a args, v smp) (smp, stat) {
		s := e.Strm
		if s == nil {
			return none()
		}
		slots, decl := &s.ReqCaps, s.Front.ReqCaptures
		if res {
			slots, decl = &s.ResCaps, s.Front.ResCaptures
		}
		i := int(a[0].Int)
		if i < 0 || i >= len(decl) {
			return none()
		}
		for len(*slots) <= i {
			*slots = append(*slots, nil)
		}
		(*slots)[i] = append((*slots)[i][:0], v.B[:min(len(v.B), decl[i].Len)]...)
		return v, found
	}
}
