package fetch

import (
	"golang.org/x/sys/unix"

	"hawser/engine"
	"hawser/engine/conn"
)

// What the kernel knows of a connection (TCP_INFO).
func init() {
	info := func(name string, back bool, usage string, times bool, f func(*unix.TCPInfo) uint32) {
		engine.AddFetches(engine.Fetch{Name: name, Out: engine.TSint, Where: engine.OnClient, Args: engine.OptArgs(0, engine.ArgStr), Usage: usage,
			Check: func(_ *engine.Build, a []engine.Arg) error {
				if u := unitOf(a); times && u != "" && u != "ms" && u != "us" {
					return errText("expects 'us' or 'ms', got '" + u + "'")
				}
				return nil
			},
			Eval: func(e env, a args) (smp, stat) {
				ti := tcpInfo(e, back)
				if ti == nil {
					return none()
				}
				v := int64(f(ti))
				if times && unitOf(a) != "us" {
					v /= 1000
				}
				return sint(v)
			}})
	}
	rtt := func(t *unix.TCPInfo) uint32 { return t.Rtt }
	rttvar := func(t *unix.TCPInfo) uint32 { return t.Rttvar }
	info("fc_rtt", false, "([unit]): round-trip time to the client in ms or us.", true, rtt)
	info("fc_rttvar", false, "([unit]): variance of the round-trip time to the client in ms or us.", true, rttvar)
	info("bc_rtt", true, "([unit]): round-trip time to the server in ms or us.", true, rtt)
	info("bc_rttvar", true, "([unit]): variance of the round-trip time to the server in ms or us.", true, rttvar)
	info("fc_unacked", false, "Packets to the client that were not acknowledged.", false, func(t *unix.TCPInfo) uint32 { return t.Unacked })
	info("fc_sacked", false, "Packets to the client that were selectively acknowledged.", false, func(t *unix.TCPInfo) uint32 { return t.Sacked })
	info("fc_retrans", false, "Packets to the client being sent again.", false, func(t *unix.TCPInfo) uint32 { return t.Retrans })
	info("fc_fackets", false, "Forward-acknowledged packets to the client.", false, func(t *unix.TCPInfo) uint32 { return t.Fackets })
	info("fc_lost", false, "Lost packets to the client.", false, func(t *unix.TCPInfo) uint32 { return t.Lost })
	info("fc_reordering", false, "How far packets to the client were reordered.", false, func(t *unix.TCPInfo) uint32 { return t.Reordering })
}

func init() {
	engine.AddFetches(row("fc_saved_syn", engine.TBin, engine.OnClient, "The packet that the client's connection began with, kept by tcp-ss; the system gives it once.",
		func(e env, _ args) (smp, stat) {
			if e.Sess == nil || e.Sess.Conn == nil {
				return none()
			}
			sock := e.Sess.Conn.Socket()
			if sock == nil {
				return none()
			}
			m := e.Mark()
			e.Tmp = append(e.Tmp, make([]byte, maxSYN)...)
			n, err := sock.SavedSYN(e.Tmp[m:])
			e.Tmp = e.Tmp[:m+n]
			if err != nil || n == 0 {
				return none()
			}
			return smp{Type: engine.TBin, B: e.Since(m)}, found
		}))
}

// maxSYN is more than the headers of a packet without data can have.
const maxSYN = 512

func unitOf(a args) string {
	if given(a, 0) {
		return a[0].Text
	}
	return ""
}

func tcpInfo(e env, back bool) *unix.TCPInfo {
	var c *conn.Conn
	switch {
	case !back && e.Sess != nil:
		c = e.Sess.Conn
	case back && e.Strm != nil && e.Strm.Up != nil:
		c = e.Strm.Up.Conn()
	}
	if c == nil {
		return nil
	}
	ti, err := c.Lower().TCPInfo()
	if err != nil {
		return nil
	}
	return ti
}
