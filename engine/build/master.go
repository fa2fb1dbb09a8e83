package build

import (
	"slices"

	"hawser/engine"
	"hawser/parser/diag"
)

// masterSocket opens a runtime socket as "stats socket" would, for the commands of
// the master.
func (w *walker) masterSocket(words []string) {
	line := &engine.Line{Pos: diag.Pos{File: "-S"}}
	all := append([]string{"stats", "socket"}, words...)
	if !slices.Contains(words, "level") {
		all = append(all, "level", "admin")
	}
	for _, word := range all {
		line.Words = append(line.Words, engine.Word{Text: word, Pos: line.Pos})
	}
	n := len(w.RT.Global.StatsBinds)
	w.Px = nil
	w.line(line, engine.InGlobal, "global")
	for _, b := range w.RT.Global.StatsBinds[min(n, len(w.RT.Global.StatsBinds)):] {
		b.Master = true
	}
}
