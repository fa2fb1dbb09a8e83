package cache

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/htx"
)

func message(fields ...string) *htx.Msg {
	m := &htx.Msg{Flags: htx.Version11}
	for i := 0; i < len(fields); i += 2 {
		m.AddStr(fields[i], fields[i+1])
	}
	return m
}

func TestLifetime(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	cases := []struct {
		name   string
		fields []string
		want   lifetime
	}{
		{"nothing", nil, lifetime{}},
		{"max-age", []string{"cache-control", "max-age=10"}, lifetime{explicit: true, seconds: 10}},
		{"in quotes", []string{"cache-control", `Max-Age="10"`}, lifetime{explicit: true, seconds: 10}},
		{"s-maxage first", []string{"cache-control", "max-age=10, s-maxage=5"}, lifetime{explicit: true, seconds: 5}},
		{"one of them zero", []string{"cache-control", "max-age=0, s-maxage=5"}, lifetime{never: true, explicit: true, seconds: 5}},
		{"not a number", []string{"cache-control", "max-age=x"}, lifetime{}},
		{"public", []string{"cache-control", "public", "cache-control", "max-age=1"}, lifetime{public: true, explicit: true, seconds: 1}},
		{"private field", []string{"cache-control", `private="x", max-age=1`}, lifetime{never: true, explicit: true, seconds: 1}},
		{"a comma in quotes", []string{"cache-control", `foo="a, no-store", max-age=1`}, lifetime{explicit: true, seconds: 1}},
		{"expires", []string{"expires", "Thu, 01 Jan 2026 00:00:30 GMT"}, lifetime{explicit: true, seconds: 30}},
		{"expired", []string{"expires", "Thu, 01 Jan 2015 00:00:30 GMT"}, lifetime{never: true, explicit: true, seconds: -347155170}},
		{"max-age before expires", []string{"expires", "0", "cache-control", "max-age=3"}, lifetime{explicit: true, seconds: 3}},
		{"pragma", []string{"pragma", "no-cache", "cache-control", "max-age=3"}, lifetime{never: true, explicit: true, seconds: 3}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := lifetimeOf(message(c.fields...), now); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func TestAccepted(t *testing.T) {
	gzip, br := encoding([]byte("gzip")), encoding([]byte("br"))
	cases := map[string]encodings{
		"":                       identity,
		"gzip":                   gzip | identity,
		"X-GZIP;q=0.5, br":       gzip | br | identity,
		"gzip;q=0":               identity,
		"gzip;q=0.000, br;q=.1":  br | identity,
		"*":                      allEncodings,
		"*, gzip;q=0":            allEncodings &^ gzip,
		"identity;q=0, gzip":     gzip,
		"*;q=0, gzip, identity ": gzip | identity,
		"*;q=0, gzip":            gzip,
	}
	for v, want := range cases {
		if got := accepted(message("accept-encoding", v)); got != want {
			t.Errorf("%q: %b, want %b", v, got, want)
		}
	}
	if accepted(message()) != allEncodings {
		t.Error("without the header anything is taken")
	}
}

func TestUnchanged(t *testing.T) {
	o := &object{etag: []byte(`"a"`), modified: time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC).Unix()}
	cases := []struct {
		fields []string
		want   bool
	}{
		{nil, false},
		{[]string{"if-none-match", `"a"`}, true},
		{[]string{"if-none-match", `W/"a"`}, true},
		{[]string{"if-none-match", `"b"`, "if-none-match", `"c", "a"`}, true},
		{[]string{"if-none-match", `"b,a"`}, false},
		{[]string{"if-none-match", "*"}, true},
		{[]string{"if-modified-since", "Thu, 02 Jan 2020 00:00:00 GMT"}, true},
		{[]string{"if-modified-since", "Wed, 01 Jan 2020 00:00:00 GMT"}, false},
		{[]string{"if-modified-since", "Friday, 03-Jan-20 00:00:00 GMT"}, true},
		{[]string{"if-modified-since", "Fri Jan  3 00:00:00 2020"}, true},
		{[]string{"if-modified-since", "soon"}, false},
		{[]string{"if-none-match", `"b"`, "if-modified-since", "Fri, 03 Jan 2020 00:00:00 GMT"}, false},
	}
	for _, c := range cases {
		if got := unchanged(message(c.fields...), o); got != c.want {
			t.Errorf("%q: %v", c.fields, got)
		}
	}
}

func TestUseful(t *testing.T) {
	cases := map[string]bool{
		"</a>; rel=preload; as=style": true, `</a>; rel="preconnect"`: true, "</a>; REL=Prefetch": true,
		"</a>; rel=next": false, "</a>; rel=preloaded": false, "</a>": false, "</a>; rel=": false,
	}
	for link, want := range cases {
		if got := useful([]byte(link)); got != want {
			t.Errorf("%q: %v", link, got)
		}
	}
}

func put(st *store, key string, size int, fill func(*object)) bool {
	now := clock.Now()
	o := &object{key: key, size: int64(size), born: now, expires: now + 60000}
	if fill != nil {
		fill(o)
	}
	return st.put(o, now)
}

func has(st *store, key string, v variant) bool { return st.get([]byte(key), &v, clock.Now()) != nil }

func TestStoreForgetsTheOldest(t *testing.T) {
	st := newStore(params{total: 10 * block, variants: 10})
	for i := range 10 {
		put(st, fmt.Sprint(i), block, nil)
	}
	has(st, "0", variant{})
	put(st, "new", 3*block, nil)
	for i, want := range []bool{true, false, false, false, true} {
		if got := has(st, fmt.Sprint(i), variant{}); got != want {
			t.Errorf("object %d: %v", i, got)
		}
	}
	if st.used != 10 {
		t.Errorf("%d blocks used", st.used)
	}
	st.drop([]byte("new"))
	if has(st, "new", variant{}) || st.used != 7 || len(st.list()) != 7 {
		t.Errorf("%d blocks used after a removal, %d objects", st.used, len(st.list()))
	}
}

func TestStoreVariants(t *testing.T) {
	st := newStore(params{total: 100 * block, variants: 2})
	referer := func(r uint64) func(*object) {
		return func(o *object) { o.vary, o.variant.referer = onReferer, r }
	}
	if !put(st, "k", 1, referer(1)) || !put(st, "k", 1, referer(2)) || !put(st, "k", 1, referer(2)) {
		t.Error("refused though there is room")
	}
	if put(st, "k", 1, referer(3)) {
		t.Error("too many variants")
	}
	if !has(st, "k", variant{referer: 2}) || has(st, "k", variant{referer: 3}) {
		t.Error("the wrong variant")
	}
	put(st, "k", 1, nil)
	if !has(st, "k", variant{referer: 3}) || len(st.list()) != 1 {
		t.Error("one without Vary takes the place of all")
	}
}

func TestStoreExpires(t *testing.T) {
	st := newStore(params{total: 100 * block})
	put(st, "k", 1, func(o *object) { o.expires = clock.Now() })
	if has(st, "k", variant{}) {
		t.Error("delivered though it is over")
	}
}

func TestStoreConcurrent(t *testing.T) {
	st := newStore(params{total: 20 * block, variants: 3})
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 300 {
				key := fmt.Sprint((i + g) % 30)
				if !has(st, key, variant{}) {
					put(st, key, block, nil)
				}
				if i%50 == 0 {
					st.drop([]byte(key))
					st.list()
				}
			}
		})
	}
	wg.Wait()
	if n := int64(len(st.list())); n != st.used || n > 20 {
		t.Errorf("%d objects, %d blocks", n, st.used)
	}
}

// TestReload: a store stays while its section says the same.
func TestReload(t *testing.T) {
	load := func(old *engine.Runtime, p params) *engine.Runtime {
		rt := &engine.Runtime{}
		b := engine.NewBuild(rt, nil)
		b.Old = old
		c := &section{name: "c", params: p}
		all.Edit(rt).byName = map[string]*section{"c": c}
		c.open(b)
		return rt
	}
	p := params{total: 1 << 20, maxAge: 60}
	first := load(nil, p)
	put(find(first, "c").store, "k", 1, nil)
	second := load(first, p)
	if !has(find(second, "c").store, "k", variant{}) {
		t.Error("forgotten over a reload")
	}
	p.maxAge = 61
	if has(find(load(second, p), "c").store, "k", variant{}) {
		t.Error("kept though the section changed")
	}
}

func FuzzFields(f *testing.F) {
	f.Add(`max-age="1", no-cache`, `gzip;q=0, *`, `W/"a", *`)
	f.Add(`=,"`, `;q=`, `"`)
	f.Fuzz(func(t *testing.T, cc, ae, inm string) {
		m := message("cache-control", cc, "accept-encoding", ae, "vary", ae, "content-encoding", ae, "if-none-match", inm, "if-modified-since", cc)
		lifetimeOf(m, 0)
		bypasses(m)
		variantOf(m)
		varyOf(m)
		contentEncoding(m)
		unchanged(m, &object{etag: []byte(inm)})
		useful([]byte(cc))
	})
}
