package build

import "hawser/engine"

// Names that HAProxy 3.5 knows and Hawser does not support yet: they are told
// apart from mistakes. A name leaves these lists when its row is added; a test
// holds that none is in both.
var (
	knownGlobal   = map[string]bool{}
	knownProxy    = map[string]bool{}
	knownSections = map[string]bool{}
)

// KnownSection reports whether HAProxy has a section that Hawser lacks.
func KnownSection(name string) bool { return knownSections[name] }

// KnownKeyword returns the name of the keyword, of one word or two, that HAProxy
// takes in that section and Hawser lacks; "" when there is none.
func KnownKeyword(in engine.In, one, two string) string {
	set := knownProxy
	if in == engine.InGlobal {
		set = knownGlobal
	}
	if set[two] {
		return two
	}
	if set[one] {
		return one
	}
	return ""
}
