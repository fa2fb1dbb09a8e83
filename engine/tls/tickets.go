package tls

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
)

// ticketKeep is how many keys of a file of tls-ticket-keys count: the last ones.
const ticketKeep = 3

// ticketKeys are the keys of a listener's tickets, the one that seals first: those of
// tls-ticket-keys, else the process's own.
func (c *bindConf) ticketKeys(b *engine.Build, px *engine.Proxy, bd *engine.Bind) ([][32]byte, error) {
	w := c.ticketFile
	if w.Text == "" {
		return processKeys(), nil
	}
	fail := func(format string, args ...any) error {
		d := diag.Errorf(w.Pos, "'bind %s' in section '%s' : '%s' : ", bindName(bd), px.Kind, w.Text)
		d.Message += diag.Errorf(w.Pos, format, args...).Message
		return d
	}
	data, err := b.ReadFile(w.Text)
	if err != nil {
		return nil, fail("unable to load ssl tickets keys file")
	}
	var keys [][32]byte
	size, n := 0, 0
	for line := range strings.Lines(string(data)) {
		n++
		raw, err := base64.StdEncoding.DecodeString(strings.TrimRight(line, "\r\n"))
		switch {
		case err != nil || len(raw) > 80:
			return nil, fail("unable to decode base64 key on line %d", n)
		case len(raw) != 48 && len(raw) != 80 || size != 0 && len(raw) != size:
			return nil, fail("wrong sized key on line %d", n)
		}
		size = len(raw)
		// The library's tickets have a form and a size of keys of their own.
		keys = append(keys, sha256.Sum256(raw))
	}
	if len(keys) < ticketKeep {
		return nil, fail("please supply at least %d keys in the tls-tickets-file", ticketKeep)
	}
	keys = keys[len(keys)-ticketKeep:]
	seal := keys[ticketKeep-2]
	return append([][32]byte{seal}, slices.Delete(slices.Clone(keys), ticketKeep-2, ticketKeep-1)...), nil
}
