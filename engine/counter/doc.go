// Package counter counts: totals, gauges with their maximum, event frequencies over a
// sliding period, means over the last events, and histograms. Everything is atomic,
// takes no lock, allocates nothing, and is ready to use as a zero value. Who holds a
// counter decides when it is cleared; nothing here knows what is counted, and nothing
// reads the time: callers pass a clock.Tick.
package counter
