package balance

import (
	"testing"

	"hawser/engine"
	"hawser/engine/clock"
)

// The slower server gets fewer streams, but is not forgotten; one with streams
// under way is passed over for an idle one.
func TestResponseTime(t *testing.T) {
	px := farmOf(t, "response-time", 1, 1, 1)
	now := int64(clock.Now())
	for i, micros := range []int64{1000, 1000, 20_000} {
		for range 20 {
			speedOf(px.Servers[i]).add(micros, now)
		}
	}
	count := map[string]int{}
	for range 3000 {
		count[px.Balancer.Pick(nil, nil).Name]++
	}
	if count["c"] > 600 || count["c"] == 0 || count["a"] < 900 {
		t.Errorf("picks %v: c is twenty times slower", count)
	}
	px.Servers[0].State.Served.Store(50)
	count = map[string]int{}
	for range 3000 {
		count[px.Balancer.Pick(nil, nil).Name]++
	}
	if count["a"] > 600 || count["b"] < 1500 {
		t.Errorf("picks %v: a has fifty streams", count)
	}
	if v := speedOf(px.Servers[2]); v.value(now+10*forgetEvery) >= v.value(now) {
		t.Error("a slow time is never forgotten")
	}
}

func TestResponseTimeAverage(t *testing.T) {
	var v speed
	v.add(800, 1)
	if v.value(1) != 800 {
		t.Errorf("the first sample counts for %d", v.value(1))
	}
	v.add(1600, 2)
	if got := v.value(2); got != 900 {
		t.Errorf("an eighth of the difference makes %d, want 900", got)
	}
	var _ engine.Balancer = &responseTime{}
}
