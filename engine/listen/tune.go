package listen

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"hawser/engine"
	"hawser/engine/conn"
	"hawser/engine/keyword"

	"golang.org/x/sys/unix"
)

// knob is an option that can be changed while a socket listens; most are inherited
// by what it accepts. Below 0 the system's own value holds.
type knob struct {
	level, opt int
	name       string
	value      int
	text       string // of those that are set with text
}

// The knobs that are set with text.
const (
	congestion = "TCP congestion control algorithm"
	signing    = "TCP_MD5SIG"
)

// tuning is what a bind line, its frontend and the process ask of a TCP socket.
func tuning(b *engine.Bind) []knob {
	t := &b.Px.RT.Global.Tune
	p := keyword.ClientProbes.Get(b.Px)
	if p == nil {
		p = &keyword.Probes{}
	}
	tcp := func(opt int, name string, value int, on bool) knob {
		if !on {
			value = -1
		}
		return knob{unix.IPPROTO_TCP, opt, name, value, ""}
	}
	size := func(opt int, name string, value int) knob {
		if value <= 0 {
			value = -1
		}
		return knob{unix.SOL_SOCKET, opt, name, value, ""}
	}
	return []knob{
		tcp(unix.TCP_MAXSEG, "MSS", max(b.MSS, -b.MSS), b.MSS != 0),
		tcp(unix.TCP_SAVE_SYN, "TCP_SAVE_SYN", b.SaveSYN, b.SaveSYN > 0),
		tcp(unix.TCP_FASTOPEN, "TCP_FASTOPEN", backlog(b), b.TFO),
		tcp(unix.TCP_DEFER_ACCEPT, "TCP_DEFER_ACCEPT", 1, b.DeferAccept),
		tcp(unix.TCP_USER_TIMEOUT, "TCP User Timeout", int(b.TCPUserTimeout.Milliseconds()), b.TCPUserTimeout > 0),
		tcp(unix.TCP_QUICKACK, "TCP_QUICKACK", 0, smartAccept(b.Px)),
		size(unix.SO_RCVBUF, "SO_RCVBUF", t.RcvBufClient),
		size(unix.SO_SNDBUF, "SO_SNDBUF", t.SndBufClient),
		tcp(unix.TCP_NOTSENT_LOWAT, "TCP_NOTSENT_LOWAT", t.NotSentClient, t.NotSentClient > 0),
		size(unix.SO_KEEPALIVE, "SO_KEEPALIVE", on(b.Px.Options.Has(engine.OptClientKA))),
		tcp(unix.TCP_KEEPCNT, "TCP_KEEPCNT", p.Count, p.Count > 0),
		tcp(unix.TCP_KEEPIDLE, "TCP_KEEPIDLE", int(p.Idle/time.Second), p.Idle >= time.Second),
		tcp(unix.TCP_KEEPINTVL, "TCP_KEEPINTVL", int(p.Interval/time.Second), p.Interval >= time.Second),
		{unix.IPPROTO_TCP, unix.TCP_CONGESTION, congestion, -1, b.CC},
		{unix.IPPROTO_TCP, unix.TCP_MD5SIG, signing, -1, b.MD5Sig},
	}
}

func on(v bool) int {
	if v {
		return 1
	}
	return 0
}

// smartAccept saves the acknowledgement of a request, which the answer carries
// (option tcp-smart-accept): where nothing is said, with HTTP only.
func smartAccept(px *engine.Proxy) bool {
	if px.OptionsSet.Has(engine.OptSmartAccept) {
		return px.Options.Has(engine.OptSmartAccept)
	}
	return px.IsHTTP()
}

// tune has a socket follow now, and tells what it does not take; before is what it
// followed, nil where nothing is to be undone.
func tune(fd int, before, now []knob) (refused []string) {
	for i, k := range now {
		if before == nil && k.value <= 0 && k.text == "" && k.opt != unix.TCP_QUICKACK || before != nil && before[i] == k {
			continue
		}
		if err := k.set(fd); err != nil && k.opt != unix.TCP_QUICKACK { // MPTCP lacks that
			refused = append(refused, fmt.Sprintf("cannot set %s, (%s)", k.name, reason(err)))
		}
	}
	return refused
}

func (k *knob) set(fd int) error {
	switch {
	case k.name == congestion:
		name := k.text
		if name == "" {
			return fresh(fd, func(other int) (err error) {
				if name, err = unix.GetsockoptString(other, k.level, k.opt); err == nil {
					err = unix.SetsockoptString(fd, k.level, k.opt, name)
				}
				return err
			})
		}
		return unix.SetsockoptString(fd, k.level, k.opt, name)
	case k.name == signing:
		return sign(fd, k.text)
	case k.value >= 0:
		return unix.SetsockoptInt(fd, k.level, k.opt, k.value)
	case k.opt == unix.SO_RCVBUF || k.opt == unix.SO_SNDBUF:
		return nil // the kernel's own sizing does not come back
	}
	return fresh(fd, func(other int) error {
		v, err := unix.GetsockoptInt(other, k.level, k.opt)
		if k.opt == unix.TCP_MAXSEG {
			v = 0 // what a new socket tells is no setting
		}
		if err == nil {
			err = unix.SetsockoptInt(fd, k.level, k.opt, v)
		}
		return err
	})
}

// fresh gives f a new socket of fd's family, whose settings are the system's own.
func fresh(fd int, f func(other int) error) error {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return err
	}
	family := unix.AF_INET
	if _, v6 := sa.(*unix.SockaddrInet6); v6 {
		family = unix.AF_INET6
	}
	other, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(other)
	return f(other)
}

// sign has all clients sign (tcp-md5sig); without a key none.
func sign(fd int, key string) error {
	all := netip.IPv4Unspecified()
	if sa, err := unix.Getsockname(fd); err == nil {
		if _, v6 := sa.(*unix.SockaddrInet6); v6 {
			all = netip.IPv6Unspecified()
		}
	}
	return conn.SignTCP(fd, all, key)
}

// follow has an open socket do what its new bind line asks for, and tells what it
// does not take.
func (sk *Socket) follow(b *engine.Bind) (refused []string) {
	if !sk.tcp {
		return nil
	}
	now := tuning(b)
	if !slices.Equal(sk.tuned, now) {
		sk.raw.Control(func(fd uintptr) { refused = tune(int(fd), sk.tuned, now) })
		sk.tuned = now
	}
	return refused
}
