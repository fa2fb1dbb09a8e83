package engine

import "sync/atomic"

// Nameserver is a name server of a resolvers section and what it was good for.
type Nameserver struct {
	Section, Name string
	C             *NameserverCounters
}

// NameserverCounters are the figures of "show resolvers" (management manual).
type NameserverCounters struct {
	Sent, SendError, Valid, Update, CNAME, CNAMEError, AnyErr, NX, Timeout, Refused, Other, Invalid, TooBig, Truncated, Outdated atomic.Int64
}

// Nameservers lists those of a generation, section by section; the resolver
// feature provides it.
var Nameservers func(rt *Runtime) []Nameserver

// NameserverField is one figure: its name in "show resolvers" and in "show stat
// domain resolvers", and what it is.
type NameserverField struct {
	Show, Stat, Desc string

	Of func(*NameserverCounters) *atomic.Int64
}

// NameserverFields are the figures in HAProxy's order.
var NameserverFields = []NameserverField{
	{"sent", "sent", "Sent", func(c *NameserverCounters) *atomic.Int64 { return &c.Sent }},
	{"snd_error", "send_error", "Send error", func(c *NameserverCounters) *atomic.Int64 { return &c.SendError }},
	{"valid", "valid", "Valid", func(c *NameserverCounters) *atomic.Int64 { return &c.Valid }},
	{"update", "update", "Update", func(c *NameserverCounters) *atomic.Int64 { return &c.Update }},
	{"cname", "cname", "CNAME", func(c *NameserverCounters) *atomic.Int64 { return &c.CNAME }},
	{"cname_error", "cname_error", "CNAME error", func(c *NameserverCounters) *atomic.Int64 { return &c.CNAMEError }},
	{"any_err", "any_err", "Any errors", func(c *NameserverCounters) *atomic.Int64 { return &c.AnyErr }},
	{"nx", "nx", "NX", func(c *NameserverCounters) *atomic.Int64 { return &c.NX }},
	{"timeout", "timeout", "Timeout", func(c *NameserverCounters) *atomic.Int64 { return &c.Timeout }},
	{"refused", "refused", "Refused", func(c *NameserverCounters) *atomic.Int64 { return &c.Refused }},
	{"other", "other", "Other", func(c *NameserverCounters) *atomic.Int64 { return &c.Other }},
	{"invalid", "invalid", "Invalid", func(c *NameserverCounters) *atomic.Int64 { return &c.Invalid }},
	{"too_big", "too_big", "Too big", func(c *NameserverCounters) *atomic.Int64 { return &c.TooBig }},
	{"truncated", "truncated", "Truncated", func(c *NameserverCounters) *atomic.Int64 { return &c.Truncated }},
	{"outdated", "outdated", "Outdated", func(c *NameserverCounters) *atomic.Int64 { return &c.Outdated }},
}
