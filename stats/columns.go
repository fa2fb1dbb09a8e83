package stats

import (
	"hawser/engine"
	"hawser/engine/counter"
)

// side is what a row counts with.
type side = engine.SideCounters

// columnTable gives the value of fields by their names.
type columnTable map[string]func(o *Object) Value

// columns are all of them, from a table per subject.
var columns = merged(nameColumns, stateColumns, checkColumns, connColumns, trafficColumns)

func merged(tables ...columnTable) columnTable {
	union := columnTable{}
	for _, t := range tables {
		for name, get := range t {
			if union[name] != nil {
				panic("stats: two columns " + name)
			}
			union[name] = get
		}
	}
	return union
}

// trafficColumns tell of requests, responses, bytes and times.
var trafficColumns = columnTable{
	"bin":             total(func(c *side) *counter.Int { return &c.BytesIn }),
	"bout":            total(func(c *side) *counter.Int { return &c.BytesOut }),
	"dreq":            total(func(c *side) *counter.Int { return &c.ReqDenied }),
	"dresp":           total(func(c *side) *counter.Int { return &c.ResDenied }),
	"ereq":            total(func(c *side) *counter.Int { return &c.ReqErrors }),
	"eresp":           total(func(c *side) *counter.Int { return &c.ResErrors }),
	"hrsp_1xx":        class(1),
	"hrsp_2xx":        class(2),
	"hrsp_3xx":        class(3),
	"hrsp_4xx":        class(4),
	"hrsp_5xx":        class(5),
	"hrsp_other":      class(0),
	"req_rate":        requests(func(o *Object) Value { return num(o.C.ReqRate.Value(o.now)) }),
	"req_rate_max":    requests(func(o *Object) Value { return num(o.C.ReqRate.Max()) }),
	"req_tot":         requests(total(func(c *side) *counter.Int { return &c.Requests })),
	"cli_abrt":        total(func(c *side) *counter.Int { return &c.CliAborts }),
	"srv_abrt":        total(func(c *side) *counter.Int { return &c.SrvAborts }),
	"comp_in":         total(func(c *side) *counter.Int { return &c.CompIn }),
	"comp_out":        total(func(c *side) *counter.Int { return &c.CompOut }),
	"comp_byp":        total(func(c *side) *counter.Int { return &c.CompBypassed }),
	"comp_rsp":        total(func(c *side) *counter.Int { return &c.CompResponses }),
	"qtime":           mean(func(c *side) *counter.Mean { return &c.QTime }),
	"ctime":           mean(func(c *side) *counter.Mean { return &c.CTime }),
	"rtime":           mean(func(c *side) *counter.Mean { return &c.RTime }),
	"ttime":           mean(func(c *side) *counter.Mean { return &c.TTime }),
	"intercepted":     http(total(func(c *side) *counter.Int { return &c.Intercepted })),
	"wrew":            total(func(c *side) *counter.Int { return &c.Rewrites }),
	"cache_lookups":   http(total(func(c *side) *counter.Int { return &c.CacheLookups })),
	"cache_hits":      http(total(func(c *side) *counter.Int { return &c.CacheHits })),
	"qtime_max":       top(func(c *side) *counter.Max { return &c.QMax }),
	"ctime_max":       top(func(c *side) *counter.Max { return &c.CMax }),
	"rtime_max":       top(func(c *side) *counter.Max { return &c.RMax }),
	"ttime_max":       top(func(c *side) *counter.Max { return &c.TMax }),
	"eint":            total(func(c *side) *counter.Int { return &c.InternalErrors }),
	"req_other":       zero,
	"h1req":           http(total(func(c *side) *counter.Int { return &c.Requests })),
	"h2req":           zero,
	"h3req":           zero,
	"reqbin":          total(func(c *side) *counter.Int { return &c.BytesIn }),
	"reqbout":         total(func(c *side) *counter.Int { return &c.ReqOut }),
	"resbin":          total(func(c *side) *counter.Int { return &c.BytesOut }),
	"resbout":         total(func(c *side) *counter.Int { return &c.ResOut }),
	"cache_hint_hits": http(total(func(c *side) *counter.Int { return &c.HintHits })),
}

func total(pick func(c *side) *counter.Int) func(*Object) Value {
	return func(o *Object) Value { return num(pick(o.C).Load()) }
}

func zero(*Object) Value { return num(0) }

// http hides a value of proxies that are not in HTTP mode.
func http(get func(*Object) Value) func(*Object) Value {
	return func(o *Object) Value {
		if !o.Px.IsHTTP() {
			return Value{}
		}
		return get(o)
	}
}

// requests is a figure of requests: a frontend in TCP mode has it, too, since it may
// go over to HTTP.
func requests(get func(*Object) Value) func(*Object) Value {
	return func(o *Object) Value {
		if !o.Px.IsHTTP() && o.Kind != Frontend {
			return Value{}
		}
		return get(o)
	}
}

func class(i int) func(*Object) Value {
	return http(func(o *Object) Value { return num(o.C.Responses[i].Load()) })
}

func mean(pick func(*side) *counter.Mean) func(*Object) Value {
	return func(o *Object) Value { return num(pick(o.C).Load()) }
}

func top(pick func(*side) *counter.Max) func(*Object) Value {
	return func(o *Object) Value { return num(pick(o.C).Load()) }
}
