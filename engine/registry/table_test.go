package registry

import (
	"slices"
	"testing"
)

func TestTable(t *testing.T) {
	tab := New[int]("thing")
	for i, name := range []string{"bind", "lua.*", "lua.x.*", "set-var(*", "maxconn"} {
		tab.Add(name, i+1)
	}
	tests := []struct {
		name string
		row  int
		as   string
	}{
		{"bind", 1, "bind"}, {"lua.foo", 2, "lua.*"}, {"lua.x.foo", 3, "lua.x.*"}, {"set-var(txn.a)", 4, "set-var(*"},
		{"lua", 0, ""}, {"nosuch", 0, ""}, {"", 0, ""}, {"maxconn", 5, "maxconn"},
	}
	for _, tt := range tests {
		row, as, ok := tab.Find(tt.name)
		if row != tt.row || as != tt.as || ok != (tt.as != "") {
			t.Errorf("Find(%q) = %d, %q, %v", tt.name, row, as, ok)
		}
	}
	var seen []string
	for name := range tab.All() {
		seen = append(seen, name)
	}
	if !slices.Equal(seen, tab.Names()) || !slices.IsSorted(seen) || tab.Len() != 5 {
		t.Errorf("All = %v, Names = %v", seen, tab.Names())
	}
}

func TestAddPanics(t *testing.T) {
	tests := map[string]func(*Table[int]){
		"duplicate": func(tab *Table[int]) { tab.Add("a", 1) },
		"empty":     func(tab *Table[int]) { tab.Add("", 1) },
		"frozen":    func(tab *Table[int]) { tab.Freeze(); tab.Add("b", 1) },
	}
	for name, add := range tests {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			tab := New[int]("thing")
			tab.Add("a", 1)
			add(tab)
		})
	}
}

func TestNearest(t *testing.T) {
	names := []string{"backend", "balance", "bind", "default_backend", "frontend", "httplog", "maxconn", "mode", "option",
		"server", "set-var(*", "timeout", "use_backend", "weight"}
	tests := []struct{ name, want string }{
		{"balence", "balance"}, {"weghit", "weight"}, {"maxcon", "maxconn"}, {"fronted", "frontend"}, {"sevrer", "server"},
		{"Option", "option"}, {"use_backnd", "use_backend"}, {"bidn", "bind"}, {"timeuot", "timeout"}, {"zzz", ""},
		{"x", ""}, {"", ""}, {"completely-other", ""}, {"set-vra(", "set-var("}, {"mdoe", "mode"},
	}
	for _, tt := range tests {
		got, ok := Nearest(tt.name, names)
		if !ok {
			got = ""
		}
		if got != tt.want {
			t.Errorf("Nearest(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}
