package check

import (
	"bytes"
	"strings"

	"hawser/engine"
)

// borrow has the check use one of the server's idle connections (check-reuse-pool).
// Whatever makes the check's connection a special one rules that out.
func (c *connect) borrow(r *run, sc *serverConf, spec *engine.DialSpec) bool {
	srv := r.srv
	if !sc.reuse || !r.plan.http || !c.usual() || sc.sendProxy || sc.ssl != 0 || sc.alpn != "" || srv.CheckPort != 0 || srv.CheckAddr != "" {
		return false
	}
	r.uses, r.pooled = 1, spec.SNI
	if sc.connName != "" {
		r.pooled = sc.connName
	}
	if engine.LendIdle == nil {
		return false
	}
	conn, uses := engine.LendIdle(srv, r.pooled)
	if conn == nil {
		return false
	}
	r.Conn, r.uses = conn, uses+1
	r.allow()
	return true
}

// usual tells that the step connects as the server line says.
func (c *connect) usual() bool {
	return c.port == nil && c.portNum == 0 && c.addr == nil && !c.sendProxy && !c.ssl && c.sni == "" && c.alpn == "" && !c.socks
}

// handBack puts the connection of a check that went well among the server's idle
// ones, where both sides let it go on.
func (r *run) handBack() {
	if r.uses == 0 || r.Conn == nil || r.head == nil || !r.keep || r.lent || !bytes.HasPrefix(r.In, []byte("HTTP/1.1")) {
		return
	}
	for i, n := range r.head.names {
		if n == "connection" && strings.Contains(strings.ToLower(r.head.values[i]), "close") {
			return
		}
	}
	if h := r.head; h.chunks || h.length < 0 || int64(len(r.In)) != int64(h.end)+h.length || r.Conn.Buffered() > 0 {
		return
	}
	if engine.ReturnIdle != nil && engine.ReturnIdle(r.srv, r.pooled, r.Conn, r.uses) {
		r.Conn = nil
	}
}
