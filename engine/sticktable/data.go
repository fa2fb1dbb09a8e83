package sticktable

import (
	"sync/atomic"
	"time"

	"hawser/engine/clock"
	"hawser/engine/counter"
	"hawser/engine/recent"
)

// kind is a data type that an entry can store.
type kind uint8

// The data types, in the order in which they are shown.
const (
	serverID kind = iota
	gpt0
	gpc0
	gpc0Rate
	connCnt
	connRate
	connCur
	sessCnt
	sessRate
	reqCnt
	reqRate
	errCnt
	errRate
	inCnt
	inRate
	outCnt
	outRate
	gpc1
	gpc1Rate
	serverKey
	failCnt
	failRate
	gpt
	gpc
	gpcRate
	glitchCnt
	glitchRate
	nKinds
)

// shape tells what a data type takes: a period, a number of elements.
type shape struct {
	name  string
	rate  bool
	array bool
}

var shapes = [nKinds]shape{
	serverID: {name: "server_id"}, gpt0: {name: "gpt0"}, gpc0: {name: "gpc0"}, gpc0Rate: {name: "gpc0_rate", rate: true},
	connCnt: {name: "conn_cnt"}, connRate: {name: "conn_rate", rate: true}, connCur: {name: "conn_cur"},
	sessCnt: {name: "sess_cnt"}, sessRate: {name: "sess_rate", rate: true}, reqCnt: {name: "http_req_cnt"},
	reqRate: {name: "http_req_rate", rate: true}, errCnt: {name: "http_err_cnt"}, errRate: {name: "http_err_rate", rate: true},
	inCnt: {name: "bytes_in_cnt"}, inRate: {name: "bytes_in_rate", rate: true}, outCnt: {name: "bytes_out_cnt"},
	outRate: {name: "bytes_out_rate", rate: true}, gpc1: {name: "gpc1"}, gpc1Rate: {name: "gpc1_rate", rate: true},
	serverKey: {name: "server_key"}, failCnt: {name: "http_fail_cnt"}, failRate: {name: "http_fail_rate", rate: true},
	gpt: {name: "gpt", array: true}, gpc: {name: "gpc", array: true}, gpcRate: {name: "gpc_rate", array: true, rate: true},
	glitchCnt: {name: "glitch_cnt"}, glitchRate: {name: "glitch_rate", rate: true},
}

func kindOf(name string) (kind, bool) {
	for k := range nKinds {
		if shapes[k].name == name {
			return k, true
		}
	}
	return 0, false
}

// layout is what the entries of a table store: where each type's cells begin (-1:
// not stored), how many there are, and the period of rates.
type layout struct {
	at     [nKinds]int16
	n      [nKinds]int16
	period [nKinds]time.Duration
	cells  int
}

func newLayout() layout {
	var l layout
	for k := range l.at {
		l.at[k] = -1
	}
	return l
}

func (l *layout) add(k kind, n int, period time.Duration) {
	l.at[k], l.n[k], l.period[k] = int16(l.cells), int16(n), period
	l.cells += n
}

func (l *layout) has(k kind) bool { return l.at[k] >= 0 }

// cell is a counter or a rate.
type cell struct {
	n atomic.Uint64
	f counter.Freq
}

// entry is one key's data.
type entry struct {
	t      *table
	key    string
	expire atomic.Int64 // clock.Tick; 0 never
	refs   atomic.Int32
	cells  []cell
	srvKey atomic.Pointer[string]

	recent.Links[entry]      // under the shard's lock
	gone                bool // removed from the table, under the shard's lock
}

// cell returns the i-th cell of a type, nil where it is not stored.
func (en *entry) cell(k kind, i int) *cell {
	l := &en.t.layout
	if l.at[k] < 0 || i < 0 || i >= int(l.n[k]) {
		return nil
	}
	return &en.cells[int(l.at[k])+i]
}

// value reads a counter or the rate as of now.
func (en *entry) value(k kind, i int) (int64, bool) {
	c := en.cell(k, i)
	if c == nil {
		return 0, false
	}
	if shapes[k].rate {
		return int64(c.f.Value(clock.Now(), en.t.layout.period[k])), true
	}
	return int64(c.n.Load()), true
}

// add counts n events in a counter or a rate, if it is stored.
func (en *entry) add(k kind, i int, n uint64) {
	c := en.cell(k, i)
	if c == nil {
		return
	}
	if shapes[k].rate {
		c.f.Add(clock.Now(), en.t.layout.period[k], n)
		return
	}
	c.n.Add(n)
}

// both counts in a counter and its rate.
func (en *entry) both(cnt, rate kind, n uint64) {
	en.add(cnt, 0, n)
	en.add(rate, 0, n)
}

// drop takes one off a counter that holds what is current.
func (en *entry) drop(k kind) {
	if c := en.cell(k, 0); c != nil {
		for v := c.n.Load(); v > 0 && !c.n.CompareAndSwap(v, v-1); v = c.n.Load() {
		}
	}
}

// gpcKind tells where the i-th general counter is kept: in the array, or as gpc0 and
// gpc1.
func (en *entry) gpcAt(i int) (k kind, at int) {
	switch {
	case en.t.layout.has(gpc):
		return gpc, i
	case i == 0:
		return gpc0, 0
	case i == 1:
		return gpc1, 0
	}
	return gpc, i
}

func (en *entry) gpcRateAt(i int) (k kind, at int) {
	switch {
	case en.t.layout.has(gpcRate):
		return gpcRate, i
	case i == 0:
		return gpc0Rate, 0
	case i == 1:
		return gpc1Rate, 0
	}
	return gpcRate, i
}

func (en *entry) gptAt(i int) (k kind, at int) {
	if i == 0 && !en.t.layout.has(gpt) {
		return gpt0, 0
	}
	return gpt, i
}

// addGPC counts n in the i-th general counter and its rate, and returns the
// counter; false where neither is stored.
func (en *entry) addGPC(i int, n uint64) (int64, bool) {
	k, at := en.gpcAt(i)
	rk, rat := en.gpcRateAt(i)
	en.add(rk, rat, n)
	en.add(k, at, n)
	v, ok := en.value(k, at)
	if !ok {
		v, ok = en.value(rk, rat)
	}
	return v, ok
}
