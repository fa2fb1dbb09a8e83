package clock

import (
	"testing"
	"time"
)

func TestCoarseFollowsPrecise(t *testing.T) {
	Start()
	Start()
	defer Stop()
	Stop() // one user is left
	first := Now()
	end := time.Now().Add(2 * time.Second)
	for Now() < first.Add(5*time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the coarse clock does not move")
		}
		time.Sleep(time.Millisecond)
	}
	if d := Precise().Sub(Now()); d < 0 || d > time.Second {
		t.Errorf("coarse clock is %v behind", d)
	}
}

// While nobody reads, the refresher rests; a reading sets it going again.
func TestRest(t *testing.T) {
	Start()
	defer Stop()
	end := time.Now().Add(5 * time.Second)
	for coarse.Load() != 0 {
		if time.Now().After(end) {
			t.Fatal("the refresher does not rest")
		}
		time.Sleep(10 * time.Millisecond)
	}
	before := Now()
	for coarse.Load() == 0 {
		if time.Now().After(end) {
			t.Fatal("the refresher does not go on")
		}
		time.Sleep(time.Millisecond)
	}
	if Now() < before {
		t.Error("the clock went back")
	}
}

func TestFake(t *testing.T) {
	f := NewFake(time.Unix(1000, 0))
	defer f.Close()
	now, mono := Now(), Mono()
	f.Advance(1500 * time.Millisecond)
	if d := Now().Sub(now); d != 1500*time.Millisecond {
		t.Errorf("Now moved by %v", d)
	}
	if d := Mono() - mono; d != int64(1500*time.Millisecond) {
		t.Errorf("Mono moved by %v", d)
	}
	if w := Wall(); !w.Equal(time.Unix(1001, 500e6)) {
		t.Errorf("Wall is %v", w)
	}
}

func TestTick(t *testing.T) {
	var never Tick
	if never.Expired(Now()) {
		t.Error("an unset tick expired")
	}
	at := Tick(1000)
	if !at.Expired(1000) || at.Expired(999) {
		t.Error("Expired is off by one")
	}
	if d := time.Until(Deadline(Precise().Add(time.Second))); d < 900*time.Millisecond || d > 1100*time.Millisecond {
		t.Errorf("Deadline is %v away", d)
	}
}

func BenchmarkNow(b *testing.B) {
	Start()
	defer Stop()
	for b.Loop() {
		_ = Now()
	}
}

func BenchmarkMono(b *testing.B) {
	for b.Loop() {
		_ = Mono()
	}
}
