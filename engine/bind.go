package engine

import (
	"time"

	"hawser/parser/diag"
	"hawser/parser/unit"
)

// Bind is one address of a bind line with the line's options (a listener).
// Immutable after build.
type Bind struct {
	Slots
	Px                                                *Proxy
	Name                                              string
	ID                                                int
	Addr                                              unit.Addr // with one port
	Pos                                               diag.Pos
	State                                             *BindState
	MaxConn, Backlog                                  int
	Transparent, V4V6, V6Only, AcceptProxy, AcceptCIP bool
	CIPMagic                                          uint32
	DeferAccept, TFO, ExposeFD                        bool
	Interface                                         string
	MSS                                               int
	SaveSYN                                           int    // tcp-ss: 1 from the IP header on, 2 from the Ethernet header on
	MD5Sig                                            string // tcp-md5sig; "" none
	Namespace                                         string
	Mode                                              uint32 // of a UNIX socket; 0 = umask
	UID, GID                                          int    // of a UNIX socket; -1 = unchanged
	Level                                             string // stats sockets
	Master                                            bool   // the master's socket (-S)
	Severity                                          string
	Proto                                             string
	ALPN                                              []string
	Nice                                              int
	TCPUserTimeout                                    time.Duration
	Label, GUIDPrefix                                 string
	CC                                                string // TCP congestion control
	SSL                                               bool
	TLS                                               TLSServer // nil: clear
	Line                                              string    // the words of the line, for diagnostics
}

// ParseBind reads the addresses and options of a bind-like line (bind, stats
// socket, the bind of peers) for what section says in messages; the keyword
// feature provides it.
var ParseBind func(b *Build, words []Word, kw Word, want unit.Want, section string) ([]*Bind, error)
