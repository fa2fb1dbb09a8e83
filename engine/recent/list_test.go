package recent

import (
	"math/rand/v2"
	"slices"
	"testing"
)

type item struct {
	Links[item]
	n int
}

// TestList does the same to a list and to a slice.
func TestList(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var l List[item, *item]
	var want []*item
	for i := range 5000 {
		if len(want) == 0 || r.IntN(5) < 3 {
			e := &item{n: i}
			l.Push(e)
			want = slices.Insert(want, 0, e)
		} else {
			k := r.IntN(len(want))
			e := want[k]
			l.Remove(e)
			want = slices.Delete(want, k, k+1)
			if r.IntN(2) == 0 {
				l.Push(e)
				want = slices.Insert(want, 0, e)
			}
		}
		if i%50 == 0 {
			check(t, &l, want)
		}
	}
	for _, e := range slices.Clone(want) {
		l.Remove(e)
	}
	check(t, &l, nil)
}

func check(t *testing.T, l *List[item, *item], want []*item) {
	t.Helper()
	var down, up []*item
	for e := l.Newest(); e != nil; e = l.Older(e) {
		down = append(down, e)
	}
	for e := l.Oldest(); e != nil; e = l.Newer(e) {
		up = append(up, e)
	}
	slices.Reverse(up)
	if !slices.Equal(down, want) || !slices.Equal(up, want) {
		t.Fatalf("%d elements, backwards %d, want %d", len(down), len(up), len(want))
	}
}
