package dial

import (
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"hawser/engine"
	"hawser/engine/htx"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

func init() {
	const usage = "source <addr>[:<port>[-<port>]] [usesrc { <addr>[:<port>] | client | clientip | hdr_ip(<hdr>[,<occ>]) } | interface <name>]: where connections to servers come from"
	engine.AddKeywords(engine.Keyword{Name: "source", In: engine.InAllBE, Min: 0, Max: -1, Flags: engine.TakesNo, Usage: usage, Parse: parseProxySource})
	engine.AddServerKeywords(engine.ServerKeyword{Name: "source", Args: -1, Usage: usage, ParseN: parseServerSource})
}

func parseProxySource(b *engine.Build, l *engine.Line) error {
	if l.No {
		b.Px.Source = nil
		return nil
	}
	if len(l.Words) < 2 {
		return diag.Errorf(l.Words[0].Pos, "'source' expects <addr>[:<port>], and optionally 'usesrc' <addr>, and 'interface' <name>.")
	}
	src, used, err := parseSource(b, l.Words[1:], false)
	if err != nil {
		return err
	}
	if rest := l.Words[1+used:]; len(rest) > 0 {
		return diag.Errorf(rest[0].Pos, "'source' only supports optional keywords 'interface' and 'usesrc'.")
	}
	b.Px.Source = src
	return nil
}

func parseServerSource(b *engine.Build, srv *engine.Server, name engine.Word, rest []engine.Word) (int, error) {
	if len(rest) == 0 {
		return 0, diag.Errorf(name.Pos, "'source' expects <addr>[:<port>[-<port>]], and optionally 'usesrc' <addr>, and 'interface' <name> as argument.")
	}
	src, used, err := parseSource(b, rest, true)
	srv.Source = src
	return used, err
}

// parseSource reads an address and the options behind it, and tells how many
// words that took.
func parseSource(b *engine.Build, words []engine.Word, ports bool) (*engine.SourceSpec, int, error) {
	want := unit.SourceWant
	if ports {
		want = unit.RangeWant
	}
	a, err := unit.ParseAddr(words[0].Text, want)
	if err != nil {
		return nil, 1, diag.Errorf(words[0].Pos, "'source' : %s", err)
	}
	if a.Host != "" {
		return nil, 1, diag.Errorf(words[0].Pos, "'source %s' : invalid address: '%s' in '%s'", a.Text, a.Host, a.Text)
	}
	src := &engine.SourceSpec{IP: a.IP, Port: a.Port, PortHigh: a.PortHigh}
	if a.Any {
		src.IP = netip.Addr{}
	}
	i := 1
	for ; i < len(words); i += 2 {
		switch words[i].Text {
		case "usesrc", "interface":
		default:
			return src, i, nil
		}
		if i+1 >= len(words) {
			what := "an interface name"
			if words[i].Text == "usesrc" {
				what = "<addr>[:<port>], 'client', or 'clientip' as argument"
			}
			return src, i + 1, diag.Errorf(words[i].Pos, "'%s' expects %s.", words[i].Text, what)
		}
		if words[i].Text == "interface" {
			src.Interface = words[i+1].Text
		} else if err := useSource(src, words[i+1]); err != nil {
			return src, i + 2, err
		}
	}
	return src, i, nil
}

func useSource(src *engine.SourceSpec, w engine.Word) error {
	src.UseSrc = w.Text
	if w.Text == "client" || w.Text == "clientip" || strings.HasPrefix(w.Text, "hdr_ip(") {
		return nil
	}
	a, err := unit.ParseAddr(w.Text, unit.SourceWant)
	if err != nil {
		return diag.Errorf(w.Pos, "'usesrc' : %s", err)
	}
	src.UseSrcIP = netip.AddrPortFrom(a.IP, uint16(a.Port))
	return nil
}

// nextPort goes through the ranges of source ports of the process.
var nextPort atomic.Uint32

// bindSource gives the socket its own address.
func (d *dialer) bindSource(fd int, spec *engine.DialSpec, to *target) error {
	src := d.src
	if src.Interface != "" {
		if err := unix.BindToDevice(fd, src.Interface); err != nil {
			return err
		}
	}
	own := netip.AddrPortFrom(src.IP, uint16(src.Port))
	if foreign, ok := d.foreign(spec); ok {
		unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_TRANSPARENT, 1)
		unix.SetsockoptInt(fd, unix.SOL_IPV6, unix.IPV6_TRANSPARENT, 1)
		own = foreign
	}
	if !own.Addr().IsValid() {
		if own.Port() == 0 && src.PortHigh == 0 {
			return nil
		}
		own = netip.AddrPortFrom(netip.IPv4Unspecified(), own.Port())
		if to.family() == unix.AF_INET6 {
			own = netip.AddrPortFrom(netip.IPv6Unspecified(), own.Port())
		}
	}
	if own.Port() == 0 {
		unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
		return unix.Bind(fd, sockaddr(own))
	}
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	n := max(1, src.PortHigh-src.Port+1)
	var err error
	for range n {
		port := src.Port + int(nextPort.Add(1)%uint32(n))
		if n == 1 {
			port = int(own.Port())
		}
		if err = unix.Bind(fd, sockaddr(netip.AddrPortFrom(own.Addr(), uint16(port)))); err != unix.EADDRINUSE {
			break
		}
	}
	return err
}

// foreign is the address of usesrc for this stream.
func (d *dialer) foreign(spec *engine.DialSpec) (netip.AddrPort, bool) {
	s := spec.Strm
	if d.src.UseSrc == "" || s == nil {
		return netip.AddrPort{}, false
	}
	switch {
	case d.src.UseSrc == "client":
		return s.Sess.Src, s.Sess.Src.IsValid()
	case d.src.UseSrc == "clientip":
		return netip.AddrPortFrom(s.Sess.Src.Addr(), 0), s.Sess.Src.IsValid()
	case d.src.UseSrcIP.IsValid():
		return d.src.UseSrcIP, true
	}
	a, ok := headerAddr(s, d.src.UseSrc)
	return netip.AddrPortFrom(a, 0), ok
}

// headerAddr finds the address that hdr_ip(name[,occurrence]) names.
func headerAddr(s *engine.Stream, spec string) (netip.Addr, bool) {
	arg, _ := strings.CutPrefix(strings.TrimSuffix(spec, ")"), "hdr_ip(")
	name, occ, _ := strings.Cut(arg, ",")
	n := -1
	if occ != "" {
		n, _ = strconv.Atoi(occ)
	}
	if n == 0 || !s.HasReq {
		return netip.Addr{}, false
	}
	it, ok := s.Req.Occurrence(htx.NewKey(name), n)
	if !ok {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(string(s.Req.ItemBytes(it)))
	return a, err == nil
}
