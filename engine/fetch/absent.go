package fetch

import (
	"strconv"

	"hawser/engine"
	"hawser/engine/htx"
)

// Fetches about the insides of HAProxy: what has a counterpart here is told, the
// rest is a constant or missing, and the texts say so.
func init() {
	zero := func(name, usage string, where engine.Where) {
		engine.AddFetches(row(name, engine.TSint, where, usage, func(env, args) (smp, stat) { return sint(0) }))
	}
	gone := func(name string, out engine.Type, where engine.Where, usage string, spec engine.ArgSpec) {
		engine.AddFetches(withArgs(spec, row(name, out, where, usage, func(env, args) (smp, stat) { return none() })))
	}
	noArgs := engine.ArgSpec{}
	number := engine.OptArgs(0, engine.ArgInt)
	for _, n := range []string{"cpu_calls", "cpu_ns_avg", "cpu_ns_tot", "lat_ns_avg", "lat_ns_tot"} {
		zero(n, "A scheduler's counter that goroutines do not have: 0.", engine.AtTraffic)
	}
	for _, n := range []string{"cpu_usage_grp", "cpu_usage_proc", "cpu_usage_thr"} {
		zero(n, "Use of the CPU, not measured here: 0.", engine.AtTraffic)
	}
	gone("last_entity", engine.TStr, engine.AtTraffic, "The entity last evaluated: not kept here.", noArgs)
	gone("waiting_entity", engine.TStr, engine.AtTraffic, "The entity that the stream waits for: streams wait in their own code here.", noArgs)
	gone("term_events", engine.TStr, engine.AtTraffic, "HAProxy's log of termination events: not kept here.", noArgs)
	gone("fs.debug_str", engine.TStr, engine.OnSession, "Internal state of the client side: not told.", number)
	gone("bs.debug_str", engine.TStr, engine.OnServerSide, "Internal state of the server side: not told.", number)
	gone("fc_saved_syn", engine.TBin, engine.OnClient, "The saved SYN packet (tcp-ss): not kept here.", noArgs)
	zero("fs.rst_code", "The code of a reset by the client: none with HTTP/1.", engine.OnSession)
	zero("bs.rst_code", "The code of a reset by the server: none with HTTP/1.", engine.OnServerSide)
	engine.AddFetches(row("fc_glitches", engine.TSint, engine.OnClient, "Protocol glitches of the client's connection.", func(e env, _ args) (smp, stat) {
		if e.Strm == nil {
			return none()
		}
		return sint(0)
	}))
	zero("bc_glitches", "Protocol glitches of the server's connection.", engine.OnServerSide)
	zero("bc_err", "The number of the server connection's error; 0: none.", engine.OnServerSide)
	noError := func(name, usage, value string) {
		engine.AddFetches(row(name, engine.TStr, engine.OnServerSide, usage, func(e env, _ args) (smp, stat) {
			if e.Strm == nil || e.Strm.BackPeer == nil {
				return none()
			}
			return text(e, value)
		}))
	}
	noError("bc_err_name", "The name of the server connection's error: empty, as a connection that failed is not kept.", "")
	noError("bc_err_str", "The text of the server connection's error: Success, as a connection that failed is not kept.", "Success")
	one := func(name string, where engine.Where) {
		engine.AddFetches(row(name, engine.TSint, where, "Streams at once on the connection: 1 with HTTP/1.", func(e env, _ args) (smp, stat) {
			if e.Strm == nil {
				return none()
			}
			return sint(1)
		}))
	}
	one("fc_nb_streams", engine.OnClient)
	one("fc_settings_streams_limit", engine.OnSession)
	one("bc_nb_streams", engine.OnServerSide)
	one("bc_settings_streams_limit", engine.OnServerSide)
	engine.AddFetches(
		row("fs.id", engine.TStr, engine.OnSession, "The number of the stream on its connection.", func(e env, _ args) (smp, stat) {
			if e.Sess == nil {
				return none()
			}
			m := e.Mark()
			e.Tmp = strconv.AppendInt(e.Tmp, int64(e.Sess.Requests), 10)
			return str(e.Since(m))
		}),
		row("bs.id", engine.TSint, engine.OnServerSide, "The number of the stream to the server.", func(e env, _ args) (smp, stat) {
			if e.Strm == nil {
				return none()
			}
			return sint(int64(e.Strm.ID))
		}),
		row("fs.aborted", engine.TSint, engine.OnSession, "1 if the client aborted.", func(e env, _ args) (smp, stat) {
			return sint(int64(b2i(e.Strm != nil && (e.Strm.Term.Cause == 'C' || e.Strm.Term.Cause == 'c'))))
		}),
		row("bs.aborted", engine.TSint, engine.OnServerSide, "1 if the server aborted.", func(e env, _ args) (smp, stat) {
			return sint(int64(b2i(e.Strm != nil && (e.Strm.Term.Cause == 'S' || e.Strm.Term.Cause == 's'))))
		}),
	)
	messages()
}

// messages: internal.htx.*, by what a message here has.
func messages() {
	on := engine.OnBoth
	of := func(name string, out engine.Type, usage string, f func(*htx.Msg) int64) {
		engine.AddFetches(row("internal.htx."+name, out, on, usage, func(e env, _ args) (smp, stat) {
			m := e.Msg()
			if m == nil {
				return none()
			}
			return smp{Type: out, Int: f(m)}, found
		}))
	}
	of("data", engine.TSint, "Bytes of the message's head.", func(m *htx.Msg) int64 { return int64(m.HeadSize()) })
	of("used", engine.TSint, "Bytes of the message's head.", func(m *htx.Msg) int64 { return int64(m.HeadSize()) })
	of("size", engine.TSint, "Bytes that the message's room has.", func(m *htx.Msg) int64 { return int64(cap(m.Arena())) })
	of("free", engine.TSint, "Bytes left in the message's room.", func(m *htx.Msg) int64 { return int64(cap(m.Arena()) - len(m.Arena())) })
	of("free_data", engine.TSint, "Bytes left in the message's room.", func(m *htx.Msg) int64 { return int64(cap(m.Arena()) - len(m.Arena())) })
	of("nbblks", engine.TSint, "Blocks of the message: start line, fields, end.", func(m *htx.Msg) int64 { return int64(m.FieldCount() + 2) })
	of("has_eom", engine.TBool, "True if the message has no body to come.", func(m *htx.Msg) int64 { return int64(b2i(m.BodyLen == 0 || m.Has(htx.NoBody))) })
	block := func(name string, out engine.Type, usage string, f func(e env, m *htx.Msg, i int) (smp, stat)) {
		engine.AddFetches(engine.Fetch{Name: "internal.htx_blk." + name, Out: out, Where: on, Args: engine.Args(engine.ArgStr), Usage: "(head | tail | first | number): " + usage,
			Make: func(_ *engine.Build, a args) (engine.FetchFunc, error) {
				at, tail := 0, a[0].Text == "tail"
				switch a[0].Text {
				case "":
					return nil, errText("a block position is expected (> 0) or a special block name (head, tail, first)")
				case "head", "first", "tail":
				default:
					n, err := strconv.Atoi(a[0].Text)
					if err != nil || n < 0 {
						return nil, errText("invalid block position")
					}
					at = n
				}
				return func(e env, _ args) (smp, stat) {
					m := e.Msg()
					if m == nil {
						return none()
					}
					i := at
					if tail {
						i = m.FieldCount() + 1
					}
					return f(e, m, i)
				}, nil
			}})
	}
	block("type", engine.TStr, "what a block of the message is.", func(e env, m *htx.Msg, i int) (smp, stat) {
		switch n := m.FieldCount(); {
		case i == 0 && m.IsResponse():
			return text(e, "HTX_BLK_RES_SL")
		case i == 0:
			return text(e, "HTX_BLK_REQ_SL")
		case i <= n:
			return text(e, "HTX_BLK_HDR")
		case i == n+1:
			return text(e, "HTX_BLK_EOH")
		}
		return none()
	})
	nth := func(m *htx.Msg, i int) int {
		f := -1
		for ; i > 0; i-- {
			if f = m.NextAny(f + 1); f < 0 {
				return -1
			}
		}
		return f
	}
	header := func(value bool) func(e env, m *htx.Msg, i int) (smp, stat) {
		return func(_ env, m *htx.Msg, i int) (smp, stat) {
			f := nth(m, i)
			switch {
			case f < 0:
				return none()
			case value:
				return str(m.Value(f))
			}
			return str(m.Name(f))
		}
	}
	block("hdrname", engine.TStr, "the name in a header block.", header(false))
	block("hdrval", engine.TStr, "the value in a header block.", header(true))
	block("size", engine.TSint, "the size of a header block.", func(_ env, m *htx.Msg, i int) (smp, stat) {
		if f := nth(m, i); f >= 0 {
			return sint(int64(len(m.Name(f)) + len(m.Value(f))))
		}
		return none()
	})
	block("data", engine.TBin, "the contents of a data block: bodies are not kept in blocks here.", func(env, *htx.Msg, int) (smp, stat) { return none() })
	block("start_line", engine.TStr, "the start line, if the block is one.", func(e env, m *htx.Msg, i int) (smp, stat) {
		if i != 0 {
			return none()
		}
		mark := e.Mark()
		if m.IsResponse() {
			e.Tmp = append(append(e.Tmp, m.Bytes(m.Version)...), ' ')
			e.Tmp = append(strconv.AppendInt(e.Tmp, int64(m.Status), 10), ' ')
			e.Tmp = append(e.Tmp, m.Bytes(m.Reason)...)
		} else {
			e.Tmp = append(append(e.Tmp, m.Bytes(m.Method)...), ' ')
			e.Tmp = append(append(e.Tmp, m.Bytes(m.Target)...), ' ')
			e.Tmp = append(e.Tmp, m.Bytes(m.Version)...)
		}
		return str(e.Since(mark))
	})
}
