package conn

import (
	"sync/atomic"
	"time"

	"hawser/engine/clock"
)

// side is the deadline state of one direction. The limits may be changed by any
// goroutine; since belongs to the goroutine that reads (or writes).
type side struct {
	idle  atomic.Int64  // inactivity timeout in ms, 0 = none
	by    atomic.Int64  // absolute limit as a Tick, 0 = none
	class atomic.Uint32 // of idle in the low byte, of by in the next
	armed atomic.Int64  // Tick that the kernel-facing deadline stands at, 0 = none

	since clock.Tick // when the current wait, or its last progress, began
}

// slack is how much later than wanted a deadline may stand before it is moved.
const slack = 20 // ms

// want is the Tick at which a wait that began at since must end, 0 = never.
func (d *side) want(since clock.Tick) clock.Tick {
	at := clock.Tick(d.by.Load())
	if idle := d.idle.Load(); idle > 0 {
		if t := since + clock.Tick(idle); at == 0 || t < at {
			at = t
		}
	}
	return at
}

// reason is the class of the limit that is passed at now.
func (d *side) reason(now clock.Tick) Class {
	c := d.class.Load()
	if by := clock.Tick(d.by.Load()); by.Expired(now) {
		return Class(c >> 8)
	}
	return Class(c & 0xff)
}

func (d *side) setIdle(c Class, t time.Duration) {
	ms := int64(t / time.Millisecond)
	if t > 0 && ms == 0 {
		ms = 1
	}
	d.idle.Store(ms)
	d.class.Store(d.class.Load()&0xff00 | uint32(c))
}

func (d *side) setBy(c Class, at clock.Tick) {
	d.by.Store(int64(at))
	d.class.Store(d.class.Load()&0xff | uint32(c)<<8)
}

// SetReadTimeout sets how long a read may wait without activity; 0 means forever.
func (s *Socket) SetReadTimeout(c Class, d time.Duration) {
	s.rd.setIdle(c, d)
	s.armRead(clock.Now())
}

// SetReadBy sets when reads must end whatever arrives; 0 takes the limit away.
func (s *Socket) SetReadBy(c Class, at clock.Tick) {
	s.rd.setBy(c, at)
	s.armRead(clock.Now())
}

// SetWriteTimeout sets how long a write may wait without progress; 0 means forever.
func (s *Socket) SetWriteTimeout(c Class, d time.Duration) {
	s.wr.setIdle(c, d)
	s.armWrite(clock.Now())
}

// SetWriteBy sets when writes must end whatever their progress; 0 takes it away.
func (s *Socket) SetWriteBy(c Class, at clock.Tick) {
	s.wr.setBy(c, at)
	s.armWrite(clock.Now())
}

// armRead makes sure the kernel-facing deadline is not later than the wanted one.
// An earlier one stays: when it fires, the read looks again.
func (s *Socket) armRead(since clock.Tick) {
	want, armed := int64(s.rd.want(since)), s.rd.armed.Load()
	if want == 0 || (armed != 0 && armed <= want+slack) {
		return
	}
	s.rd.armed.Store(want)
	s.nc.SetReadDeadline(clock.Deadline(clock.Tick(want)))
	s.recheckInterrupt()
}

func (s *Socket) armWrite(since clock.Tick) {
	want, armed := int64(s.wr.want(since)), s.wr.armed.Load()
	if want == 0 || (armed != 0 && armed <= want+slack) {
		return
	}
	s.wr.armed.Store(want)
	s.nc.SetWriteDeadline(clock.Deadline(clock.Tick(want)))
}

// readExpired is called when the kernel-facing deadline fired. It returns nil when
// the read may go on.
func (s *Socket) readExpired() error {
	if s.interrupted.Load() {
		return ErrInterrupted
	}
	since := s.rd.since
	if w := clock.Tick(s.lastWrite.Load()); w > since {
		since = w
	}
	now := clock.Precise()
	want := s.rd.want(since)
	if want.Expired(now) {
		return timeouts[0][s.rd.reason(now)]
	}
	s.rd.armed.Store(int64(want))
	if want == 0 {
		s.nc.SetReadDeadline(time.Time{})
	} else {
		s.nc.SetReadDeadline(clock.Deadline(want))
	}
	s.recheckInterrupt()
	return nil
}

func (s *Socket) writeExpired() error {
	now := clock.Precise()
	want := s.wr.want(s.wr.since)
	if want.Expired(now) {
		return timeouts[1][s.wr.reason(now)]
	}
	s.wr.armed.Store(int64(want))
	if want == 0 {
		s.nc.SetWriteDeadline(time.Time{})
	} else {
		s.nc.SetWriteDeadline(clock.Deadline(want))
	}
	return nil
}

var past = time.Unix(1, 0)

// Interrupt ends the current read and all later ones with ErrInterrupted until
// Resume: how a drain or `shutdown session` wakes a connection.
func (s *Socket) Interrupt() {
	s.interrupted.Store(true)
	s.nc.SetReadDeadline(past)
}

// Resume undoes Interrupt.
func (s *Socket) Resume() {
	s.interrupted.Store(false)
	s.rd.armed.Store(0)
	s.nc.SetReadDeadline(time.Time{})
	s.armRead(clock.Now())
}

// recheckInterrupt repairs the race of a deadline moved after an Interrupt.
func (s *Socket) recheckInterrupt() {
	if s.interrupted.Load() {
		s.nc.SetReadDeadline(past)
	}
}

// SetDeadline, SetReadDeadline and SetWriteDeadline serve code that knows only
// net.Conn, such as crypto/tls; they set the absolute limit.
func (s *Socket) SetDeadline(t time.Time) error {
	s.SetReadDeadline(t)
	return s.SetWriteDeadline(t)
}

// SetReadDeadline sets the absolute read limit.
func (s *Socket) SetReadDeadline(t time.Time) error {
	s.SetReadBy(Class(s.rd.class.Load()&0xff), tickOf(t))
	return nil
}

// SetWriteDeadline sets the absolute write limit.
func (s *Socket) SetWriteDeadline(t time.Time) error {
	s.SetWriteBy(Class(s.wr.class.Load()&0xff), tickOf(t))
	return nil
}

func tickOf(t time.Time) clock.Tick {
	if t.IsZero() {
		return 0
	}
	at := clock.Precise().Add(time.Until(t))
	if at <= 0 {
		at = 1
	}
	return at
}
