package stream

import (
	"errors"
	"io"
	"sync/atomic"

	"hawser/engine"
	"hawser/engine/conn"
	"hawser/engine/htx"
)

// pump carries a request body that is still to come to the server while the
// stream's goroutine awaits the response. Its goroutine ends when the body does,
// or when stop was called; done is closed then and err may be read.
type pump struct {
	s       *engine.Stream
	body    htx.Body
	up      engine.Upstream
	done    chan struct{}
	err     error
	gone    atomic.Bool // the client is the reason of err
	ended   atomic.Bool
	running bool // run was started
	counted bool // the body itself counts what comes in
}

// startPump sends what of the body is there and hands the rest to a goroutine;
// no pump is returned when that was all.
func startPump(s *engine.Stream, body htx.Body, counted bool) (*pump, outcome) {
	p := &pump{s: s, body: body, up: s.Up, done: make(chan struct{}), counted: counted}
	for {
		b, err := here(body)
		if len(b) == 0 && err == nil {
			break
		}
		end, err := p.carry(b, err)
		if err != nil {
			if p.gone.Load() {
				close(p.done)
				p.ended.Store(true)
				return p, clientLeft(s, p)
			}
			return nil, serverFailed(s, err)
		}
		if end {
			return nil, flushed(s)
		}
	}
	if err := s.Up.Flush(); err != nil && !conn.IsReset(err) {
		return nil, serverFailed(s, err)
	}
	p.running = true
	go p.run()
	return p, outcome{}
}

func flushed(s *engine.Stream) outcome {
	if err := s.Up.Flush(); err != nil && !conn.IsReset(err) {
		return serverFailed(s, err)
	}
	return outcome{}
}

// wait returns when the body is through, or cannot go on.
func (p *pump) wait() {
	if p != nil && p.running {
		<-p.done
		p.running = false
	}
}

// stop ends the carrying: the server's connection is given up, the client's can
// be used for an answer again.
func (p *pump) stop() {
	if p == nil || !p.running {
		return
	}
	p.up.Conn().Interrupt()
	p.up.Abort()
	c := p.s.Sess.Conn
	c.Interrupt()
	<-p.done
	c.Resume()
	p.running = false
}

// here returns what of a body can be had without waiting; nothing and no error
// means that the next piece is still to come.
func here(b htx.Body) ([]byte, error) {
	if r, ok := b.(interface{ Buffered() ([]byte, error) }); ok {
		return r.Buffered()
	}
	return nil, nil
}

func (p *pump) run() {
	defer close(p.done)
	for {
		b, err := here(p.body)
		if len(b) == 0 && err == nil {
			if p.err = p.up.Flush(); p.err != nil {
				break
			}
			if p.err = p.splice(); p.err != nil {
				break
			}
			b, err = p.body.Next()
		}
		end, err := p.carry(b, err)
		if err == nil && end {
			err = p.up.Flush()
		}
		if p.err = err; err != nil || end {
			break
		}
	}
	p.ended.Store(true)
	if p.gone.Load() {
		p.up.Conn().Interrupt() // wakes the goroutine that awaits the response
	}
}

// carry sends one piece of the body, or its end.
func (p *pump) carry(b []byte, err error) (end bool, _ error) {
	if err != nil && err != io.EOF {
		p.err = err
		p.gone.Store(true)
		return false, err
	}
	if len(b) > 0 {
		if !p.counted {
			p.s.BytesIn += int64(len(b))
		}
		if werr := p.up.SendData(b); werr != nil {
			return false, werr
		}
		p.s.ReqOut += int64(len(b))
	}
	if err == io.EOF {
		return true, sendEnd(p.s, p.up)
	}
	return false, nil
}

func (p *pump) clientGone() bool { return p.gone.Load() }

// badBody reports that the client sent bytes that are not a body (a bad chunk).
func (p *pump) badBody() bool {
	var f interface{ Malformed() bool }
	return errors.As(p.err, &f) && f.Malformed()
}
