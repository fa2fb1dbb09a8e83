package sticktable

import (
	"strconv"
	"strings"

	"hawser/engine"
	"hawser/engine/clock"
)

type (
	smp  = engine.Sample
	stat = engine.Status
)

// reading is what a fetch or converter does with an entry: index is that of gpc()
// and gpt(). en is nil where the key has no entry.
type reading struct {
	name  string // behind sc_, src_, table_
	usage string
	index bool // takes an index
	make  bool // src_* makes the entry
	conv  string
	read  func(en *entry, i int) (int64, bool)
	where engine.Where
}

func valueOf(k kind) func(*entry, int) (int64, bool) {
	return func(en *entry, _ int) (int64, bool) { return en.value(k, 0) }
}

func kbytes(k kind) func(*entry, int) (int64, bool) {
	return func(en *entry, _ int) (int64, bool) {
		v, ok := en.value(k, 0)
		return v >> 10, ok
	}
}

func gpcOf(i int) func(*entry, int) (int64, bool) {
	return func(en *entry, n int) (int64, bool) {
		if i >= 0 {
			n = i
		}
		k, at := en.gpcAt(n)
		return en.value(k, at)
	}
}

func gpcRateOf(i int) func(*entry, int) (int64, bool) {
	return func(en *entry, n int) (int64, bool) {
		if i >= 0 {
			n = i
		}
		k, at := en.gpcRateAt(n)
		return en.value(k, at)
	}
}

func gptOf(i int) func(*entry, int) (int64, bool) {
	return func(en *entry, n int) (int64, bool) {
		if i >= 0 {
			n = i
		}
		k, at := en.gptAt(n)
		return en.value(k, at)
	}
}

func incGPC(i int) func(*entry, int) (int64, bool) {
	return func(en *entry, n int) (int64, bool) {
		if i >= 0 {
			n = i
		}
		v, _ := en.addGPC(n, 1)
		return v, true // 0 where the table has no such counter
	}
}

func clearGPC(i int) func(*entry, int) (int64, bool) {
	return func(en *entry, n int) (int64, bool) {
		if i >= 0 {
			n = i
		}
		k, at := en.gpcAt(n)
		c := en.cell(k, at)
		if c == nil {
			return 0, false
		}
		return int64(c.n.Swap(0)), true
	}
}

var readings = []reading{
	{name: "bytes_in_rate", usage: "bytes per period from clients", read: valueOf(inRate)},
	{name: "bytes_out_rate", usage: "bytes per period to clients", read: valueOf(outRate)},
	{name: "clr_gpc", usage: "clears a general counter and returns what it was", index: true, make: true, read: clearGPC(-1)},
	{name: "clr_gpc0", usage: "clears gpc0 and returns what it was", make: true, read: clearGPC(0)},
	{name: "clr_gpc1", usage: "clears gpc1 and returns what it was", make: true, read: clearGPC(1)},
	{name: "conn_cnt", usage: "connections so far", read: valueOf(connCnt)},
	{name: "conn_cur", usage: "current connections", read: valueOf(connCur)},
	{name: "conn_rate", usage: "connections per period", read: valueOf(connRate)},
	{name: "get_gpc", conv: "gpc", usage: "a general counter", index: true, read: gpcOf(-1)},
	{name: "get_gpc0", conv: "gpc0", usage: "gpc0", read: gpcOf(0)},
	{name: "get_gpc1", conv: "gpc1", usage: "gpc1", read: gpcOf(1)},
	{name: "get_gpt", conv: "gpt", usage: "a general tag", index: true, read: gptOf(-1)},
	{name: "get_gpt0", conv: "gpt0", usage: "gpt0", read: gptOf(0)},
	{name: "glitch_cnt", usage: "protocol glitches so far", read: valueOf(glitchCnt)},
	{name: "glitch_rate", usage: "protocol glitches per period", read: valueOf(glitchRate)},
	{name: "gpc0_rate", usage: "increments of gpc0 per period", read: gpcRateOf(0)},
	{name: "gpc1_rate", usage: "increments of gpc1 per period", read: gpcRateOf(1)},
	{name: "gpc_rate", usage: "increments of a general counter per period", index: true, read: gpcRateOf(-1)},
	{name: "http_err_cnt", usage: "HTTP errors so far", read: valueOf(errCnt)},
	{name: "http_err_rate", usage: "HTTP errors per period", read: valueOf(errRate)},
	{name: "http_fail_cnt", usage: "server failures so far", read: valueOf(failCnt)},
	{name: "http_fail_rate", usage: "server failures per period", read: valueOf(failRate)},
	{name: "http_req_cnt", usage: "HTTP requests so far", read: valueOf(reqCnt)},
	{name: "http_req_rate", usage: "HTTP requests per period", read: valueOf(reqRate)},
	{name: "inc_gpc", usage: "adds one to a general counter and returns it", index: true, make: true, read: incGPC(-1)},
	{name: "inc_gpc0", usage: "adds one to gpc0 and returns it", make: true, read: incGPC(0)},
	{name: "inc_gpc1", usage: "adds one to gpc1 and returns it", make: true, read: incGPC(1)},
	{name: "kbytes_in", usage: "KiB from clients so far", read: kbytes(inCnt), where: engine.OnClient},
	{name: "kbytes_out", usage: "KiB to clients so far", read: kbytes(outCnt), where: engine.OnClient},
	{name: "sess_cnt", usage: "sessions so far", read: valueOf(sessCnt)},
	{name: "sess_rate", usage: "sessions per period", read: valueOf(sessRate)},
}

func init() {
	for i := range readings {
		r := &readings[i]
		if r.where == 0 {
			r.where = engine.AtTraffic
		}
		addSC(r)
		addSrc(r)
		addTable(r)
	}
	addSC(&reading{name: "trackers", usage: "how many streams and sessions track the entry", where: engine.AtTraffic,
		read: func(en *entry, _ int) (int64, bool) { return int64(en.refs.Load()), true }})
	addTable(&reading{name: "trackers", usage: "how many streams and sessions track the entry, with the one that asks", read: func(en *entry, _ int) (int64, bool) { return int64(en.refs.Load()) + 1, true }})
	addTable(&reading{name: "server_id", usage: "the number of the server that the key sticks to", read: valueOf(serverID)})
	addSrc(&reading{name: "updt_conn_cnt", usage: "adds one to the connections and returns them", make: true, where: engine.OnClient,
		read: func(en *entry, _ int) (int64, bool) {
			en.both(connCnt, connRate, 1)
			return en.value(connCnt, 0)
		}})
	addTracked()
	addTimes()
	addCounts()
}

// addSC registers sc_x(counter[,table]) and sc0_x to sc2_x.
func addSC(r *reading) {
	args := []engine.ArgType{engine.ArgInt, engine.ArgTable}
	minimum := 1
	if r.index {
		args, minimum = []engine.ArgType{engine.ArgInt, engine.ArgInt, engine.ArgTable}, 2
	}
	addSCForm("sc_"+r.name, engine.TSint, r, args, minimum, -1)
	if r.index && r.name != "clr_gpc" {
		return
	}
	for n := range 3 {
		args, minimum := []engine.ArgType{engine.ArgTable}, 0
		if r.index {
			if n != 1 {
				continue
			}
			args, minimum = []engine.ArgType{engine.ArgInt, engine.ArgTable}, 1
		}
		addSCForm("sc"+strconv.Itoa(n)+"_"+r.name, engine.TSint, r, args, minimum, n)
	}
}

func addSCForm(name string, out engine.Type, r *reading, types []engine.ArgType, minimum, fixed int) {
	engine.AddFetches(engine.Fetch{Name: name, Out: out, Where: r.where, Args: engine.ArgSpec{Types: types, Min: minimum},
		Usage: "(" + form(types, r.index) + "): of the entry that a counter follows: " + r.usage + ".",
		Make: func(b *engine.Build, a []engine.Arg) (engine.FetchFunc, error) {
			index, sc, other, err := scArgs(b, a, r.index, fixed, name)
			if err != nil {
				return nil, err
			}
			return func(e *engine.Env, _ []engine.Arg) (smp, stat) {
				en, ok := scEntry(e, sc, other)
				return answer(en, ok, index, r.read)
			}, nil
		}})
}

func form(types []engine.ArgType, index bool) string {
	var out []string
	for _, t := range types {
		switch {
		case t == engine.ArgTable:
			out = append(out, "[table]")
		case index:
			out, index = append(out, "index"), false
		default:
			out = append(out, "counter")
		}
	}
	return strings.Join(out, ",")
}

// scArgs reads index, counter and table of a call.
func scArgs(b *engine.Build, a []engine.Arg, hasIndex bool, fixed int, name string) (index, sc int, other *ref, err error) {
	if hasIndex {
		index, a = int(a[0].Int), a[1:]
	}
	sc = fixed
	if fixed < 0 {
		sc, a = int(a[0].Int), a[1:]
	}
	if len(a) > 0 && a[0].Type == engine.ArgTable && a[0].Text != "" {
		other = argTable(b, a[0])
	}
	return index, sc, other, nil
}

func argTable(b *engine.Build, a engine.Arg) *ref {
	r := &ref{}
	b.Later(func() {
		n := a.Text
		if n == "" && b.Px != nil {
			n = b.Px.Name
		}
		if r.c = tablesOf(b.RT).byName[n]; r.c == nil {
			b.Unresolved(&a, "table", n)
		}
	})
	return r
}

// scEntry returns what a counter follows; with another table, the entry there of
// the same key (nil if there is none). ok is false when nothing is followed.
func scEntry(e *engine.Env, sc int, other *ref) (en *entry, ok bool) {
	en = tracked(e, sc)
	if en == nil {
		return nil, false
	}
	if other == nil {
		return en, true
	}
	t := other.table()
	if t == nil {
		return nil, false
	}
	m := e.Mark()
	s := en.keySample()
	key, ok := t.makeKey(e, &s)
	if !ok {
		return nil, false
	}
	en = t.find(key)
	e.Tmp = e.Tmp[:m]
	return en, true
}

// answer reads an entry; a key without one counts as zero.
func answer(en *entry, ok bool, index int, read func(*entry, int) (int64, bool)) (smp, stat) {
	if !ok {
		return smp{}, engine.Missing
	}
	if en == nil {
		return engine.Sint(0), engine.Found
	}
	v, ok := read(en, index)
	if !ok {
		return smp{}, engine.Missing
	}
	return engine.Sint(v), engine.Found
}

// addSrc registers src_x([index,]table): of the client's address.
func addSrc(r *reading) {
	types := []engine.ArgType{engine.ArgTable}
	if r.index {
		types = []engine.ArgType{engine.ArgInt, engine.ArgTable}
	}
	name := "src_" + r.name
	engine.AddFetches(engine.Fetch{Name: name, Out: engine.TSint, Where: engine.OnClient, Args: engine.Args(types...),
		Usage: "(" + form(types, r.index) + "): of the client address's entry: " + r.usage + ".",
		Make: func(b *engine.Build, a []engine.Arg) (engine.FetchFunc, error) {
			index := 0
			if r.index {
				index, a = int(a[0].Int), a[1:]
			}
			tr := argTable(b, a[0])
			return func(e *engine.Env, _ []engine.Arg) (smp, stat) {
				t := tr.table()
				if t == nil || e.Sess == nil || !e.Sess.Src.IsValid() {
					return smp{}, engine.Missing
				}
				m := e.Mark()
				s := engine.IP(e.Sess.Src.Addr())
				key, ok := t.makeKey(e, &s)
				if !ok {
					return smp{}, engine.Missing
				}
				var en *entry
				if r.make {
					en = t.get(key, 0)
				} else {
					en = t.find(key)
				}
				e.Tmp = e.Tmp[:m]
				return answer(en, true, index, r.read)
			}, nil
		}})
}

// addTable registers the converter table_x([index,]table).
func addTable(r *reading) {
	types := []engine.ArgType{engine.ArgTable}
	if r.index {
		types = []engine.ArgType{engine.ArgInt, engine.ArgTable}
	}
	name := r.name
	if r.conv != "" {
		name = r.conv
	}
	addTableConv("table_"+name, engine.TSint, types, r.usage, r.index, func(en *entry, index int, _ []engine.Arg) (smp, stat) {
		return answer(en, true, index, r.read)
	}, r.make)
}

func addTableConv(name string, out engine.Type, types []engine.ArgType, usage string, hasIndex bool, f func(*entry, int, []engine.Arg) (smp, stat), creates bool) {
	minimum := len(types)
	if !hasIndex {
		minimum = 1
	}
	engine.AddConvs(engine.Conv{Name: name, In: engine.TAny, Out: out, Args: engine.ArgSpec{Types: types, Min: minimum},
		Usage: "(" + form(types, hasIndex) + "): of the input's entry in a table: " + usage + ".",
		Make: func(b *engine.Build, a []engine.Arg) (engine.ConvFunc, error) {
			index := 0
			if hasIndex {
				index, a = int(a[0].Int), a[1:]
			}
			tr, rest := argTable(b, a[0]), a[1:]
			return func(e *engine.Env, _ []engine.Arg, s smp) (smp, stat) {
				t := tr.table()
				if t == nil {
					return smp{}, engine.Missing
				}
				m := e.Mark()
				key, ok := t.makeKey(e, &s)
				if !ok && out == engine.TBool {
					return engine.Bool(false), engine.Found
				}
				if !ok {
					return smp{}, engine.Missing
				}
				var en *entry
				if creates {
					en = t.get(key, 0)
				} else {
					en = t.find(key)
				}
				e.Tmp = e.Tmp[:m]
				return f(en, index, rest)
			}, nil
		}})
}

// addTracked registers sc_tracked, sc_key and their forms.
func addTracked() {
	yes := func(name string, types []engine.ArgType, minimum, fixed int) {
		engine.AddFetches(engine.Fetch{Name: name, Out: engine.TBool, Where: engine.AtTraffic, Args: engine.ArgSpec{Types: types, Min: minimum},
			Usage: "(" + form(types, false) + "): true if the counter follows an entry.",
			Make: func(b *engine.Build, a []engine.Arg) (engine.FetchFunc, error) {
				_, sc, other, err := scArgs(b, a, false, fixed, name)
				return func(e *engine.Env, _ []engine.Arg) (smp, stat) {
					en, _ := scEntry(e, sc, other)
					return engine.Bool(en != nil), engine.Found
				}, err
			}})
	}
	key := func(name string, types []engine.ArgType, fixed int) {
		engine.AddFetches(engine.Fetch{Name: name, Out: engine.TAny, Where: engine.AtTraffic, Args: engine.Args(types...),
			Usage: "(" + form(types, false) + "): the key of the entry that a counter follows.",
			Make: func(b *engine.Build, a []engine.Arg) (engine.FetchFunc, error) {
				_, sc, _, err := scArgs(b, a, false, fixed, name)
				return func(e *engine.Env, _ []engine.Arg) (smp, stat) {
					en := tracked(e, sc)
					if en == nil {
						return smp{}, engine.Missing
					}
					s := en.keySample()
					if s.B != nil {
						s.B = e.Keep(s.B)
					}
					return s, engine.Found
				}, err
			}})
	}
	yes("sc_tracked", []engine.ArgType{engine.ArgInt, engine.ArgTable}, 1, -1)
	key("sc_key", []engine.ArgType{engine.ArgInt}, -1)
	for n := range 3 {
		yes("sc"+strconv.Itoa(n)+"_tracked", []engine.ArgType{engine.ArgTable}, 0, n)
		key("sc"+strconv.Itoa(n)+"_key", nil, n)
	}
}

// addTimes registers table_expire and table_idle, in_table.
func addTimes() {
	withDefault := []engine.ArgType{engine.ArgTable, engine.ArgInt}
	times := func(name, usage string, f func(*entry) int64) {
		addTableConv(name, engine.TSint, withDefault, usage, false, func(en *entry, _ int, a []engine.Arg) (smp, stat) {
			switch {
			case en != nil:
				return engine.Sint(f(en)), engine.Found
			case len(a) > 0 && a[0].Type != engine.ArgNone:
				return engine.Sint(a[0].Int), engine.Found
			}
			return smp{}, engine.Missing
		}, false)
	}
	times("table_expire", "milliseconds until it expires", func(en *entry) int64 { return en.left(clock.Now()).Milliseconds() })
	times("table_idle", "milliseconds since it was used", func(en *entry) int64 {
		return max(en.t.expire.Load()-en.left(clock.Now()).Milliseconds(), 0)
	})
	addTableConv("in_table", engine.TBool, []engine.ArgType{engine.ArgTable}, "true if there is one", false, func(en *entry, _ int, _ []engine.Arg) (smp, stat) {
		return engine.Bool(en != nil), engine.Found
	}, false)
}

// addCounts registers table_cnt and table_avl.
func addCounts() {
	count := func(name, usage string, f func(*table) int64) {
		engine.AddFetches(engine.Fetch{Name: name, Out: engine.TSint, Where: engine.AtTraffic, Args: engine.Args(engine.ArgTable),
			Usage: "([table]): " + usage + ".",
			Make: func(b *engine.Build, a []engine.Arg) (engine.FetchFunc, error) {
				tr := argTable(b, a[0])
				return func(*engine.Env, []engine.Arg) (smp, stat) {
					if t := tr.table(); t != nil {
						return engine.Sint(f(t)), engine.Found
					}
					return smp{}, engine.Missing
				}, nil
			}})
	}
	count("table_cnt", "how many entries a table holds", func(t *table) int64 { return t.sweep() })
	count("table_avl", "how many entries a table still has room for", func(t *table) int64 { return max(t.size.Load()-t.sweep(), 0) })
}
