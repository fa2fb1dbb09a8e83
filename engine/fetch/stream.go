package fetch

import (
	"strconv"

	"hawser/engine"
)

// The stream itself: its status and end, its tries and queues, its bytes.
func init() {
	for _, n := range []string{"status", "server_status", "txn.status"} {
		ofStream(n, engine.TSint, engine.OnServerSide, "The status of the response.", status)
	}
	ofStream("http_first_req", engine.TBool, engine.OnStream, "True for the first request of a connection.", func(_ env, s *engine.Stream) (smp, stat) {
		return boolean(s.Sess.Requests <= 1)
	})
	ofStream("txn.conn_retries", engine.TSint, engine.OnServerSide, "How often connecting to the server was tried again.", func(_ env, s *engine.Stream) (smp, stat) { return sint(int64(s.Retries)) })
	ofStream("txn.redispatched", engine.TBool, engine.OnServerSide, "True if the stream was sent to another server.", func(_ env, s *engine.Stream) (smp, stat) { return boolean(s.Redispatched) })
	ofStream("txn.id32", engine.TSint, engine.AtTraffic, "A 32-bit number of the stream.", func(_ env, s *engine.Stream) (smp, stat) { return sint(int64(uint32(s.ID))) })
	ofStream("txn.sess_term_state", engine.TStr, engine.AtTraffic, "The termination state, as %ts.", func(e env, s *engine.Stream) (smp, stat) {
		m := e.Mark()
		e.Tmp = append(e.Tmp, orDash(s.Term.Cause), orDash(s.Term.State))
		return str(e.Since(m))
	})
	ofStream("prio_class", engine.TSint, engine.AtTraffic, "The priority class of the stream.", func(_ env, s *engine.Stream) (smp, stat) { return sint(int64(s.Prio)) })
	ofStream("prio_offset", engine.TSint, engine.AtTraffic, "The priority offset of the stream in ms.", func(_ env, s *engine.Stream) (smp, stat) { return sint(s.PrioOffset) })
	ofStream("bc_be_queue", engine.TSint, engine.OnServerSide, "Streams before this one in the backend's queue.", func(_ env, s *engine.Stream) (smp, stat) { return sint(int64(s.QueueBack)) })
	ofStream("bc_srv_queue", engine.TSint, engine.OnServerSide, "Streams before this one in the server's queue.", func(_ env, s *engine.Stream) (smp, stat) { return sint(int64(s.QueueSrv)) })
	ofStream("bc_reused", engine.TBool, engine.OnServerSide, "True if the connection to the server was used before.", func(_ env, s *engine.Stream) (smp, stat) {
		return boolean(s.ConnReused || s.Up != nil && s.Up.Reused())
	})
	ofStream("last_rule_file", engine.TStr, engine.AtTraffic, "The file of the last final rule.", func(e env, s *engine.Stream) (smp, stat) {
		if s.LastRule == nil {
			return none()
		}
		return text(e, s.LastRule.Pos.File)
	})
	ofStream("last_entity", engine.TStr, engine.AtTraffic, "What was evaluated last: the file and the line of the last final rule.", func(e env, s *engine.Stream) (smp, stat) {
		if s.LastRule == nil {
			return none()
		}
		m := e.Mark()
		e.Tmp = append(append(e.Tmp, s.LastRule.Pos.File...), ':')
		e.Tmp = strconv.AppendInt(e.Tmp, int64(s.LastRule.Pos.Line), 10)
		return str(e.Since(m))
	})
	ofStream("last_rule_line", engine.TSint, engine.AtTraffic, "The line of the last final rule.", func(e env, s *engine.Stream) (smp, stat) {
		if s.LastRule == nil {
			return none()
		}
		return sint(int64(s.LastRule.Pos.Line))
	})
	for _, n := range []string{"bytes_in", "req.bytes_in"} {
		ofStream(n, engine.TSint, engine.OnStream, "Bytes received from the client.", func(_ env, s *engine.Stream) (smp, stat) { return sint(s.BytesIn) })
	}
	ofStream("req.bytes_out", engine.TSint, engine.OnStream, "Bytes of the request sent to the server.", func(_ env, s *engine.Stream) (smp, stat) { return sint(s.ReqOut) })
	for _, n := range []string{"bytes_out", "res.bytes_in"} {
		ofStream(n, engine.TSint, engine.OnServer, "Bytes received from the server.", func(_ env, s *engine.Stream) (smp, stat) { return sint(s.BytesOut) })
	}
	ofStream("res.bytes_out", engine.TSint, engine.OnServer, "Bytes sent to the client.", func(_ env, s *engine.Stream) (smp, stat) { return sint(s.ResOut) })
}

// ofStream registers a fetch that needs a stream.
func ofStream(name string, out engine.Type, where engine.Where, usage string, f func(env, *engine.Stream) (smp, stat)) {
	engine.AddFetches(row(name, out, where, usage, func(e env, _ args) (smp, stat) {
		if e.Strm == nil {
			return none()
		}
		return f(e, e.Strm)
	}))
}

func status(_ env, s *engine.Stream) (smp, stat) {
	switch {
	case s.HasRes && s.Res != nil && s.Res.Status > 0:
		return sint(int64(s.Res.Status))
	case s.Status > 0:
		return sint(int64(s.Status))
	}
	return none()
}

func orDash(c byte) byte {
	if c == 0 {
		return '-'
	}
	return c
}
