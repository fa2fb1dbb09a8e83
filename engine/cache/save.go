package cache

import (
	"bytes"
	"io"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/htx"
	"hawser/parser/diag"
)

func init() {
	engine.AddFilters(engine.FilterKeyword{Name: "cache", Usage: "filter cache <name>: the place of the cache among the filters", Parse: parseFilter})
	engine.OnFinish(finish)
}

// uses are the caches that a proxy's rules name.
type uses struct{ names []engine.Word }

var proxies = engine.NewSlot[*engine.Proxy, uses]("cache")

func (u *uses) has(name string) bool {
	for _, n := range u.names {
		if n.Text == name {
			return true
		}
	}
	return false
}

func parseFilter(b *engine.Build, l *engine.Line) error {
	if len(l.Words) < 3 {
		return diag.Errorf(l.Words[1].Pos, "'filter' : cache : expects a <name> argument")
	}
	name := l.Words[2]
	if len(l.Words) > 3 {
		return diag.Errorf(l.Words[3].Pos, "'filter cache' : unknown keyword '%s'.", l.Words[3].Text)
	}
	if b.Px.Filter("cache", name.Text) != nil {
		return diag.Errorf(name.Pos, "'filter' : %s: multiple explicit declarations of the cache filter '%s'", b.Px.Name, name.Text)
	}
	b.Px.AddFilter(newFilter(name))
	b.Later(func() {
		if find(b.RT, name.Text) == nil {
			missing(b, b.Px, name)
		}
	})
	return nil
}

func missing(b *engine.Build, px *engine.Proxy, name engine.Word) {
	b.Alert(name.Pos, "config: proxy '%s': unable to find the cache '%s' referenced by the filter 'cache'.", px.Name, name.Text).AsLate()
}

// finish puts the filters where the lines of the proxy did not: before all others
// that can do without a line.
func finish(b *engine.Build, px *engine.Proxy) {
	u := proxies.Get(px)
	if u == nil || px.Side == engine.IsDefaults {
		return
	}
	for _, name := range u.names {
		switch {
		case find(b.RT, name.Text) == nil:
			missing(b, px, name)
		case px.Filter("cache", name.Text) != nil:
		case px.NeedsFilterLine():
			b.Alert(name.Pos, "config: proxy '%s': require an explicit filter declaration to use the cache '%s'.", px.Name, name.Text).AsLate()
		case px.Filter("compression", "") != nil && px.Filter("compression", "").Explicit, px.Filter("comp-res", "") != nil:
			b.Alert(name.Pos, "config: proxy '%s': unable to enable the compression filter before the cache '%s'.", px.Name, name.Text).AsLate()
		default:
			px.Filters = append([]*engine.Filter{newFilter(name)}, px.Filters...)
		}
	}
}

func newFilter(name engine.Word) *engine.Filter {
	return &engine.Filter{Kind: "cache", Name: name.Text, Pos: name.Pos, Response: func(s *engine.Stream) {
		if v := visits.Get(s); v != nil && v.saved != nil && v.saved.c.name == name.Text {
			v.saved.watch(s)
			v.saved = nil
		}
	}}
}

// saving is a response on its way into a store.
type saving struct {
	c *section
	o *object
}

// save is cache-store: it takes the head as it is now; the body follows.
func (r *rule) save(e *engine.Env) engine.Verdict {
	s := e.Strm
	v := visits.Get(s)
	if r.c == nil || v == nil || v.c != r.c || v.hit != nil || !s.HasRes {
		return engine.Continue
	}
	m := s.Res
	if v.change {
		if m.Status >= 200 && m.Status < 400 {
			r.c.store.drop(v.key)
		}
		return engine.Continue
	}
	if !v.keep || m.Status != 200 {
		return engine.Continue
	}
	o := admit(r.c, v, m)
	if o == nil {
		return engine.Continue
	}
	if r.c.hints != noHints {
		r.c.store.hints.learn(r.c, v.key, m)
	}
	if r.c.hints != onlyHints && o.room(r.c, m) {
		m.Clone(&o.head)
		o.finishHead()
		v.saved = &saving{c: r.c, o: o}
	}
	return engine.Continue
}

// admit makes an object for a response that may be kept, nil: it may not.
func admit(c *section, v *visit, m *htx.Msg) *object {
	date0 := clock.Wall().Unix()
	l := lifetimeOf(m, date0)
	validated := m.Next(htx.ETag, 0) >= 0 || m.Next(htx.LastModified, 0) >= 0
	if l.never || v.bound && !l.public || !l.explicit && !validated {
		return nil
	}
	age := int64(0)
	if i := m.Next(htx.Age, 0); i >= 0 {
		age = max(seconds(m.Value(i)), 0)
	}
	keep := c.maxAge
	if l.explicit {
		keep = min(keep, l.seconds-age)
	}
	vary, known := varyOf(m)
	is, understood := contentEncoding(m)
	if keep <= 0 || !known || vary != 0 && !c.vary || vary&onEncoding != 0 && !understood {
		return nil
	}
	now := clock.Now()
	o := &object{key: string(v.key), age: age, born: now, bornDate: date0, expires: now + clock.Tick(keep*1000), vary: vary, variant: v.variant}
	o.variant.is = is
	return o
}

// room reports whether the response is small enough, and takes the memory for a
// body of known length.
func (o *object) room(c *section, m *htx.Msg) bool {
	size := int64(m.Size())
	if m.Flags&htx.HasLength != 0 {
		if size += m.BodyLen; size <= c.object {
			o.body = make([]byte, 0, m.BodyLen)
		}
	}
	return size <= c.object
}

// finishHead makes the head that of the object.
func (o *object) finishHead() {
	h := &o.head
	h.DelID(htx.Age)
	h.Compact()
	o.etag = h.Get(htx.ETag)
	o.modified = modified(h, o.bornDate)
}

// modified is when the contents last changed: at the latest when they came.
func modified(m *htx.Msg, now int64) int64 {
	for _, id := range [...]htx.FieldID{htx.LastModified, htx.Date} {
		if i := m.Next(id, 0); i >= 0 {
			if at, ok := date(m.Value(i)); ok {
				return at
			}
		}
	}
	return now
}

// watch has the body pass through a copier, or keeps the object at once when it
// has none.
func (sv *saving) watch(s *engine.Stream) {
	if s.ResBody == nil {
		if s.Req.MethodID == htx.GET {
			sv.keep()
		}
		return
	}
	if !bytes.Equal(s.Res.Get(htx.ContentEncoding), sv.o.head.Get(htx.ContentEncoding)) {
		return // compression was here first: the body is no longer that of the head
	}
	s.ResBody = &tee{Body: engine.Readable(s.ResBody), s: s, sv: sv}
}

// bookkeeping is what an object takes besides its contents.
const bookkeeping = 200

func (sv *saving) keep() {
	o := sv.o
	if o.head.Flags&htx.HasLength != 0 && int64(len(o.body)) != o.head.BodyLen {
		return
	}
	o.size = int64(o.head.Size()) + int64(len(o.body)) + bookkeeping
	sv.c.store.put(o, clock.Now())
}

// tee copies a body while it passes, and keeps the object when it was whole. One
// goroutine reads it.
type tee struct {
	engine.Body
	s  *engine.Stream
	sv *saving // nil: given up, or done
}

func (t *tee) Next() ([]byte, error) { return t.take(t.Body.Next()) }

func (t *tee) Buffered() ([]byte, error) { return t.take(t.Body.Buffered()) }

func (t *tee) take(p []byte, err error) ([]byte, error) {
	if t.sv == nil {
		return p, err
	}
	o := t.sv.o
	if int64(len(o.body)+len(p))+int64(o.head.Size()) > t.sv.c.object {
		t.sv = nil
		return p, err
	}
	o.body = append(o.body, p...)
	switch err {
	case nil:
	case io.EOF:
		res := t.s.Res
		for i := range res.Trailers {
			f := &res.Trailers[i]
			if f.Flags&htx.Removed == 0 {
				o.head.AddTrailer(res.Bytes(f.Name), res.Bytes(f.Value))
			}
		}
		t.sv.keep()
		t.sv = nil
	default:
		t.sv = nil
	}
	return p, err
}
