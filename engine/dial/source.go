package dial

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"

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
		return nil, 1, diag.Errorf(words[0].Pos, "'source %s' : %s", words[0].Text, err)
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
	if arg, ok := strings.CutPrefix(w.Text, "hdr_ip("); ok {
		_, occ, _ := strings.Cut(strings.TrimSuffix(arg, ")"), ",")
		if n, _ := strconv.Atoi(occ); n < -10 {
			return diag.Errorf(w.Pos, "usesrc hdr_ip(name,num) does not support negative occurrences values smaller than 10.")
		}
		return nil
	}
	if w.Text == "client" || w.Text == "clientip" {
		return nil
	}
	a, err := unit.ParseAddr(w.Text, unit.SourceWant)
	if err != nil {
		return diag.Errorf(w.Pos, "'usesrc %s' : %s", w.Text, err)
	}
	src.UseSrcIP = netip.AddrPortFrom(a.IP, uint16(a.Port))
	return nil
}

// bindError tells that a socket could not be given its own address: a failure like
// one of the server.
type bindError struct {
	error
	foreign bool // usesrc
}

func (e *bindError) Unwrap() error { return e.error }

// errNoSource tells that the header of usesrc is not there.
var errNoSource = errors.New("no address to connect from")

// manyBinds is how many ports of a range are tried.
const manyBinds = 10

// bindSource gives the socket its own address. port is that of a range, to be given
// back, 0 if there is none.
func (d *dialer) bindSource(fd int, spec *engine.DialSpec, to *target) (port uint16, err error) {
	src := d.src
	if src.Interface != "" {
		unix.BindToDevice(fd, src.Interface) // HAProxy goes on without it, too
	}
	own := netip.AddrPortFrom(src.IP, uint16(src.Port))
	foreign, theirs, err := d.foreign(spec)
	if err != nil {
		return 0, err
	}
	if theirs && foreign.Addr().Is4() == (to.family() == unix.AF_INET) {
		unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_TRANSPARENT, 1)
		unix.SetsockoptInt(fd, unix.SOL_IPV6, unix.IPV6_TRANSPARENT, 1)
		if err := bindTo(fd, foreign); err != nil {
			return 0, &bindError{err, true}
		}
		return 0, nil
	}
	if !own.Addr().IsValid() {
		if own.Port() == 0 && src.PortHigh == 0 {
			return 0, nil
		}
		own = netip.AddrPortFrom(netip.IPv4Unspecified(), own.Port())
		if to.family() == unix.AF_INET6 {
			own = netip.AddrPortFrom(netip.IPv6Unspecified(), own.Port())
		}
	}
	if d.ports != nil {
		return d.bindInRange(fd, own.Addr())
	}
	if err := bindTo(fd, own); err != nil {
		return 0, &bindError{err, false}
	}
	return 0, nil
}

func bindTo(fd int, own netip.AddrPort) error {
	if own.Port() == 0 {
		unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	} else {
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	}
	return unix.Bind(fd, sockaddr(own))
}

// bindInRange takes a port that no other connection of the server has.
func (d *dialer) bindInRange(fd int, own netip.Addr) (uint16, error) {
	var err error = unix.EADDRINUSE
	for range manyBinds {
		port, ok := d.ports.take()
		if !ok {
			break
		}
		if err = bindTo(fd, netip.AddrPortFrom(own, port)); err == nil {
			return port, nil
		}
		if d.ports.give(port); err != unix.EADDRINUSE {
			break
		}
	}
	return 0, &bindError{err, false}
}

// foreign is the address of usesrc for this stream.
func (d *dialer) foreign(spec *engine.DialSpec) (netip.AddrPort, bool, error) {
	s := spec.Strm
	if d.src.UseSrc == "" || s == nil {
		return netip.AddrPort{}, false, nil
	}
	switch {
	case d.src.UseSrc == "client":
		return s.Sess.Src, s.Sess.Src.IsValid(), nil
	case d.src.UseSrc == "clientip":
		return netip.AddrPortFrom(s.Sess.Src.Addr(), 0), s.Sess.Src.IsValid(), nil
	case d.src.UseSrcIP.IsValid():
		return d.src.UseSrcIP, true, nil
	}
	a, ok, err := headerAddr(s, d.src.UseSrc)
	return netip.AddrPortFrom(a, 0), ok, err
}

// headerAddr finds the address that hdr_ip(name[,occurrence]) names; it is an error
// that there is no such header, none that it holds something else.
func headerAddr(s *engine.Stream, spec string) (netip.Addr, bool, error) {
	arg, _ := strings.CutPrefix(strings.TrimSuffix(spec, ")"), "hdr_ip(")
	name, occ, _ := strings.Cut(arg, ",")
	n := -1
	if occ != "" {
		n, _ = strconv.Atoi(occ)
	}
	if n == 0 || !s.HasReq {
		return netip.Addr{}, false, errNoSource
	}
	it, ok := s.Req.Occurrence(htx.NewKey(name), n)
	if !ok {
		return netip.Addr{}, false, errNoSource
	}
	a, err := netip.ParseAddr(string(s.Req.ItemBytes(it)))
	return a.Unmap(), err == nil, nil
}
