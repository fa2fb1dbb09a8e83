package stream

import (
	"io"

	"hawser/engine"
	"hawser/engine/conn"
	"hawser/engine/htx"
)

// filterRequest shows the final request head to the filters.
func filterRequest(s *engine.Stream) step {
	attachFilters(s)
	eachFilter(s, engine.Req, func(f *engine.Filter) {
		if f.Request != nil {
			f.Request(s)
		}
	})
	return next
}

// filterResponse shows the final response head to the filters.
func filterResponse(s *engine.Stream) {
	eachFilter(s, engine.Res, func(f *engine.Filter) {
		if f.Response != nil {
			f.Response(s)
		}
	})
}

// attachFilters tells all filters of the stream.
func attachFilters(s *engine.Stream) {
	filterLists(s, func(px *engine.Proxy) {
		for _, f := range px.Filters {
			if f.Attach != nil {
				f.Attach(s)
			}
		}
	})
}

// eachFilter goes through the filters of one direction.
func eachFilter(s *engine.Stream, dir engine.Dir, do func(*engine.Filter)) {
	filterLists(s, func(px *engine.Proxy) {
		for _, f := range px.FiltersOf(dir) {
			do(f)
		}
	})
}

// filterLists goes through the proxies of a stream that have filters.
func filterLists(s *engine.Stream, do func(*engine.Proxy)) {
	e := &s.Env
	for _, px := range [...]*engine.Proxy{s.Front, s.Back} {
		if px == nil || len(px.Filters) == 0 {
			continue
		}
		e.Px = px
		do(px)
		if s.Back == s.Front {
			break
		}
	}
}

// filtered sends the request body through what the filters put around it, from
// its beginning: what was buffered comes first.
func filtered(s *engine.Stream, body htx.Body) (outcome, *pump) {
	p, out := startPump(s, s.ReqWrap(s, &replay{s: s, rest: engine.Readable(body)}), true)
	if out.kind != headReady {
		return out, p
	}
	return awaitHead(s, p, nil), p
}

// replay is a request body of which a part may be buffered.
type replay struct {
	s     *engine.Stream
	rest  engine.Body
	begun bool
}

func (r *replay) Buffered() ([]byte, error) { return r.read(engine.Body.Buffered) }

func (r *replay) Next() ([]byte, error) { return r.read(engine.Body.Next) }

func (r *replay) read(get func(engine.Body) ([]byte, error)) ([]byte, error) {
	if !r.begun {
		r.begun = true
		if len(r.s.ReqBody) > 0 {
			return r.s.ReqBody, nil
		}
	}
	if r.s.BodyDone {
		return nil, io.EOF
	}
	p, err := get(r.rest)
	r.s.BytesIn += int64(len(p))
	return p, err
}

func (r *replay) Close(err error) { r.rest.Close(err) }

// localBody is the body of a reply of our own, for filters to see.
type localBody struct {
	b    []byte
	done bool
}

func (l *localBody) Next() ([]byte, error) {
	if l.done {
		return nil, io.EOF
	}
	l.done = true
	return l.b, nil
}

func (l *localBody) Buffered() ([]byte, error) { return l.Next() }

func (l *localBody) Close(error) { l.done = true }

// filterService shows built-in content to the filters, as if a server had sent
// it. It returns the body to send, nil: s.Local's.
func filterService(s *engine.Stream, bodyless bool) htx.Body {
	if s.Service == "" || len(s.Front.Filters) == 0 && (s.Back == nil || len(s.Back.Filters) == 0) {
		return nil
	}
	filterRequest(s)
	own := &localBody{b: s.Local.Body}
	s.ResBody = own
	if bodyless {
		s.ResBody = nil
	}
	filterResponse(s)
	if s.ResBody == own {
		return nil
	}
	return s.ResBody
}

// sendWhole sends a body that needs no waiting.
func sendWhole(s *engine.Stream, body htx.Body) error {
	for {
		p, err := body.Next()
		if len(p) > 0 {
			if werr := s.Ex.Data(p); werr != nil {
				return werr
			}
			s.ResOut += int64(len(p))
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// gates lists the filters that see raw data of one direction.
func gates(s *engine.Stream, dir engine.Dir) (list []*engine.Filter) {
	for _, px := range [...]*engine.Proxy{s.Front, s.Back} {
		for _, f := range px.FiltersOf(dir) {
			if f.Tunnel != nil {
				list = append(list, f)
			}
		}
		if s.Back == s.Front {
			break
		}
	}
	return list
}

// carryGated is conn.SpliceTo for streams whose filters want to see the data.
func carryGated(s *engine.Stream, list []*engine.Filter, dir engine.Dir, from, to *conn.Conn, n *int64) (rerr, werr error) {
	for {
		if from.Buffered() == 0 {
			if _, err := from.ReadMore(); err != nil {
				if conn.IsEOF(err) {
					err = nil
				}
				return err, nil
			}
		}
		p := from.Bytes()
		for _, f := range list {
			p = p[:f.Tunnel(s, dir, len(p))]
		}
		if _, err := to.Write(p); err != nil {
			return nil, err
		}
		*n += int64(len(p))
		from.Discard(len(p))
	}
}
