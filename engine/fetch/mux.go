package fetch

import (
	"strconv"

	"hawser/engine"
	"hawser/engine/htx"
)

// What HAProxy's multiplexers know of a stream and its connections, as it is with
// one stream at a time.
func init() {
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
	never := func(env, args) (smp, stat) { return none() }
	engine.AddFetches(
		row("fs.rst_code", engine.TSint, engine.OnSession, "The code of a reset by the client: HTTP/1 has none.", never),
		row("bs.rst_code", engine.TSint, engine.OnServerSide, "The code of a reset by the server: HTTP/1 has none.", never),
	)
	engine.AddFetches(
		row("fc_glitches", engine.TSint, engine.OnClient, "How many requests of the client's connection were against the protocol, refused or let pass.", func(e env, _ args) (smp, stat) {
			if e.Strm == nil {
				return none()
			}
			return sint(int64(e.Sess.Glitches))
		}),
		row("bc_glitches", engine.TSint, engine.OnServerSide, "1 if the response was against the protocol and let pass, else 0: those before it on the connection do not count.", func(e env, _ args) (smp, stat) {
			return sint(int64(b2i(e.Strm != nil && e.Strm.HasRes && e.Strm.Res.Has(htx.Relaxed))))
		}),
	)
	oneStream("fc_nb_streams", engine.OnClient)
	oneStream("fc_settings_streams_limit", engine.OnSession)
	oneStream("bc_nb_streams", engine.OnServerSide)
	oneStream("bc_settings_streams_limit", engine.OnServerSide)
}

// oneStream registers a number or limit of streams, 1 once there is one.
func oneStream(name string, where engine.Where) {
	engine.AddFetches(row(name, engine.TSint, where, "Streams at once on the connection: 1 with HTTP/1.", func(e env, _ args) (smp, stat) {
		if e.Strm == nil {
			return none()
		}
		return sint(1)
	}))
}
