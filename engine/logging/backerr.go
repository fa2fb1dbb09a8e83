package logging

import (
	"errors"
	"syscall"

	"hawser/engine"
)

func init() {
	add := func(name string, out engine.Type, usage string, of func(e env, n int) (engine.Sample, engine.Status)) {
		engine.AddFetches(engine.Fetch{Name: name, Out: out, Where: engine.OnServerSide, Usage: usage,
			Eval: func(e *engine.Env, _ []engine.Arg) (engine.Sample, engine.Status) {
				if n, ok := backError(e.Strm); ok {
					return of(e, n)
				}
				return engine.Sample{}, engine.Missing
			}})
	}
	add("bc_err", engine.TSint, "The number of the error that the last attempt to connect to a server ended in; 0: none.",
		func(_ env, n int) (engine.Sample, engine.Status) { return engine.Sint(int64(n)), engine.Found })
	add("bc_err_name", engine.TStr, "The name of that error.",
		func(e env, n int) (engine.Sample, engine.Status) {
			return engine.Str(e.Keep([]byte(connErrors[n].name))), engine.Found
		})
	add("bc_err_str", engine.TStr, "What that error means.",
		func(e env, n int) (engine.Sample, engine.Status) {
			return engine.Str(e.Keep([]byte(connErrors[n].text))), engine.Found
		})
}

// backError is the number of the last connection's error; false: there was no
// connection, or it did not come about in time, which has no number.
func backError(s *engine.Stream) (int, bool) {
	if s == nil || s.BackErr == nil {
		return 0, s != nil && s.BackPeer != nil
	}
	var ce *engine.ConnectError
	if !errors.As(s.BackErr, &ce) || ce.Timeout {
		return 0, false
	}
	return numbered(backCause(ce)), true
}

// numbered is the number of a name.
func numbered(name string) int {
	for i := range connErrors {
		if connErrors[i].name == name {
			return i
		}
	}
	return 6
}

// backCauses are the system's errors by the names of connErrors.
var backCauses = map[syscall.Errno]string{
	syscall.ECONNREFUSED: "EREFUSED", syscall.ECONNRESET: "ERESET", syscall.EHOSTUNREACH: "EUNREACH",
	syscall.EMFILE: "PROC_FDLIM", syscall.ENFILE: "SYS_FDLIM", syscall.ENOMEM: "SYS_MEMLIM", syscall.ENOBUFS: "SYS_MEMLIM",
	syscall.EADDRNOTAVAIL: "CANT_BIND", syscall.EADDRINUSE: "ADDR_INUSE", syscall.EAGAIN: "FREE_PORTS", syscall.EAFNOSUPPORT: "NOPROTO",
}

func backCause(ce *engine.ConnectError) string {
	var caused *engine.Caused
	if errors.As(ce.Err, &caused) {
		return caused.Name
	}
	if ce.TLS {
		return "SSL_HANDSHAKE"
	}
	var no syscall.Errno
	if errors.As(ce.Err, &no) && backCauses[no] != "" {
		return backCauses[no]
	}
	return "SOCK_ERR"
}
