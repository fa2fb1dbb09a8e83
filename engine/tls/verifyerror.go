package tls

import (
	"slices"
	"strconv"
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
)

// errorSet is what crt-ignore-err or ca-ignore-err names.
type errorSet struct {
	all bool
	ids []int
}

func (s *errorSet) any() bool { return s.all || len(s.ids) > 0 }

func (s *errorSet) has(id int) bool { return s.all || slices.Contains(s.ids, id) }

// parseErrors reads "all", or numbers and names with commas between them.
func parseErrors(option string, w engine.Word) (s errorSet, err error) {
	if w.Text == "all" {
		return errorSet{all: true}, nil
	}
	for word := range strings.SplitSeq(w.Text, ",") {
		n, bad := strconv.ParseUint(word, 10, 32)
		if bad == nil {
			if n < 1 || int(n) > len(engine.VerifyErrors) {
				return s, diag.Errorf(w.Pos, "'%s' : ID '%d' out of range (1..%d) in error IDs list '%s'", option, n, len(engine.VerifyErrors), w.Text)
			}
			s.ids = append(s.ids, int(n))
			continue
		}
		i := slices.Index(engine.VerifyErrors, strings.TrimPrefix(word, "X509_V_ERR_"))
		if i < 0 || !strings.HasPrefix(word, "X509_V_ERR_") {
			return s, diag.Errorf(w.Pos, "'%s' : error constant '%s' unknown in error IDs list '%s'", option, word, w.Text)
		}
		s.ids = append(s.ids, i+1)
	}
	return s, nil
}
