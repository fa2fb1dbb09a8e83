package fetch

import "hawser/engine"

// Fetches about the insides of HAProxy that have no counterpart here: constants or
// missing, and the texts say so.
func init() {
	noArgs := engine.ArgSpec{}
	number := engine.OptArgs(0, engine.ArgInt)
	for _, n := range []string{"cpu_calls", "cpu_ns_avg", "cpu_ns_tot", "lat_ns_avg", "lat_ns_tot"} {
		zero(n, "A scheduler's counter that goroutines do not have: 0.", engine.AtTraffic)
	}
	gone("waiting_entity", engine.TStr, engine.AtTraffic, "The entity that the stream waits for: streams wait in their own code here.", noArgs)
	gone("term_events", engine.TStr, engine.AtTraffic, "HAProxy's log of termination events: not kept here.", noArgs)
	gone("fs.debug_str", engine.TStr, engine.OnSession, "Internal state of the client side: not told.", number)
	gone("bs.debug_str", engine.TStr, engine.OnServerSide, "Internal state of the server side: not told.", number)
}

// idle marks a row: a notice says that it tells nothing.
func idle(f engine.Fetch) engine.Fetch {
	f.Idle = true
	return f
}

// zero registers a number that is always 0.
func zero(name, usage string, where engine.Where) {
	engine.AddFetches(idle(row(name, engine.TSint, where, usage, func(env, args) (smp, stat) { return sint(0) })))
}

// gone registers a fetch that never has a result.
func gone(name string, out engine.Type, where engine.Where, usage string, spec engine.ArgSpec) {
	engine.AddFetches(idle(withArgs(spec, row(name, out, where, usage, func(env, args) (smp, stat) { return none() }))))
}
