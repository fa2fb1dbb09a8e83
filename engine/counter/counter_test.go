package counter

import (
	"sync"
	"testing"
	"time"

	"hawser/engine/clock"
)

func TestIntUnderContention(t *testing.T) {
	var n Int
	var g Gauge
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10000 {
				n.Inc()
				g.Add(1)
				g.Add(-1)
			}
		})
	}
	wg.Wait()
	if n.Load() != 80000 {
		t.Errorf("Int lost counts: %d", n.Load())
	}
	if g.Load() != 0 || g.Max() < 1 || g.Max() > 8 {
		t.Errorf("gauge %d, max %d", g.Load(), g.Max())
	}
	n.cells.Store(new(cells))
	n.Add(5)
	if n.Load() != 80005 {
		t.Errorf("spread Int is %d", n.Load())
	}
	n.Store(7)
	if n.Load() != 7 {
		t.Errorf("stored Int is %d", n.Load())
	}
}

func TestGaugeLimit(t *testing.T) {
	var g Gauge
	for range 3 {
		if !g.TryAdd(3) {
			t.Fatal("refused below the limit")
		}
	}
	if g.TryAdd(3) || !g.TryAdd(0) || g.Load() != 4 || g.Max() != 4 {
		t.Errorf("gauge %d, max %d", g.Load(), g.Max())
	}
}

func TestFreq(t *testing.T) {
	const p = 10 * time.Second
	var f Freq
	at := clock.Tick(1_000_000)
	f.Add(at, p, 10)
	for _, c := range []struct {
		ms   clock.Tick
		want uint64
	}{{0, 10}, {9_999, 10}, {10_000, 10}, {12_500, 7}, {15_000, 5}, {19_999, 0}, {20_000, 0}, {99_000, 0}} {
		if got := f.Value(at+c.ms, p); got != c.want {
			t.Errorf("after %d ms: %d, want %d", c.ms, got, c.want)
		}
	}
	f.Add(at+15_000, p, 4)
	if got := f.Value(at+15_000, p); got != 9 {
		t.Errorf("current and half of previous: %d, want 9", got)
	}
	if got := f.Left(at+15_000, p, 12); got != 3 {
		t.Errorf("left %d, want 3", got)
	}
}

func TestRateDelay(t *testing.T) {
	var r Rate
	at := clock.Tick(1_000_000)
	for range 10 {
		if d := r.Delay(at, 10); d != 0 {
			t.Fatalf("delayed by %v below the limit", d)
		}
		r.Inc(at)
	}
	d := r.Delay(at, 10)
	if d < 50*time.Millisecond || d > time.Second {
		t.Errorf("delay %v at the limit", d)
	}
	if r.Value(at) != 10 || r.Max() != 10 {
		t.Errorf("rate %d, max %d", r.Value(at), r.Max())
	}
}

func TestFreqConcurrent(t *testing.T) {
	var f Freq
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 5000 {
				f.Add(clock.Tick(1000+i/10), 100*time.Millisecond, 1)
				f.Value(clock.Tick(1000+i/10+g), 100*time.Millisecond)
			}
		})
	}
	wg.Wait()
}

func TestMean(t *testing.T) {
	var m Mean
	for _, v := range []int64{10, 20, 30} {
		m.Add(v)
	}
	if m.Load() != 20 {
		t.Errorf("mean of three is %d", m.Load())
	}
	for range 20000 {
		m.Add(100)
	}
	if m.Load() < 99 || m.Load() > 101 {
		t.Errorf("mean after many is %d", m.Load())
	}
}

func TestHist(t *testing.T) {
	var h Hist
	for v := int64(1); v <= 1000; v++ {
		h.Note(v)
	}
	if q := h.Quantile(0.5); q != 511 {
		t.Errorf("median bound %d", q)
	}
	if q := h.Quantile(1); q != 1023 {
		t.Errorf("max bound %d", q)
	}
}

func TestAllocations(t *testing.T) {
	var i Int
	var r Rate
	var m Mean
	if n := testing.AllocsPerRun(100, func() {
		i.Inc()
		r.Inc(5000)
		m.Add(3)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkInt(b *testing.B) {
	var n Int
	for b.Loop() {
		n.Inc()
	}
}

func BenchmarkIntParallel(b *testing.B) {
	var n Int
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n.Inc()
		}
	})
}

func BenchmarkRate(b *testing.B) {
	var r Rate
	for b.Loop() {
		r.Inc(100000)
	}
}

func BenchmarkMean(b *testing.B) {
	var m Mean
	for b.Loop() {
		m.Add(42)
	}
}
