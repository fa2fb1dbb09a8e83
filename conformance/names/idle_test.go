package names

import (
	"reflect"
	"runtime"
	"strings"
	"testing"

	"hawser/engine"
	_ "hawser/engine/daemon" // links every feature
)

// TestIdleRowsSaySo holds that a row whose function keeps nothing of the line says so
// where it is used: a keyword that is accepted in silence and does nothing is a
// defect.
func TestIdleRowsSaySo(t *testing.T) {
	n := 0
	judge := func(kind, name string, flags engine.KeywordFlags, parse any) {
		if !idles(parse) || carriedOut[name] {
			return
		}
		n++
		if flags&(engine.NoEffect|engine.Legacy) == 0 {
			t.Errorf("%s '%s' does nothing and does not say so", kind, name)
		}
	}
	for _, name := range engine.GlobalKeywords.Names() {
		k, _ := engine.GlobalKeywords.Get(name)
		judge("global keyword", name, k.Flags, k.Parse)
	}
	for _, name := range engine.Keywords.Names() {
		k, _ := engine.Keywords.Get(name)
		judge("keyword", name, k.Flags, k.Parse)
	}
	for _, name := range engine.BindKeywords.Names() {
		k, _ := engine.BindKeywords.Get(name)
		judge("bind option", name, k.Flags, k.Parse)
	}
	for _, name := range engine.ServerKeywords.Names() {
		k, _ := engine.ServerKeywords.Get(name)
		judge("server option", name, k.Flags, k.Parse)
	}
	if n < 50 {
		t.Errorf("only %d idle rows were found: do they have other functions now?", n)
	}
}

// carriedOut are words that the parser obeys before the row sees them.
var carriedOut = map[string]bool{"resetenv": true}

// idles tells a function that does nothing by its name.
func idles(parse any) bool {
	v := reflect.ValueOf(parse)
	if !v.IsValid() || v.IsNil() {
		return false
	}
	name := runtime.FuncForPC(v.Pointer()).Name()
	name = name[strings.LastIndexByte(name, '.')+1:]
	return name == "nothing" || name == "needsArgument" || strings.HasSuffix(name, "Ignore")
}
