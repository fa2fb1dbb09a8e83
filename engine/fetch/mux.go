package fetch

import (
	"strconv"

	"hawser/engine"
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
	zero("fs.rst_code", "The code of a reset by the client: none with HTTP/1.", engine.OnSession)
	zero("bs.rst_code", "The code of a reset by the server: none with HTTP/1.", engine.OnServerSide)
	engine.AddFetches(row("fc_glitches", engine.TSint, engine.OnClient, "Protocol glitches of the client's connection.", func(e env, _ args) (smp, stat) {
		if e.Strm == nil {
			return none()
		}
		return sint(0)
	}))
	zero("bc_glitches", "Protocol glitches of the server's connection.", engine.OnServerSide)
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
