package h1

import (
	"bytes"
	"io"
	"testing"

	"hawser/engine/conn"
	"hawser/engine/htx"
)

// What is parsed and written again must parse to the same message, and must hold no
// line that was not a field: nothing may be smuggled through.
func FuzzRequest(f *testing.F) {
	for _, c := range requests {
		f.Add([]byte(c.in), false)
	}
	f.Add([]byte(nineFields), true)
	f.Fuzz(func(t *testing.T, in []byte, relaxed bool) {
		p := Parser{Relaxed: relaxed}
		var m, again htx.Msg
		n, err := p.Request(&m, in)
		bytewise(t, &p, in, n, err, func(p *Parser, m *htx.Msg, in []byte) (int, error) { return p.Request(m, in) })
		if err != nil || relaxed {
			return
		}
		out := AppendRequestHead(nil, &m, ConnNone)
		p.Reset()
		k, err := p.Request(&again, out)
		if err != nil || k != len(out) {
			t.Fatalf("written as %q, which is refused: %v", out, err)
		}
		if again.BodyLen != m.BodyLen || again.Flags&htx.Chunked != m.Flags&htx.Chunked {
			t.Fatalf("written as %q with another body", out)
		}
		sameFields(t, &m, &again)
		if out2 := AppendRequestHead(nil, &again, ConnNone); !bytes.Equal(out, out2) {
			t.Fatalf("not stable:\n%q\n%q", out, out2)
		}
	})
}

func FuzzResponse(f *testing.F) {
	for _, c := range responses {
		f.Add([]byte(c.in))
	}
	f.Add([]byte(eightFields))
	f.Fuzz(func(t *testing.T, in []byte) {
		var p Parser
		var m, again htx.Msg
		n, err := p.Response(&m, in, nil)
		bytewise(t, &p, in, n, err, func(p *Parser, m *htx.Msg, in []byte) (int, error) { return p.Response(m, in, nil) })
		if err != nil {
			return
		}
		out := AppendResponseHead(nil, &m, ConnNone)
		p.Reset()
		if k, err := p.Response(&again, out, nil); err != nil || k != len(out) {
			t.Fatalf("written as %q, which is refused: %v", out, err)
		}
		if again.BodyLen != m.BodyLen || again.Status != m.Status {
			t.Fatalf("written as %q with another body", out)
		}
		sameFields(t, &m, &again)
	})
}

// bytewise parses in byte by byte: the outcome must be the one of parsing at once.
func bytewise(t *testing.T, p *Parser, in []byte, n int, want error, parse func(*Parser, *htx.Msg, []byte) (int, error)) {
	t.Helper()
	if len(in) > 300 {
		return
	}
	var m htx.Msg
	p.Reset()
	for k := 1; k <= len(in); k++ {
		got, err := parse(p, &m, in[:k])
		if err == ErrMore {
			continue
		}
		if err != want || got != n {
			t.Fatalf("byte by byte: %d, %v; at once: %d, %v", got, err, n, want)
		}
		return
	}
	if len(in) > 0 && want != ErrMore {
		t.Fatalf("byte by byte: no end; at once: %d, %v", n, want)
	}
}

func sameFields(t *testing.T, a, b *htx.Msg) {
	t.Helper()
	i, j := a.NextAny(0), b.NextAny(0)
	for i >= 0 && j >= 0 {
		switch a.Fields[i].ID {
		case htx.TE, htx.TransferEncoding: // the writer has its own words
			if a.Fields[i].ID != b.Fields[j].ID {
				i = a.NextAny(i + 1) // a TE that asked for no trailers
				continue
			}
		default:
			if !bytes.Equal(a.Name(i), b.Name(j)) || !bytes.Equal(a.Value(i), b.Value(j)) {
				t.Fatalf("field %q: %q became %q: %q", a.Name(i), a.Value(i), b.Name(j), b.Value(j))
			}
		}
		i, j = a.NextAny(i+1), b.NextAny(j+1)
	}
	for i >= 0 && a.Fields[i].ID == htx.TE {
		i = a.NextAny(i + 1)
	}
	if i >= 0 || j >= 0 {
		t.Fatalf("fields were lost or made: %d, %d", i, j)
	}
}

// A body must come out the same whatever the pieces it arrives in.
func FuzzChunked(f *testing.F) {
	for _, c := range chunked {
		if len(c.in) < 1000 {
			f.Add([]byte(c.in))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 4000 {
			return
		}
		read := func(step int) (string, int, error) {
			cn := conn.New(&feed{in: string(in), step: step}, 0)
			m := &htx.Msg{Flags: htx.Chunked, BodyLen: -1}
			var b Body
			b.Begin(cn, m, false)
			var got []byte
			for {
				p, err := b.Next()
				if err != nil {
					rest, _ := io.ReadAll(cn)
					if err != io.EOF {
						rest = nil
					}
					return string(got), len(rest), err
				}
				got = append(got, p...)
			}
		}
		a, restA, errA := read(1)
		b, restB, errB := read(len(in) + 1)
		if a != b || errA != errB || restA != restB {
			t.Fatalf("by pieces %q %v %d, at once %q %v %d", a, errA, restA, b, errB, restB)
		}
	})
}
