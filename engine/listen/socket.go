package listen

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"hawser/engine"
	"hawser/parser/unit"

	"golang.org/x/sys/unix"
)

// Socket is a listening socket. It outlives reloads; bind changes with each.
type Socket struct {
	key     string
	file    *os.File
	raw     syscall.RawConn
	local   netip.AddrPort // what clients connect to; zero where that differs (wildcards)
	orphan  int            // fd@: the descriptor that we were given; -1 elsewhere
	tcp     bool
	bind    atomic.Pointer[engine.Bind]
	closed  atomic.Bool
	halted  atomic.Bool   // the kernel refuses connections: paused
	halting sync.Mutex    // serializes changes of halted
	wake    chan struct{} // room, resume or stop, for a loop that waits
	waits   atomic.Bool   // the loop waits for wake
	tuned   []knob        // what it was told last; of Prepare and Commit, one after the other
	l       *Listeners

	acceptor
}

// identity is what makes two bind lines mean the same socket.
func identity(b *engine.Bind) string {
	a := &b.Addr
	return fmt.Sprintf("%d|%d|%s|%s|%d|%s|%d|%s|%t|%t|%s", a.Family, a.Type, a.IP, a.Host, a.Port, a.Path, a.Num,
		b.Interface, b.V6Only, b.Transparent, b.Namespace)
}

// newSocket wraps a listening descriptor, which it takes over.
func newSocket(l *Listeners, key string, fd int) (*Socket, error) {
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, err
	}
	unix.CloseOnExec(fd)
	sk := &Socket{key: key, l: l, orphan: -1, wake: make(chan struct{}, 1)}
	sk.file = os.NewFile(uintptr(fd), "listener")
	raw, err := sk.file.SyscallConn()
	if err != nil {
		sk.file.Close()
		return nil, err
	}
	sk.raw = raw
	sk.acceptor.begin()
	sk.learn(fd)
	return sk, nil
}

// learn finds out what every accepted connection will have in common.
func (sk *Socket) learn(fd int) {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return
	}
	switch a := sa.(type) {
	case *unix.SockaddrInet4:
		sk.local = netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *unix.SockaddrInet6:
		sk.local = netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port))
	}
	if sk.tcp = sk.local.IsValid(); sk.tcp {
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) // inherited by what is accepted
	}
	if !sk.tcp || sk.local.Addr().IsUnspecified() {
		sk.local = netip.AddrPort{}
	}
}

// open makes the socket of a bind line.
func (p *Plan) open(key string, b *engine.Bind) (*Socket, error) {
	l := p.l
	fd, orphan := -1, -1
	var err error
	var tuned []knob
	var untaken []string
	if fd = l.inherited(key); fd >= 0 {
		err = unix.Listen(fd, backlog(b))
		tuned = make([]knob, len(tuning(b))) // by another process, who knows how
	} else {
		switch a := &b.Addr; a.Family {
		case unit.Unix:
			fd, err = listenPath(b)
		case unit.Abns, unit.AbnsZ:
			fd, err = listenAbstract(b)
		case unit.FD, unit.SockPair:
			orphan = a.Num
			fd, err = takeOver(a.Num, backlog(b))
		default:
			tuned = tuning(b)
			fd, untaken, err = listenIP(b, tuned)
		}
	}
	if err != nil {
		return nil, refused(b, err)
	}
	sk, err := newSocket(l, key, fd)
	if err != nil {
		return nil, refused(b, err)
	}
	sk.orphan, sk.tuned = orphan, tuned
	p.complain(b, append(untaken, sk.follow(b)...))
	if b.Transparent {
		sk.local = netip.AddrPort{}
	}
	return sk, nil
}

// takeOver listens on a copy of a descriptor that the process was started with,
// so that a later generation can name it again.
func takeOver(n, backlog int) (int, error) {
	fd, err := unix.FcntlInt(uintptr(n), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err := unix.Listen(fd, backlog); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// refused words a bind error as HAProxy does.
func refused(b *engine.Bind, err error) error {
	what := "cannot bind socket (%s) for [%s]."
	switch b.Addr.Family {
	case unit.Unix, unit.Abns, unit.AbnsZ:
		what = "cannot bind UNIX socket (%s) [%s]."
	}
	return fmt.Errorf("Binding %s: "+what, whose(b), reason(err), address(b))
}

// complain notes what a socket does not take of its bind line.
func (p *Plan) complain(b *engine.Bind, untaken []string) {
	for _, text := range untaken {
		p.Untaken = append(p.Untaken, fmt.Sprintf("Starting %s: %s for [%s].", whose(b), text, address(b)))
	}
}

// whose names a bind line in a sentence about its socket.
func whose(b *engine.Bind) string {
	kind, proto := "proxy", "tcpv4"
	switch b.Px.Kind {
	case "frontend", "":
		kind = "frontend"
	}
	switch b.Addr.Family {
	case unit.Unix:
		proto = "unix_stream"
	case unit.Abns, unit.AbnsZ:
		proto = "abns_stream"
	default:
		if b.Addr.IP.Is6() {
			proto = "tcpv6"
		}
		if b.Addr.MPTCP {
			proto = "mp" + proto
		}
	}
	return fmt.Sprintf("[%s:%d] for %s %s: protocol %s", b.Pos.File, b.Pos.Line, kind, b.Px.Name, proto)
}

func reason(err error) string {
	var no syscall.Errno
	if errors.As(err, &no) {
		s := no.Error()
		return string(s[0]-'a'+'A') + s[1:]
	}
	return err.Error()
}

func address(b *engine.Bind) string {
	a := &b.Addr
	switch {
	case a.Family == unit.FD || a.Family == unit.SockPair:
		return fmt.Sprintf("fd@%d", a.Num)
	case a.Path != "":
		return a.Path
	case a.IP.IsValid():
		return fmt.Sprintf("%s:%d", a.IP, a.Port)
	}
	return fmt.Sprintf("0.0.0.0:%d", a.Port)
}

// poke makes a loop that waits for connections or for room look again.
func (sk *Socket) poke() {
	select {
	case sk.wake <- struct{}{}:
	default:
	}
	sk.file.SetReadDeadline(time.Unix(1, 0))
}

// stop has the loop take what waits in the accept queue and end.
func (sk *Socket) stop() {
	sk.l.ending.Add(1)
	sk.closed.Store(true)
	sk.poke()
}

// settle has the kernel refuse connections while the frontend is paused, and take
// them again after; it tells whether it is.
func (sk *Socket) settle() bool {
	sk.halting.Lock()
	defer sk.halting.Unlock()
	b := sk.bind.Load()
	pause := paused(b)
	switch {
	case !sk.tcp || sk.closed.Load() || b.Addr.Family == unit.FD: // an inherited socket may be listened to by others
	case pause && !sk.halted.Swap(true):
		sk.raw.Control(func(fd uintptr) { unix.Shutdown(int(fd), unix.SHUT_RD) })
	case !pause && sk.halted.Swap(false):
		sk.raw.Control(func(fd uintptr) { unix.Listen(int(fd), backlog(b)) })
	}
	return pause
}
