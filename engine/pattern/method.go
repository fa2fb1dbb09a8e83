package pattern

import (
	"encoding/hex"
	"strings"
	"unsafe"

	"hawser/engine"
	"hawser/engine/rx"
)

// method is how a match method reads and indexes patterns.
type method struct {
	in    engine.Type
	parse func(it *item, fold bool) error
	make  func(fold bool, n int) index
}

var methods = map[string]*method{
	"bin":  {engine.TBin, parseHex, newHashed(whole)},
	"str":  {engine.TStr, parseText, newHashed(whole)},
	"beg":  {engine.TStr, parseText, newHashed(prefix)},
	"end":  {engine.TStr, parseText, newHashed(suffix)},
	"sub":  {engine.TStr, parseText, newListed(contains, true)},
	"dir":  {engine.TStr, parsePart("/?"), newHashed(parts("/?"))},
	"dom":  {engine.TStr, parsePart("/?.:"), newHashed(parts("/?.:"))},
	"reg":  {engine.TStr, parseRegex, newListed(matches, false)},
	"regm": {engine.TStr, parseRegex, newListed(matches, false)},
	"int":  {engine.TSint, parseInt, newInts(ofInt)},
	"len":  {engine.TStr, parseInt, newInts(ofLen)},
	"ip":   {engine.TAddr, parseNet, newNets},
	"meth": {engine.TMeth, parseMeth, newMeths},
}

type errText string

func (e errText) Error() string { return string(e) }

func parseText(it *item, fold bool) error {
	if fold {
		it.norm = strings.ToLower(it.Key)
	}
	return nil
}

func parseMeth(*item, bool) error { return nil }

// parsePart drops delimiters around the pattern.
func parsePart(delims string) func(*item, bool) error {
	return func(it *item, fold bool) error {
		it.norm = strings.Trim(it.Key, delims)
		if fold {
			it.norm = strings.ToLower(it.norm)
		}
		return nil
	}
}

func parseHex(it *item, _ bool) error {
	b, err := hex.DecodeString(it.Key)
	switch {
	case err == nil:
		it.norm = string(b)
		return nil
	case len(it.Key)%2 != 0:
		return errText("an even number of hex digit is expected")
	}
	for _, c := range it.Key {
		if !strings.ContainsRune("0123456789abcdefABCDEF", c) {
			return errText("an hex digit is expected (found '" + string(c) + "')")
		}
	}
	return errText("an even number of hex digit is expected")
}

func parseRegex(it *item, fold bool) error {
	re, err := rx.Compile(it.Key, fold)
	if err != nil {
		return errText("regex '" + it.Key + "' is invalid (error=" + strings.TrimPrefix(err.Error(), "error parsing regexp: ") + ")")
	}
	it.re = re
	return nil
}

// meths compares methods by name.
type meths struct{ *hashed }

func newMeths(_ bool, n int) index {
	return meths{newHashed(whole)(false, n).(*hashed)} // -i says nothing here
}

func (m meths) find(e *engine.Env, s *engine.Sample) *item {
	if len(s.B) > 0 || s.Int == 0 {
		return m.hashed.find(e, s)
	}
	name := methodNames[s.Int]
	t := engine.Sample{B: unsafeBytes(name)}
	return m.hashed.find(e, &t)
}

// unsafeBytes reads a string as bytes that nobody writes.
func unsafeBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
