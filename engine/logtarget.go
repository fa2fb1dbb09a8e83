package engine

import (
	"sync/atomic"
	"time"

	"hawser/parser/diag"
)

// LogTarget is one "log" line. The logging feature opens its Sink.
type LogTarget struct {
	Target   string // as written: address, path, stdout, stderr, fd@n, ring@name
	Len      int    // longest line in bytes
	Format   string // rfc3164, rfc5424, priority, short, raw, timed, iso; "" = local default
	Facility string
	Level    int // highest level that is sent (syslog number); -1 all
	MinLevel int // more urgent ones are sent as this
	Sample   *LogSampling
	Profile  string
	Pos      diag.Pos
	Sink     LogSink
	Prep     any // what the logging feature keeps with the target
}

// LogSampling sends only some of a group of lines (sample <ranges>:<size>).
type LogSampling struct {
	Ranges [][2]int
	Size   int
	State  *SampleState
}

// LogSink takes finished log messages: it adds the header of its format. It
// must not block for long and is safe for concurrent use.
type LogSink interface {
	Send(t *LogTarget, level int, tag string, sd, msg []byte, at time.Time)
}

// Log sends a message of the process itself or of an object to the targets;
// the logging feature provides it. Level is the syslog number.
var Log func(rt *Runtime, targets []LogTarget, tag string, level int, msg string)

// SampleState counts the lines of a sampled target; it outlives reloads.
type SampleState struct{ N atomic.Uint64 }

// Notify logs a notice about a proxy to its log targets.
func Notify(px *Proxy, msg string) {
	if Log != nil {
		Log(px.RT, px.Logs, px.LogTag, 5, msg)
	}
}
