package check

import (
	"time"

	"hawser/engine"
)

// conf is how the servers of a backend are checked.
type conf struct {
	kind      string  // httpchk, tcp-check, external-check, a protocol's name; "" connects only
	request   request // option httpchk
	http, tcp ruleset
	proto     []step // of the kinds that are fixed dialogues
	linger    bool   // of those: the server is left cleanly
	on404     bool
	sendState bool
	command   string // external-check
	path      string
}

// ruleset holds http-check or tcp-check rules. A proxy's own replace those of its
// defaults section.
type ruleset struct {
	owner *engine.Proxy
	steps []step
}

// serverConf is what a server line says of checks beyond engine.ServerSpec.
type serverConf struct {
	ssl       int // check-ssl: 1, no-check-ssl: -1
	sendProxy bool
	sni       string
	alpn      string
	section   string // healthcheck <name>
	reuse     bool   // check-reuse-pool
	connName  string // check-pool-conn-name
	agent     agentConf
}

type agentConf struct {
	on    bool
	addr  string
	port  int
	inter time.Duration
	send  string
}

var (
	confs   = engine.NewSlot[*engine.Proxy, conf]("checks")
	servers = engine.NewSlot[*engine.Server, serverConf]("checks")
	tlsOf   = engine.NewSlot[*engine.Server, engine.TLSClient]("TLS of checks")
	plans   = engine.NewSlot[*engine.Server, plan]("check plan")
)

// rules returns the ruleset of px for writing.
func (c *conf) rules(px *engine.Proxy, http bool) *ruleset {
	r := &c.tcp
	if http {
		r = &c.http
	}
	if r.owner != px {
		*r = ruleset{owner: px}
	}
	return r
}

// plan is what a check of one server does. Immutable after build.
type plan struct {
	steps    []step
	numbers  []int // of the steps, as failures tell them
	http     bool
	tcp      bool // option tcp-check: failures tell at which step
	rules    bool // the steps were written as rules
	linger   bool // the connection that no rule opens ends cleanly
	on404    bool
	state    bool // send-state
	external *external
	print    string // fingerprint: another one restarts from init-state
	timeout  time.Duration
	connect  time.Duration
}
