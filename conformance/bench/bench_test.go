package main

import (
	"bytes"
	"testing"
)

func TestBigConfigHas50000Lines(t *testing.T) {
	text, err := bigConfig("")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte("\n")); n < 49_500 || n > 50_500 {
		t.Errorf("%d lines", n)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []float64
		want float64
	}{{"none", nil, 0}, {"odd", []float64{3, 1, 2}, 2}, {"even", []float64{4, 1, 2, 3}, 2.5}} {
		if got := median(c.in); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
