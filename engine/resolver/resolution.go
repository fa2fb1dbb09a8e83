package resolver

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// question is what is to be resolved: a name, and the type that is asked for first.
type question struct {
	host  string // lower case
	qtype dnsmessage.Type
}

func addressOf(host string, prefer4 bool) question {
	q := question{strings.ToLower(strings.TrimSuffix(host, ".")), dnsmessage.TypeAAAA}
	if prefer4 {
		q.qtype = dnsmessage.TypeA
	}
	return q
}

func serviceOf(host string) question {
	return question{strings.ToLower(strings.TrimSuffix(host, ".")), dnsmessage.TypeSRV}
}

// resolution keeps one name resolved. While servers follow it, it begins again and
// again; for rules (do-resolve) it is done when one asks. The loop owns it.
type resolution struct {
	q  question
	by *asker

	// The question on its way.
	busy  bool
	take  families        // that are accepted
	now   dnsmessage.Type // what is asked for at present
	id    uint16
	tries int    // left, this one included
	open  int    // name servers that have not answered
	last  status // of the answers to this question; valid: none came

	status  status
	good    time.Time // of the last valid answer; at first of the beginning
	records []*entry  // in the order of their hashes
	version int       // changes with records
	next    uint32    // hash of the record that is taken next
	servers []*follower
	free    []*follower // of servers, for a service: those without a place
	waiting []chan<- netip.Addr
	timer   *time.Timer
	alarm   int // number of the timer that counts
}

// entry is a record that an answer had, and those of later answers may have not.
type entry struct {
	record
	seen time.Time
	by   *follower // the server that stands for this place of a service
}

// resolution finds the one of a question, or makes it.
func (a *asker) resolution(q question) *resolution {
	res := a.all[q]
	if res == nil {
		if len(a.all) >= mostIdle {
			a.sweep(false)
		}
		if len(a.all) >= mostIdle {
			a.sweep(true)
		}
		res = &resolution{q: q, by: a, good: time.Now(), status: timedOut}
		a.all[q] = res
	}
	return res
}

// begin asks, unless a question is on its way.
func (res *resolution) begin() {
	if res.busy {
		return
	}
	res.busy, res.tries = true, res.by.conf.retries
	res.first()
	res.send()
}

// again begins anew for the servers, if there still are some.
func (res *resolution) again() {
	if len(res.servers) > 0 {
		res.begin()
	}
}

// send asks all name servers at once.
func (res *resolution) send() {
	a := res.by
	delete(a.flying, res.id)
	res.id = uint16(rand.Uint32())
	for a.flying[res.id] != nil || res.id == 0 {
		res.id++
	}
	res.last, res.open = valid, 0
	msg, err := appendQuestion(nil, res.id, res.q.host, res.now, a.conf.payload)
	if err != nil {
		res.finish(invalid)
		return
	}
	a.flying[res.id] = res
	res.open = len(a.clients)
	for _, cl := range a.clients {
		cl.ask(msg, a.conf.retry)
	}
	res.wait(a.conf.retry, res.expire)
}

// wait has f called by the loop after d, in place of what was to be called before.
func (res *resolution) wait(d time.Duration, f func()) {
	res.rest()
	n := res.alarm
	res.timer = time.AfterFunc(max(d, time.Millisecond), func() {
		res.by.do(func() {
			if res.alarm == n {
				f()
			}
		})
	})
}

// rest has nothing called.
func (res *resolution) rest() {
	res.alarm++
	if res.timer != nil {
		res.timer.Stop()
	}
}

// first turns to the type that is asked for first.
func (res *resolution) first() {
	res.take = res.by.families()
	res.now = res.take.first(res.q.qtype)
}

// isAddress tells that the other address type can be asked for instead.
func (res *resolution) isAddress() bool { return res.q.qtype != dnsmessage.TypeSRV }

// other is the other address type; 0 when it is not to be asked for.
func (res *resolution) other() dnsmessage.Type {
	if f := res.take; !res.isAddress() || res.now != f.first(res.q.qtype) || f.four != f.six {
		return 0
	}
	return dnsmessage.TypeA + dnsmessage.TypeAAAA - res.now
}

// fail takes an answer that does not help. When no more can come, the other type
// is asked for; when that was done too, the next try waits for the timer, and
// the last one ends the resolution.
func (res *resolution) fail(st status) {
	res.last = st
	if res.open--; res.open > 0 {
		return
	}
	switch o := res.other(); {
	case o != 0:
		res.now = o
		res.send()
	case res.isAddress() && res.tries <= 1:
		res.finish(st)
	}
}

// expire is the end of timeout retry.
func (res *resolution) expire() {
	o := res.other()
	switch {
	case res.tries <= 1 && res.last == valid:
		res.finish(timedOut)
	case res.tries <= 1:
		res.finish(res.last)
	case o != 0 && res.last != valid:
		res.now = o
		res.send()
	default:
		res.tries--
		res.first()
		res.send()
	}
}

// done ends the question on its way.
func (res *resolution) done(st status) {
	delete(res.by.flying, res.id)
	res.busy, res.status = false, st
	res.rest()
	if len(res.servers) > 0 {
		res.wait(res.by.conf.resolve, res.again)
	}
}

// finish ends without an answer.
func (res *resolution) finish(st status) {
	res.done(st)
	res.answerAll(nil)
	if time.Since(res.good) >= res.by.conf.hold[st.hold()] {
		res.give(st)
	}
}

// succeed takes a valid answer.
func (res *resolution) succeed(cl *client, list []record) {
	res.good = time.Now()
	res.done(valid)
	gone := res.merge(list)
	if res.isAddress() {
		res.spread(cl)
	} else {
		res.settle(gone)
	}
	res.answerAll(res.pick)
}

// merge takes the records of an answer over and returns those that are gone:
// missing in the answers for hold obsolete.
func (res *resolution) merge(list []record) (gone []*entry) {
	now := res.good
	for i := range list {
		r := &list[i]
		at := slices.IndexFunc(res.records, func(e *entry) bool { return e.same(r) })
		if at < 0 {
			at = res.place(func(h uint32) bool { return h > r.hash })
			res.records = slices.Insert(res.records, at, &entry{})
			res.version++
		}
		e := res.records[at]
		e.record, e.seen = *r, now
	}
	hold := res.by.conf.hold["obsolete"]
	res.records = slices.DeleteFunc(res.records, func(e *entry) bool {
		old := e.seen != now && now.Sub(e.seen) >= hold
		if old {
			gone = append(gone, e)
			res.version++
		}
		return old
	})
	return gone
}

// place is where the first record stands whose hash is so; their number if none is.
func (res *resolution) place(so func(hash uint32) bool) int {
	if i := slices.IndexFunc(res.records, func(e *entry) bool { return so(e.hash) }); i >= 0 {
		return i
	}
	return len(res.records)
}

// turn calls f for the records in their order, beginning with the one whose turn
// it is, until f is false.
func (res *resolution) turn(f func(*entry) bool) {
	from := res.place(func(h uint32) bool { return h >= res.next })
	n := len(res.records)
	for i := range n {
		if !f(res.records[(from+i)%n]) {
			return
		}
	}
}

// took gives the turn to the record after e.
func (res *resolution) took(e *entry) {
	res.next = 0
	if i := slices.Index(res.records, e); i >= 0 && i+1 < len(res.records) {
		res.next = res.records[i+1].hash
	}
}

// fresh reports whether the last answer may be given to rules (hold valid).
func (res *resolution) fresh() bool {
	return res.status == valid && len(res.records) > 0 && time.Since(res.good) < res.by.conf.hold["valid"]
}

// hold is the word of the hold line that counts.
func (st status) hold() string {
	switch st {
	case nxDomain:
		return "nx"
	case refused:
		return "refused"
	case timedOut:
		return "timeout"
	}
	return "other"
}
