package conv

import (
	"bytes"
	"strings"

	"hawser/engine"
)

// Accept-Language.
func init() {
	s := engine.TStr
	conv("language", s, s, "(list[,default]): the best language of the list for an Accept-Language value.", 1, types(engine.ArgStr, engine.ArgStr), language)
}

// language picks the value of the list that the client likes best; among equals
// the one that the client names first.
func language(e env, a args, v smp) (smp, stat) {
	best, bestQ := "", 0
	for b := v.B; len(b) > 0; {
		var item []byte
		if i := bytes.IndexByte(b, ','); i >= 0 {
			item, b = b[:i], b[i+1:]
		} else {
			item, b = b, nil
		}
		name, q := weighed(item)
		if want := listed(a[0].Text, name); want != "" && q > bestQ {
			best, bestQ = want, q
		}
	}
	if best == "" {
		if !given(a, 1) {
			return none()
		}
		best = a[1].Text
	}
	m := e.Mark()
	e.Tmp = append(e.Tmp, best...)
	return str(e.Since(m))
}

// listed returns the item of a list, separated by semicolons, that name is or, up
// to a hyphen, begins with.
func listed(list string, name []byte) string {
	for list != "" {
		var want string
		want, list, _ = strings.Cut(list, ";")
		if want != "" && len(name) >= len(want) && string(name[:len(want)]) == want && (len(name) == len(want) || name[len(want)] == '-') {
			return want
		}
	}
	return ""
}

// weighed splits an item of Accept-Language into its name and weight in 1/1000.
func weighed(item []byte) (name []byte, q int) {
	name, params, _ := bytes.Cut(item, []byte(";"))
	name, q = bytes.TrimSpace(name), 1000
	for len(params) > 0 {
		var p []byte
		p, params, _ = bytes.Cut(params, []byte(";"))
		if p = bytes.TrimSpace(p); len(p) > 2 && p[0] == 'q' && p[1] == '=' {
			q = weight(p[2:], q)
		}
	}
	return name, q
}

// weight reads 0, 1 or 0.123; anything else leaves def.
func weight(b []byte, def int) int {
	if b[0] < '0' || b[0] > '9' {
		return def
	}
	q, unit := int(b[0]-'0')*1000, 100
	if len(b) < 2 || b[1] != '.' {
		return q
	}
	for _, c := range b[2:min(len(b), 5)] {
		if c < '0' || c > '9' {
			break
		}
		q, unit = q+int(c-'0')*unit, unit/10
	}
	return q
}
