package sticktable

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
)

func newTest(size int64, kinds ...kind) *table {
	l := newLayout()
	for _, k := range kinds {
		l.add(k, 1, 10*time.Second)
	}
	t := newTable("t", engine.TIPv4, 4, l, size)
	t.size.Store(size)
	t.expire.Store(60_000)
	return t
}

func key(i int) []byte { return []byte{10, byte(i >> 16), byte(i >> 8), byte(i)} }

func TestEviction(t *testing.T) {
	tb := newTest(3, connCnt)
	for i := range 3 {
		tb.get(key(i), 0)
	}
	tb.get(key(0), 0) // renewed: 1 is the oldest now
	held := tb.get(key(2), 1)
	tb.get(key(3), 0)
	if tb.find(key(1)) != nil || tb.find(key(0)) == nil || tb.find(key(3)) == nil {
		t.Error("the oldest entry did not go first")
	}
	tb.get(key(4), 0)
	tb.get(key(5), 0)
	if tb.find(key(2)) != held {
		t.Error("a tracked entry left the table")
	}
	if n := tb.count.Load(); n != 3 {
		t.Errorf("%d entries in a table of 3", n)
	}
	tb.noPurge.Store(true)
	if tb.get(key(9), 0) != nil {
		t.Error("a full table with nopurge took an entry")
	}
}

func TestExpiration(t *testing.T) {
	tb := newTest(10, connCnt)
	en := tb.get(key(1), 0)
	en.expire.Store(int64(clock.Now()) - 1)
	if tb.find(key(1)) != nil || tb.count.Load() != 0 {
		t.Error("an expired entry was found")
	}
	held := tb.get(key(2), 1)
	held.expire.Store(int64(clock.Now()) - 1)
	if tb.find(key(2)) == nil {
		t.Error("a tracked entry expired")
	}
}

func TestKeys(t *testing.T) {
	e := &engine.Env{}
	for _, c := range []struct {
		typ  engine.Type
		n    int
		in   engine.Sample
		want string
	}{
		{engine.TIPv4, 4, engine.IP(netip.MustParseAddr("10.0.0.1")), "10.0.0.1"}, {engine.TIPv6, 16, engine.IP(netip.MustParseAddr("10.0.0.1")), "::ffff:10.0.0.1"},
		{engine.TSint, 4, engine.Sint(70000), "70000"}, {engine.TStr, 3, engine.Str([]byte("abcdef")), "abc"}, {engine.TBin, 4, engine.Bin([]byte{1, 2}), "01020000"},
	} {
		tb := newTable("t", c.typ, c.n, newLayout(), 10)
		tb.size.Store(10)
		k, ok := tb.makeKey(e, &c.in)
		if !ok {
			t.Errorf("%v: no key", c.in)
			continue
		}
		if got := string(tb.get(k, 0).appendKey(nil)); got != c.want {
			t.Errorf("key %s, not %s", got, c.want)
		}
	}
}

func TestShow(t *testing.T) {
	tb := newTest(10, gpc0, gpc0Rate, connCnt, connCur)
	en := tb.get(key(1), 1)
	en.both(connCnt, connRate, 2)
	en.addGPC(0, 3)
	en.add(connCur, 0, 1)
	en.drop(connCur)
	en.drop(connCur)
	got := string(en.append(nil))
	want := fmt.Sprintf("0x%x: key=10.0.0.1 use=1 exp=60000 shard=0 gpc0=3 gpc0_rate(10000)=3 conn_cnt=2 conn_cur=0\n", en.pointer())
	if got != want {
		t.Errorf("%q\nnot\n%q", got, want)
	}
}

func TestNoAllocation(t *testing.T) {
	tb := newTest(10, connCnt, connRate, reqRate, connCur)
	tb.get(key(1), 0)
	k := key(1)
	if n := testing.AllocsPerRun(100, func() {
		en := tb.get(k, 1)
		en.both(connCnt, connRate, 1)
		en.add(reqRate, 0, 1)
		en.release()
	}); n != 0 {
		t.Errorf("%v allocations for a tracked request", n)
	}
}

func TestConcurrent(t *testing.T) {
	tb := newTest(2000, connCnt, connCur)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 2000 {
				if en := tb.get(key(i*(g+1)%3000), 1); en != nil {
					en.add(connCur, 0, 1)
					en.drop(connCur)
					en.release()
				}
				if i%500 == 0 {
					tb.all()
				}
			}
		})
	}
	wg.Wait()
	for _, en := range tb.all() {
		if en.refs.Load() != 0 {
			t.Fatal("a reference was lost")
		}
	}
}

func BenchmarkTrack(b *testing.B) {
	tb := newTest(100_000, connCnt, connRate, reqRate)
	for i := range 50_000 {
		tb.get(key(i), 0)
	}
	b.RunParallel(func(p *testing.PB) {
		for i := 0; p.Next(); i++ {
			en := tb.get(key(i%50_000), 1)
			en.both(connCnt, connRate, 1)
			en.release()
		}
	})
}
