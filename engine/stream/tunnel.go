package stream

import (
	"time"

	"sync/atomic"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/conn"
)

// switchProtocols forwards the head that ends HTTP on this connection (101, or
// 2xx to CONNECT) and becomes a tunnel.
func switchProtocols(s *engine.Stream) {
	if err := s.Ex.Head(s.Res, true); err != nil || s.Ex.Flush() != nil {
		clientFailed(s, err)
		return
	}
	c := s.Ex.Tunnel()
	up := s.Up
	s.Up = nil
	tunnel(s, c, up.Conn(), s.Timeout.Tunnel)
	up.Abort()
}

// ends records the first failure of a tunnel; orderly ends are none.
type ends struct{ first atomic.Uint32 }

const (
	endClient        = 1 + iota // the client closed
	endServer                   // the server closed
	endClientTimeout            // nothing from the client in time
	endServerTimeout
	endClientError
	endServerError
)

func (e *ends) set(v uint32) { e.first.CompareAndSwap(0, v) }

// tunnel moves bytes both ways until both ends are done. tun replaces the two
// sides' timeouts where it is set.
func tunnel(s *engine.Stream, cl, sv *conn.Conn, tun time.Duration) {
	to := &s.Timeout
	client, server, class := to.Client, to.Server, conn.Data
	if tun == 0 && to.Tunnel > 0 {
		tun = to.Tunnel
	}
	if tun > 0 {
		client, server, class = tun, tun, conn.Tunnel
	}
	cl.SetReadTimeout(class, client)
	cl.SetWriteTimeout(class, client)
	sv.SetReadTimeout(class, server)
	sv.SetWriteTimeout(class, server)
	var e ends
	done := make(chan struct{})
	go func() {
		defer close(done)
		if !responseContent(s, sv) {
			cl.Interrupt()
			sv.Interrupt()
			return
		}
		move(s, sv, cl, &s.BytesOut, &e, endServer, func() { cl.SetReadTimeout(conn.Fin, orElse(to.ClientFin, client)) })
	}()
	move(s, cl, sv, &s.BytesIn, &e, endClient, func() { sv.SetReadTimeout(conn.Fin, orElse(to.ServerFin, server)) })
	<-done
	s.Times.End = clock.Mono()
	closeTunnel(s, cl, sv, e.first.Load())
}

func orElse(d, other time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return other
}

// move carries one direction and passes its end on as a half-close.
func move(s *engine.Stream, from, to *conn.Conn, n *int64, e *ends, who uint32, fin func()) {
	rerr, werr := carry(s, from, to, n, who)
	switch {
	case werr != nil:
		other := endServer + endClient - who
		if _, timeout := conn.IsTimeout(werr); timeout {
			e.set(other + 2)
		} else {
			e.set(other + 4)
		}
		from.Interrupt()
		to.Interrupt()
	case rerr != nil:
		if _, timeout := conn.IsTimeout(rerr); timeout {
			if rerr == conn.ErrInterrupted {
				return
			}
			e.set(who + 2)
		} else {
			e.set(who + 4)
		}
		from.Interrupt()
		to.Interrupt()
	default:
		fin()
		to.CloseWrite()
	}
}

// carry moves the bytes of one direction to its end.
func carry(s *engine.Stream, from, to *conn.Conn, n *int64, who uint32) (rerr, werr error) {
	dir, move := engine.Req, from.SpliceTo
	if who == endServer {
		dir = engine.Res
	}
	if len(s.Front.Filters)+len(s.Back.Filters) > 0 {
		if list := gates(s, dir); len(list) > 0 {
			return carryGated(s, list, dir, from, to, n)
		}
	}
	if splicing(s, dir) == copied {
		move = from.MoveTo
	}
	_, rerr, werr = move(to, -1, func(k int) { *n += int64(k) })
	return rerr, werr
}

// closeTunnel closes both sides and derives the termination flags.
func closeTunnel(s *engine.Stream, cl, sv *conn.Conn, first uint32) {
	reset := false
	if s.Refused != nil {
		refusedResponse(s, cl, sv)
		return
	}
	if s.Killed.Load() { // nobody's fault: the client sees an end, and nothing counts as an abort
		setTerm(s, 'K', 'D')
		cl.Close()
		sv.Close()
		return
	}
	switch first {
	case endClientTimeout:
		setTerm(s, 'c', 'D')
	case endServerTimeout:
		setTerm(s, 's', 'D')
	case endClientError:
		setTerm(s, 'C', 'D')
		s.Front.State.FE.CliAborts.Add(1)
		s.Back.State.BE.CliAborts.Add(1)
		s.Server.State.C.CliAborts.Add(1)
	case endServerError:
		setTerm(s, 'S', 'D')
		s.Front.State.FE.SrvAborts.Add(1)
		s.Back.State.BE.SrvAborts.Add(1)
		s.Server.State.C.SrvAborts.Add(1)
		reset = true
	}
	if reset {
		cl.Abort()
	} else {
		cl.Close()
	}
	sv.Close()
}
