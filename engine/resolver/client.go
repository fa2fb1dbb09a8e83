package resolver

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"time"

	"hawser/engine"
)

// client talks to one name server. The loop of its section owns it, but for the
// sockets, which its goroutines share with it.
type client struct {
	nameserver
	c    engine.NameserverCounters
	take func(cl *client, msg []byte) // is given each answer; the bytes are its own
	size int                          // of the longest answer that is read

	mu    sync.Mutex
	conn  net.Conn    // UDP; nil before the first question
	queue chan []byte // TCP: questions for the goroutine that has the connection
	ended bool
}

// tcpIdle is how long a connection to a name server stays open without a question.
const tcpIdle = 5 * time.Second

// ask sends a question and waits for nothing. What cannot be sent is as good as
// lost: the timer of the resolution sees to it.
func (cl *client) ask(msg []byte, wait time.Duration) {
	cl.c.Sent.Add(1)
	if cl.network == "tcp" {
		cl.askTCP(msg, wait)
		return
	}
	conn := cl.socket()
	if conn == nil {
		cl.c.SendError.Add(1)
		return
	}
	// The first write after a refusal (ICMP) only tells of it.
	if _, err := conn.Write(msg); err != nil {
		if _, err = conn.Write(msg); err != nil {
			cl.c.SendError.Add(1)
		}
	}
}

// socket is the UDP socket; the first question opens it.
func (cl *client) socket() net.Conn {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if cl.conn == nil && !cl.ended {
		conn, err := net.Dial("udp", cl.addr)
		if err != nil {
			return nil
		}
		cl.conn = conn
		go cl.readUDP(conn)
	}
	return cl.conn
}

func (cl *client) readUDP(conn net.Conn) {
	for {
		buf := make([]byte, cl.size+1) // one more tells of what is too big
		n, err := conn.Read(buf)
		if err == nil {
			cl.take(cl, buf[:n])
			continue
		}
		cl.mu.Lock()
		ended := cl.ended
		cl.mu.Unlock()
		if ended {
			return
		}
		time.Sleep(time.Millisecond) // a refusal: nobody listens there now
	}
}

// askTCP hands a question to the goroutine that has the connection.
func (cl *client) askTCP(msg []byte, wait time.Duration) {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if cl.ended {
		return
	}
	if cl.queue == nil {
		cl.queue = make(chan []byte, 64)
		go cl.serveTCP(cl.queue, wait)
	}
	select {
	case cl.queue <- msg:
	default:
		cl.c.SendError.Add(1)
	}
}

// serveTCP sends what is queued over a connection that it opens when there is
// something to send, and ends when there was nothing for a while.
func (cl *client) serveTCP(queue chan []byte, wait time.Duration) {
	var conn net.Conn
	defer func() {
		if conn != nil {
			conn.Close()
		}
	}()
	idle := time.NewTimer(tcpIdle)
	for {
		select {
		case msg, ok := <-queue:
			if !ok {
				return
			}
			idle.Reset(tcpIdle)
			conn = cl.sendTCP(conn, msg, wait)
		case <-idle.C:
			cl.mu.Lock()
			done := len(queue) == 0
			if done && cl.queue == queue {
				cl.queue = nil
			}
			cl.mu.Unlock()
			if done {
				return
			}
			idle.Reset(tcpIdle)
		}
	}
}

// sendTCP sends one question, over a new connection where the old one is gone.
func (cl *client) sendTCP(conn net.Conn, msg []byte, wait time.Duration) net.Conn {
	out := append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...)
	for range 2 {
		if conn == nil {
			if conn = cl.dial(wait); conn == nil {
				return nil
			}
			go cl.readTCP(conn)
		}
		conn.SetWriteDeadline(time.Now().Add(wait))
		if _, err := conn.Write(out); err == nil {
			return conn
		}
		conn.Close()
		conn = nil
	}
	return nil
}

// dial connects, with all that the options say; nil: it failed.
func (cl *client) dial(wait time.Duration) net.Conn {
	if cl.srv.Dial == nil {
		c, _ := net.DialTimeout("tcp", cl.addr, wait)
		return c
	}
	c, err := cl.srv.Dial.Connect(&engine.DialSpec{Timeout: wait, TLS: cl.srv.TLS, SendProxy: cl.srv.SendProxy, Socks: true})
	if err != nil {
		return nil
	}
	return c
}

func (cl *client) readTCP(conn net.Conn) {
	defer conn.Close()
	for {
		var head [2]byte
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return
		}
		buf := make([]byte, binary.BigEndian.Uint16(head[:]))
		if _, err := io.ReadFull(conn, buf); err != nil {
			return
		}
		cl.take(cl, buf)
	}
}

// end closes what is open.
func (cl *client) end() {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	cl.ended = true
	if cl.conn != nil {
		cl.conn.Close()
	}
	if cl.queue != nil {
		close(cl.queue)
		cl.queue = nil
	}
}
