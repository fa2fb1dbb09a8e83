package keyword

import (
	"hawser/engine"
)

// StateFile is where a backend's servers take their state from at start.
type StateFile struct {
	From string // "", "global", "local" or "none"
	Name string // "": the backend's name, under server-state-base
}

// StateFiles holds the setting of each backend.
var StateFiles = engine.NewSlot[*engine.Proxy, StateFile]("server-state-file")

func parseStateFileName(b *engine.Build, l *engine.Line) error {
	w := word(l, 1)
	sf := StateFiles.Edit(b.Px)
	if sf.Name = w.Text; w.Text == "use-backend-name" {
		sf.Name = ""
	}
	return nil
}

func parseLoadState(b *engine.Build, l *engine.Line) error {
	w := word(l, 1)
	switch w.Text {
	case "global", "local", "none":
		StateFiles.Edit(b.Px).From = w.Text
		return nil
	}
	return fail(w, "'load-server-state-from-file' expects 'global', 'local' or 'none'. Got '%s'", w.Text)
}
