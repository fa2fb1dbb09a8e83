package engine

import (
	"time"

	"hawser/parser/diag"
)

// ByteRate is the byte rate of one entry of a stick table, shared by the streams
// that use it. Safe for concurrent use.
type ByteRate interface {
	Add(n int)
	// Left is how many more bytes fit limit per period; negative: none.
	Left(limit uint64) int64
	// Delay is how long to wait until one more fits.
	Delay(limit uint64) time.Duration
	// Users counts who holds the entry now.
	Users() int
	Release()
}

// RateTable finds the rate for a key, nil: it has none.
type RateTable func(e *Env, key *Sample) ByteRate

// FindRates looks up a stick table that stores bytes_in_rate (in) or
// bytes_out_rate for the filter called name; "" is the proxy's own table. The
// stick table feature provides it.
var FindRates func(b *Build, table string, in bool, pos diag.Pos, name string) RateTable
