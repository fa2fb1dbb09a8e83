package h1

import "hawser/engine/htx"

// authenticatesConnection tells whether a 401 or 407 asks for a scheme that
// authenticates the connection instead of the request (NTLM, Negotiate): whoever
// used the connection afterwards would speak in that user's name.
func authenticatesConnection(m *htx.Msg) bool {
	id := htx.WWWAuthenticate
	if m.Status == 407 {
		id = htx.ProxyAuthenticate
	}
	for i := m.Next(id, 0); i >= 0; i = m.Next(id, i+1) {
		if offersConnectionScheme(m.Value(i)) {
			return true
		}
	}
	return false
}

// offersConnectionScheme looks at the beginning of each part between commas.
func offersConnectionScheme(v []byte) bool {
	quoted, start := false, true
	for i, c := range v {
		switch {
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			start = true
			continue
		case c == ' ' || c == '\t':
			continue
		}
		if start && len(v)-i >= 4 && (htx.EqualFold(v[i:i+4], "ntlm") || htx.EqualFold(v[i:i+4], "nego")) {
			return true
		}
		start = false
	}
	return false
}
