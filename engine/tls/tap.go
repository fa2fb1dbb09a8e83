package tls

import (
	"bytes"
	"crypto/tls"
	"net"

	"hawser/engine"
)

// tap is the wire below a TLS connection. It keeps the first message of each side,
// which tell what the library does not: the random numbers and the session's id. It is
// made where an expression asks for one of these, or for secrets.
type tap struct {
	net.Conn
	in, out []byte  // written by the handshake, read after it
	keys    *keyLog // nil if they are not kept
}

// enough for a hello up to its random number, also where a request to try again (RFC
// 8446, 4.1.4) comes before.
const enough = 512

func (t *tap) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	if len(t.in) < enough {
		t.in = append(t.in, b[:min(n, enough-len(t.in))]...)
	}
	return n, err
}

func (t *tap) Write(b []byte) (int, error) {
	if len(t.out) < enough {
		t.out = append(t.out, b[:min(len(b), enough-len(t.out))]...)
	}
	return t.Conn.Write(b)
}

// random is the random number in a hello: behind record header, message header and
// version. That of a request to try again is always the same, and does not count.
func random(b []byte) []byte {
	for len(b) > 5 {
		n := 5 + int(b[3])<<8 + int(b[4])
		if b[0] == 22 && len(b) >= 43 && !bytes.Equal(b[11:43], again) {
			return b[11:43]
		}
		b = b[min(n, len(b)):]
	}
	return nil
}

var again = []byte("\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c")

// listen puts a tap below a connection, if anything asks for one.
func (g *globalConf) listen(wire net.Conn, cfg *tls.Config) net.Conn {
	if !g.taps && !g.keys {
		return wire
	}
	t := &tap{Conn: wire, keys: &keyLog{}}
	cfg.KeyLogWriter = t.keys
	return t
}

// heardBy is the tap below a connection; nil without one.
func heardBy(c *tls.Conn) *tap {
	if c == nil {
		return nil
	}
	t, _ := c.NetConn().(*tap)
	return t
}

// What the first messages tell: of the client's connection (ssl_fc_…) and of that to
// the server (ssl_bc_…).
func init() {
	both := func(name, usage string, f func(e env, t *tap, ours bool) (smp, stat)) {
		tapped(engine.Fetch{Name: "ssl_fc_" + name, Out: engine.TBin, Where: engine.OnSession, Usage: usage + ", of the client's connection.",
			Eval: func(e env, _ []engine.Arg) (smp, stat) { return ofTap(e, frontTap(e), false, f) }})
		tapped(engine.Fetch{Name: "ssl_bc_" + name, Out: engine.TBin, Where: engine.OnServerSide, Usage: usage + ", of the connection to the server.",
			Eval: func(e env, _ []engine.Arg) (smp, stat) { return ofTap(e, heardBy(serverConn(e)), true, f) }})
	}
	both("client_random", "The client's random number", func(e env, t *tap, ours bool) (smp, stat) {
		return kept(e, random(t.first(ours)))
	})
	both("server_random", "The server's random number", func(e env, t *tap, ours bool) (smp, stat) {
		return kept(e, random(t.first(!ours)))
	})
	both("session_key", "The master key, up to TLS 1.2 and unless the session was resumed", func(e env, t *tap, _ bool) (smp, stat) {
		_, v := t.keys.find("CLIENT_RANDOM")
		return unhex(e, v)
	})
}

// first is what we said first, or what came.
func (t *tap) first(ours bool) []byte {
	if ours {
		return t.out
	}
	return t.in
}

// tapped registers a fetch that needs taps.
func tapped(f engine.Fetch) {
	eval := f.Eval
	f.Make = func(b *engine.Build, _ []engine.Arg) (engine.FetchFunc, error) {
		globals.Edit(b.RT).taps = true
		return eval, nil
	}
	engine.AddFetches(f)
}

func ofTap(e env, t *tap, ours bool, f func(env, *tap, bool) (smp, stat)) (smp, stat) {
	if t == nil {
		return none()
	}
	return f(e, t, ours)
}

func frontTap(e env) *tap {
	i := infoOf(e)
	if i == nil {
		return nil
	}
	return i.wire
}

func kept(e env, v []byte) (smp, stat) { return engine.Bin(e.Keep(v)), found(len(v) > 0) }
