package parser

import (
	"slices"

	"hawser/engine/registry"
)

// sectionNames are the words that start a section wherever they stand first on a line. "program" went with 3.3; it
// still starts a section here so that its lines are not taken for another's.
var sectionNames = []string{
	"acme", "backend", "cache", "crt-store", "defaults", "fcgi-app", "frontend", "global", "healthcheck",
	"http-errors", "listen", "log-forward", "log-profile", "mailers", "namespace_list", "peers", "program",
	"resolvers", "ring", "traces", "userlist",
}

var sectionSet = func() map[string]bool {
	set := make(map[string]bool, len(sectionNames))
	for _, name := range sectionNames {
		set[name] = true
	}
	return set
}()

// SectionNames lists the section keywords in byte order.
func SectionNames() []string { return slices.Clone(sectionNames) }

// IsSection tells whether the word starts a section.
func IsSection(word string) bool { return sectionSet[word] }

// negatable are the keywords that take "no" and "default".
var negatable = map[string]bool{
	"option": true, "log": true, "busy-polling": true, "set-dumpable": true, "strict-limits": true,
	"insecure-fork-wanted": true, "numa-cpu-mapping": true,
}

const negationSentence = "negation/default currently supported only for options, log, busy-polling, set-dumpable," +
	" strict-limits, insecure-fork-wanted and numa-cpu-mapping."

// nearest is the candidate that was probably meant, or empty.
func nearest(word string, candidates []string) string {
	slices.Sort(candidates)
	hint, _ := registry.Nearest(word, candidates)
	return hint
}

func nearestSection(word string) string { return nearest(word, SectionNames()) }
