package fetch

import (
	"hawser/engine"
	"hawser/engine/clock"
)

// Goroutines belong to no thread: the three say the same.
func init() {
	for _, n := range []string{"cpu_usage_grp", "cpu_usage_proc", "cpu_usage_thr"} {
		engine.AddFetches(row(n, engine.TSint, engine.AtTraffic, "The part of its processors that the process uses, in percent, over half a second or more.",
			func(env, args) (smp, stat) { return sint(int64(clock.CPU())) }))
	}
}
