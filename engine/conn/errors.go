package conn

import (
	"errors"
	"io"
	"net"
	"syscall"
)

// Class says which wait a deadline protects; a timeout carries it to the log.
type Class uint8

const (
	NoClass   Class = iota
	Handshake       // TLS, PROXY, SOCKS
	Head            // timeout http-request
	Idle            // timeout http-keep-alive
	Data            // timeout client, timeout server
	Fin             // timeout client-fin, timeout server-fin
	Tunnel          // timeout tunnel
	Inspect         // tcp-request inspect-delay
	Check           // timeout check
)

var classNames = [...]string{"", "handshake", "head", "idle", "data", "fin", "tunnel", "inspect", "check"}

func (c Class) String() string { return classNames[c] }

// TimeoutError is what a read or write returns when its deadline passed.
type TimeoutError struct {
	Class Class
	Write bool
}

func (e *TimeoutError) Error() string {
	side := "read"
	if e.Write {
		side = "write"
	}
	return "conn: " + e.Class.String() + " timeout on " + side
}

// Timeout and Temporary make it a net.Error; crypto/tls needs the second to keep a
// connection usable after a read that timed out.
func (e *TimeoutError) Timeout() bool   { return true }
func (e *TimeoutError) Temporary() bool { return true }

var _ net.Error = (*TimeoutError)(nil)

// One of each, so that a timeout allocates nothing.
var timeouts [2][len(classNames)]*TimeoutError

func init() {
	for c := range classNames {
		timeouts[0][c] = &TimeoutError{Class: Class(c)}
		timeouts[1][c] = &TimeoutError{Class: Class(c), Write: true}
	}
}

var (
	// ErrBufferFull is returned by ReadMore when the buffer holds no free byte.
	ErrBufferFull = errors.New("conn: read buffer is full")
	// ErrInterrupted is returned by reads after Interrupt.
	ErrInterrupted error = &interrupted{}
	// ErrNotSocket is returned by calls that need a real socket.
	ErrNotSocket = errors.New("conn: not a socket")
)

type interrupted struct{}

func (*interrupted) Error() string   { return "conn: interrupted" }
func (*interrupted) Timeout() bool   { return true }
func (*interrupted) Temporary() bool { return true }

// IsTimeout reports whether err is a timeout, and of which class.
func IsTimeout(err error) (Class, bool) {
	var t *TimeoutError
	if errors.As(err, &t) {
		return t.Class, true
	}
	return NoClass, false
}

// IsReset reports whether err says that the peer, or the network, broke the connection.
func IsReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, syscall.ETIMEDOUT) || errors.Is(err, syscall.EHOSTUNREACH) ||
		errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.ENOTCONN)
}

// IsEOF reports an orderly end.
func IsEOF(err error) bool { return err == io.EOF || errors.Is(err, io.EOF) }
