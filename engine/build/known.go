package build

import "hawser/engine"

// Names that HAProxy 3.5 knows and Hawser does not support yet: they are told
// apart from mistakes. A name leaves these lists when its row is added; a test
// holds that none is in both.
var (
	knownGlobal = set("51degrees-allow-unmatched", "51degrees-cache-size", "51degrees-data-file", "51degrees-difference",
		"51degrees-drift", "51degrees-property-name-list", "51degrees-property-separator", "51degrees-use-performance-graph",
		"51degrees-use-predictive-graph", "acme.scheduler", "deviceatlas-json-file", "deviceatlas-log-level",
		"deviceatlas-properties-cookie", "deviceatlas-separator",

		"jwt.decrypt_alg_list", "jwt.decrypt_enc_list", "lua-load", "lua-load-per-thread", "lua-prepend-path",
		"ssl-passphrase-cmd", "wurfl-cache-size", "wurfl-data-file", "wurfl-information-list", "wurfl-information-list-separator")
	knownProxy    = set("crt", "quic-initial", "use-fcgi-app")
	knownSections = set("acme", "fcgi-app", "namespace_list", "ring", "log-forward")
)

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// KnownSection reports whether HAProxy has a section that Hawser lacks.
func KnownSection(name string) bool { return knownSections[name] }

// KnownKeyword returns the name of the keyword, of one word or two, that HAProxy
// takes in that section and Hawser lacks; "" when there is none.
func KnownKeyword(in engine.In, one, two string) string {
	known := knownProxy
	if in == engine.InGlobal {
		known = knownGlobal
	}
	if known[two] {
		return two
	}
	if known[one] {
		return one
	}
	return ""
}
