// Package rx is the regular expressions of a configuration: Go's linear-time
// engine for all that it can express, a backtracking one with a time limit for
// look-around and back-references, and HAProxy's replacement strings. It works on
// bytes, never on requests, and knows no keyword.
package rx

import (
	"regexp"
	"strings"
	"time"

	"github.com/dlclark/regexp2"
)

// Limit is how long the backtracking engine may take for one subject.
const Limit = 100 * time.Millisecond

// Regex is a compiled expression, safe for concurrent use.
type Regex struct {
	text string
	fast *regexp.Regexp
	slow *regexp2.Regexp
	// lit, where set, is all that the expression says: a fixed text, bound to the
	// beginning or the end of the subject or not.
	lit      string
	atBegin  bool
	atEnd    bool
	isLit    bool
	ignoring bool
}

// Compile reads an expression in PCRE's syntax.
func Compile(text string, ignoreCase bool) (*Regex, error) {
	src := text
	if ignoreCase {
		src = "(?i)" + text
	}
	r := &Regex{text: text, ignoring: ignoreCase}
	re, err := regexp.Compile(src)
	if err == nil {
		r.fast = re
		r.literal()
		return r, nil
	}
	slow, serr := regexp2.Compile(src, regexp2.None)
	if serr != nil {
		return nil, err
	}
	slow.MatchTimeout = Limit
	r.slow = slow
	return r, nil
}

// literal finds out whether a plain comparison can stand for the expression.
func (r *Regex) literal() {
	t := r.text
	if r.ignoring {
		return
	}
	if strings.HasPrefix(t, "^") {
		r.atBegin, t = true, t[1:]
	}
	if strings.HasSuffix(t, "$") && !strings.HasSuffix(t, `\$`) {
		r.atEnd, t = true, t[:len(t)-1]
	}
	if !strings.ContainsAny(t, `\.+*?()|[]{}^$`) {
		r.lit, r.isLit = t, true
	}
}

// String returns the expression as written.
func (r *Regex) String() string { return r.text }

// Groups is the number of capturing groups.
func (r *Regex) Groups() int {
	if r.fast != nil {
		return r.fast.NumSubexp()
	}
	return len(r.slow.GetGroupNumbers()) - 1
}

// Match reports whether the expression is found in b.
func (r *Regex) Match(b []byte) bool {
	if r.isLit {
		return r.matchLit(b)
	}
	if r.fast != nil {
		return r.fast.Match(b)
	}
	m, err := r.slow.FindRunesMatch(latin(b))
	return err == nil && m != nil
}

func (r *Regex) matchLit(b []byte) bool {
	n := len(r.lit)
	switch {
	case len(b) < n:
		return false
	case r.atBegin && r.atEnd:
		return string(b) == r.lit
	case r.atBegin:
		return string(b[:n]) == r.lit
	case r.atEnd:
		return string(b[len(b)-n:]) == r.lit
	}
	for i := 0; i+n <= len(b); i++ {
		if string(b[i:i+n]) == r.lit {
			return true
		}
	}
	return false
}

// Find returns the bounds of the first match in b at or after off and of its
// groups (from, to; -1 where a group took no part), nil if there is none.
func (r *Regex) Find(b []byte, off int) []int {
	if r.fast != nil {
		if off == 0 {
			return r.fast.FindSubmatchIndex(b)
		}
		return r.findFrom(b, off)
	}
	m, err := r.slow.FindRunesMatchStartingAt(latin(b), off)
	if err != nil || m == nil {
		return nil
	}
	var out []int
	for _, g := range m.Groups() {
		if len(g.Captures) == 0 {
			out = append(out, -1, -1)
			continue
		}
		out = append(out, g.Index, g.Index+g.Length)
	}
	return out
}

// findFrom searches the rest of b as a subject of its own, as HAProxy does.
func (r *Regex) findFrom(b []byte, off int) []int {
	m := r.fast.FindSubmatchIndex(b[off:])
	for i := range m {
		if m[i] >= 0 {
			m[i] += off
		}
	}
	return m
}

// latin makes one rune of each byte, so that indexes are those of bytes.
func latin(b []byte) []rune {
	out := make([]rune, len(b))
	for i, c := range b {
		out[i] = rune(c)
	}
	return out
}

// Expand appends a replacement string to dst: \0 to \9 stand for the groups that
// m holds of subject, \xHH for a byte, any other escaped byte for itself.
func Expand(dst []byte, with string, subject []byte, m []int) []byte {
	for i := 0; i < len(with); i++ {
		c := with[i]
		if c != '\\' || i+1 == len(with) {
			dst = append(dst, c)
			continue
		}
		i++
		c = with[i]
		switch {
		case c >= '0' && c <= '9':
			if g := 2 * int(c-'0'); g+1 < len(m) && m[g] >= 0 {
				dst = append(dst, subject[m[g]:m[g+1]]...)
			}
		case c == 'x' && i+2 < len(with) && hex(with[i+1]) >= 0 && hex(with[i+2]) >= 0:
			dst = append(dst, byte(hex(with[i+1])<<4|hex(with[i+2])))
			i += 2
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
