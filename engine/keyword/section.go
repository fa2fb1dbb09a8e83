package keyword

import (
	"hawser/engine"
)

// idleSections are sections whose absence is seen and does no harm: they are
// accepted with a notice.
var idleSections = map[string]string{
	"program": "no program is started; start it as a service of its own (HAProxy 3.3 dropped this, too)",
	"traces":  "there are no traces",
}

func init() {
	for name, why := range idleSections {
		engine.AddSection(engine.SectionKeyword{Name: name, Usage: name + ": " + why, Parse: func(b *engine.Build, s *engine.Section) error {
			b.Notice(s.Kind.Pos, "section '%s' has no effect in Hawser: %s.", name, why)
			return nil
		}})
	}
}
