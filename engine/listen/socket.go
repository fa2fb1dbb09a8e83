package listen

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"

	"hawser/engine"
	"hawser/parser/unit"
)

// Socket is a listening socket. It outlives reloads; bind changes with each.
type Socket struct {
	key    string
	ln     net.Listener
	path   string // UNIX socket to remove at the end
	bind   atomic.Pointer[engine.Bind]
	pause  chan struct{} // closed while accepting; replaced by Pause
	closed atomic.Bool
	l      *Listeners
}

// identity is what makes two bind lines mean the same socket.
func identity(b *engine.Bind) string {
	a := &b.Addr
	return fmt.Sprintf("%d|%d|%s|%s|%d|%s|%d|%s|%t|%t|%s", a.Family, a.Type, a.IP, a.Host, a.Port, a.Path, a.Num, b.Interface, b.V6Only, b.Transparent, b.Namespace)
}

// open makes the socket of a bind line.
func open(l *Listeners, key string, b *engine.Bind) (*Socket, error) {
	sk := &Socket{key: key, l: l}
	var err error
	switch a := &b.Addr; a.Family {
	case unit.Unix, unit.Abns, unit.AbnsZ:
		err = sk.listenUnix(b)
	case unit.FD:
		f := os.NewFile(uintptr(a.Num), "fd@"+fmt.Sprint(a.Num))
		if f == nil {
			return nil, fmt.Errorf("file descriptor %d is not open", a.Num)
		}
		sk.ln, err = net.FileListener(f)
		f.Close()
	default:
		err = sk.listenTCP(b)
	}
	if err != nil {
		return nil, fmt.Errorf("Starting %s %s: cannot bind socket (%s) for [%s]", b.Px.Kind, b.Px.Name, reason(err), address(b))
	}
	return sk, nil
}

func reason(err error) string {
	var se *os.SyscallError
	if errors.As(err, &se) {
		s := se.Err.Error()
		return string(s[0]-'a'+'A') + s[1:]
	}
	return err.Error()
}

func address(b *engine.Bind) string {
	a := &b.Addr
	switch {
	case a.Path != "":
		return a.Path
	case a.Family == unit.FD:
		return fmt.Sprintf("fd@%d", a.Num)
	}
	return net.JoinHostPort(hostOf(a), fmt.Sprint(a.Port))
}

func hostOf(a *unit.Addr) string {
	if a.IP.IsValid() {
		return a.IP.String()
	}
	return "0.0.0.0"
}

// acceptDeadline makes a blocked Accept return.
func (sk *Socket) acceptDeadline(t time.Time) {
	if d, ok := sk.ln.(interface{ SetDeadline(time.Time) error }); ok {
		d.SetDeadline(t)
	}
}
