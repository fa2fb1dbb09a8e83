package listen

import (
	"errors"

	"hawser/engine"
	"hawser/engine/conn"
	"hawser/engine/proxyproto"
)

// readProxy reads the PROXY or NetScaler CIP header that the bind line asks for
// and takes its addresses over.
func readProxy(sess *engine.Session) error {
	b := sess.Bind
	parse := proxyproto.Parse
	if b.AcceptCIP {
		parse = func(in []byte) (proxyproto.Header, int, error) { return proxyproto.ParseCIP(in, b.CIPMagic) }
	}
	c := sess.Conn
	for {
		h, n, err := parse(c.Bytes())
		switch {
		case err == nil:
			c.Discard(n)
			sess.TLVs = append(sess.TLVs[:0], h.TLVs...)
			if h.Known() {
				src, dst := h.Addrs()
				c.SetAddrs(src, dst)
				sess.Src, sess.Dst = h.Src, h.Dst
			}
			return nil
		case !errors.Is(err, proxyproto.ErrMore):
			return errors.New("Received something which does not look like a PROXY protocol header")
		}
		if _, err := c.ReadMore(); err != nil {
			if _, timeout := conn.IsTimeout(err); timeout {
				return errors.New("Timeout during PROXY protocol handshake")
			}
			return errors.New("Connection closed while waiting for PROXY protocol header")
		}
	}
}
