package bwlim

import (
	"bytes"
	"io"
	"testing"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
)

// pieces is a body of some pieces.
type pieces struct{ list [][]byte }

func (p *pieces) Next() ([]byte, error) {
	if len(p.list) == 0 {
		return nil, io.EOF
	}
	b := p.list[0]
	p.list = p.list[1:]
	return b, nil
}

func (p *pieces) Buffered() ([]byte, error) { return p.Next() }
func (p *pieces) Close(error)               {}

func limited(limit uint64, period time.Duration, least int) *use {
	u := &use{f: &limiter{least: least}}
	u.limit.Store(limit)
	u.period.Store(int64(period))
	u.on.Store(true)
	return u
}

func TestBody(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789"), 30)
	b := &body{in: &pieces{[][]byte{want[:100], want[100:130], want[130:]}}, u: limited(200, 100*time.Millisecond, 0), s: &engine.Stream{}}
	began := time.Now()
	var got []byte
	for {
		p, err := b.Buffered()
		if len(p) == 0 && err == nil {
			p, err = b.Next()
		}
		got = append(got, p...)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(got, want) {
		t.Error("other contents")
	}
	if d := time.Since(began); d < 40*time.Millisecond {
		t.Errorf("took %v only", d)
	}
}

func TestTry(t *testing.T) {
	cases := []struct {
		name       string
		limit      uint64
		least      int
		n          int
		pass, then int
	}{
		{"fits", 1000, 0, 500, 500, 500},
		{"too much", 1000, 0, 1500, 1000, 0},
		{"the last piece may be small", 1000, 900, 500, 500, 500},
		{"not less than min-size", 1000, 900, 2000, 1000, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			u := limited(c.limit, time.Minute, c.least)
			u.own.Add(clock.Now(), time.Minute, 0)
			if got, _ := u.try(c.n); got != c.pass {
				t.Errorf("%d pass, want %d", got, c.pass)
			}
			got, wait := u.try(c.n)
			if got != c.then || got == 0 && wait <= 0 {
				t.Errorf("then %d pass, wait %v, want %d", got, wait, c.then)
			}
		})
	}
	off := &use{f: &limiter{}}
	if got, _ := off.try(1 << 20); got != 1<<20 {
		t.Error("limited though it is off")
	}
}
