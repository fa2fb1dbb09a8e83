package sticktable

import (
	"time"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/parser/diag"
)

func init() { engine.FindRates = findRates }

// findRates resolves the table of a bandwidth limitation filter.
func findRates(b *engine.Build, name string, in bool, pos diag.Pos, filter string) engine.RateTable {
	r, px := &ref{}, b.Px
	if name == "" {
		name = px.Name
	}
	k := outRate
	if in {
		k = inRate
	}
	b.Later(func() {
		c := tablesOf(b.RT).byName[name]
		if c == nil {
			b.Alert(pos, "Proxy %s : unable to find table '%s' referenced by bwlim filter '%s'", px.Name, name, filter).AsLate()
			return
		}
		stored := false
		for _, s := range c.store {
			stored = stored || s.k == k
		}
		if !stored {
			b.Alert(pos, "Proxy %s : stick-table '%s' uses a data type incompatible with bwlim filter '%s'. It must be '%s'", px.Name, name, filter, shapes[k].name).AsLate()
			return
		}
		r.c = c
	})
	return func(e *engine.Env, s *engine.Sample) engine.ByteRate {
		t := r.table()
		if t == nil {
			return nil
		}
		m := e.Mark()
		defer func() { e.Tmp = e.Tmp[:m] }()
		key, ok := t.makeKey(e, s)
		if !ok {
			return nil
		}
		en := t.get(key, 1)
		if en == nil {
			return nil
		}
		c := en.cell(k, 0)
		if c == nil {
			en.release()
			return nil
		}
		return &rate{en, c, t.layout.period[k]}
	}
}

// rate is an entry's byte rate, held (engine.ByteRate).
type rate struct {
	en     *entry
	c      *cell
	period time.Duration
}

func (r *rate) Add(n int) { r.c.f.Add(clock.Now(), r.period, uint64(n)) }

func (r *rate) Left(limit uint64) int64 { return r.c.f.Left(clock.Now(), r.period, limit) }

func (r *rate) Delay(limit uint64) time.Duration {
	return r.c.f.Delay(clock.Now(), r.period, limit, 0)
}

func (r *rate) Users() int { return int(r.en.refs.Load()) }

func (r *rate) Release() { r.en.release() }
