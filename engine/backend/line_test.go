package backend

import (
	"testing"

	"hawser/engine/h1"
)

func keys(l *line) string {
	var b []byte
	for i := range l.len() {
		b = append(b, l.at(i).Key...)
	}
	return string(b)
}

func TestLine(t *testing.T) {
	var l line
	put := func(names string) {
		for _, c := range names {
			l.push(&h1.Upstream{Key: string(c)})
		}
	}
	expect := func(want string) {
		t.Helper()
		if got := keys(&l); got != want {
			t.Fatalf("%q, expected %q", got, want)
		}
	}
	put("abcab")
	if u := l.take("b"); u == nil || u.Key != "b" {
		t.Fatal("b is not found")
	}
	expect("acab")
	if l.take("z") != nil {
		t.Error("z is found")
	}
	l.remove(0)
	expect("cab")
	l.remove(2)
	expect("ca")
	put("defgh")
	expect("cadefgh")
	for range 7 {
		l.remove(0)
	}
	if expect(""); l.remove(0) != nil {
		t.Error("an empty line gives something")
	}
}

func TestLineKeepsItsRoom(t *testing.T) {
	var l line
	us := [4]*h1.Upstream{{}, {}, {}, {}}
	for _, u := range us {
		l.push(u)
	}
	n := testing.AllocsPerRun(1000, func() { l.push(l.remove(0)) })
	if n != 0 {
		t.Errorf("%v allocations for each use", n)
	}
}
