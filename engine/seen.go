package engine

import (
	"sync/atomic"

	"hawser/engine/conn"
)

// Seen is what other goroutines may look at while the stream runs ("show sess",
// "shutdown session"); its own sets it as it goes on. What was set before the
// stream entered the StreamList (Sess, Front, Kind, ID, Times.Start) may be
// looked at, too.
type Seen struct {
	Back   atomic.Pointer[Proxy]
	Server atomic.Pointer[Server]
	Conn   atomic.Pointer[conn.Conn] // to the server, while the stream has it
	cause  atomic.Uint32
}

// Kill ends the stream from another goroutine, within StreamList.Each. Cause is
// the first termination flag: K shutdown session, D server down, U server up.
func (s *Stream) Kill(cause byte) {
	s.Seen.cause.Store(uint32(cause))
	s.Killed.Store(true)
	if c := s.Seen.Conn.Load(); c != nil {
		c.Interrupt()
	}
	s.Sess.Conn.Interrupt()
}

// KilledBy is the cause that Kill was called with.
func (s *Stream) KilledBy() byte {
	if c := s.Seen.cause.Load(); c != 0 {
		return byte(c)
	}
	return 'K'
}

func init() {
	KillStreams = func(srv *Server, cause byte) {
		if srv.Px.RT == nil {
			return
		}
		srv.Px.RT.Proc.Streams.Each(func(s *Stream) {
			if on := s.Seen.Server.Load(); on != nil && on.State == srv.State {
				s.Kill(cause)
			}
		})
	}
}
