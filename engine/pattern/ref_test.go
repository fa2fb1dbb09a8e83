package pattern

import "testing"

// What rules add and set is found again without a walk through the set.
func TestHas(t *testing.T) {
	r := &Ref{IsMap: true}
	r.load("a", "1", 1)
	if r.Has("a", "1") {
		t.Error("an unchanged set has no index")
	}
	setKey(r, "b", "2")
	setKey(r, "a", "3")
	for _, tt := range []struct {
		key, val string
		want     bool
	}{{"a", "1", false}, {"a", "3", true}, {"b", "2", true}, {"c", "", false}} {
		if r.Has(tt.key, tt.val) != tt.want {
			t.Errorf("%s=%s: %v", tt.key, tt.val, !tt.want)
		}
	}
	delKey(r, "a", "")
	if r.Has("a", "3") {
		t.Error("a deleted key is still there")
	}
	gen := r.Prepare()
	r.Add(gen, "z", "9")
	if r.Has("z", "9") {
		t.Error("a prepared version is not in force yet")
	}
	r.Commit(gen)
	if !r.Has("z", "9") || r.Has("b", "2") {
		t.Error("the index does not follow the commit")
	}
}
