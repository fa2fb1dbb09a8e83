package cache

import (
	"hash/fnv"

	"hawser/engine/htx"
)

// varyOn tells which request headers a response depends on.
type varyOn uint8

const (
	onEncoding varyOn = 1 << iota
	onReferer
	onOrigin
)

// varyOf reads Vary; ok is false where it names what is not managed.
func varyOf(m *htx.Msg) (on varyOn, ok bool) {
	for name := range m.ItemsOf(htx.Vary) {
		switch {
		case htx.EqualFold(name, "accept-encoding"):
			on |= onEncoding
		case htx.EqualFold(name, "referer"):
			on |= onReferer
		case htx.EqualFold(name, "origin"):
			on |= onOrigin
		default:
			return 0, false
		}
	}
	return on, true
}

// encodings is a set of content codings.
type encodings uint16

// encodingNames are the registered codings; a response in another one is not kept.
var encodingNames = []struct {
	name string
	bit  encodings
}{
	{"identity", 1 << 0}, {"gzip", 1 << 1}, {"x-gzip", 1 << 1}, {"deflate", 1 << 2}, {"compress", 1 << 3}, {"x-compress", 1 << 3},
	{"br", 1 << 4}, {"zstd", 1 << 5}, {"aes128gcm", 1 << 6}, {"exi", 1 << 7}, {"pack200-gzip", 1 << 8}, {"dcb", 1 << 9}, {"dcz", 1 << 10},
}

const (
	identity     encodings = 1 << 0
	allEncodings encodings = 1<<11 - 1
)

func encoding(name []byte) encodings {
	for _, e := range encodingNames {
		if htx.EqualFold(name, e.name) {
			return e.bit
		}
	}
	return 0
}

// contentEncoding is the codings of a response; ok is false for unknown ones.
func contentEncoding(m *htx.Msg) (set encodings, ok bool) {
	for name := range m.ItemsOf(htx.ContentEncoding) {
		e := encoding(name)
		if e == 0 {
			return 0, false
		}
		set |= e
	}
	if set == 0 {
		set = identity
	}
	return set, true
}

// accepted is what a request takes (RFC 9110 section 12.5.3); without the header
// anything.
func accepted(m *htx.Msg) encodings {
	if m.Next(htx.AcceptEncoding, 0) < 0 {
		return allEncodings
	}
	var yes, no encodings
	star := false
	for item := range m.ItemsOf(htx.AcceptEncoding) {
		token, refused := coding(item)
		any := len(token) == 1 && token[0] == '*'
		switch e := encoding(token); {
		case any && refused:
			no |= identity
		case any:
			star = true
		case refused:
			no |= e
		default:
			yes |= e
		}
	}
	if star {
		yes |= allEncodings &^ no
	}
	if no&identity == 0 {
		yes |= identity
	}
	return yes
}

// coding splits an element of Accept-Encoding into its token and whether its
// quality is zero.
func coding(item []byte) (token []byte, refused bool) {
	token = htx.ItemToken(item)
	for i := len(token); i+2 < len(item); i++ {
		if item[i]|0x20 == 'q' && item[i+1] == '=' {
			for _, c := range item[i+2:] {
				if c >= '1' && c <= '9' {
					return token, false
				}
			}
			return token, true
		}
	}
	return token, false
}

// variant is what a request says of the headers that responses can vary on.
type variant struct {
	takes           encodings
	is              encodings // of an object: its own codings
	referer, origin uint64
}

func variantOf(m *htx.Msg) variant {
	return variant{takes: accepted(m), referer: sum(m, htx.Referer), origin: sum(m, htx.Origin)}
}

func sum(m *htx.Msg, id htx.FieldID) uint64 {
	i := m.Next(id, 0)
	if i < 0 {
		return 0
	}
	h := fnv.New64a()
	for ; i >= 0; i = m.Next(id, i+1) {
		h.Write(m.Value(i))
		h.Write([]byte{0})
	}
	return h.Sum64()
}

// serves reports whether the object answers a request with v.
func (o *object) serves(v *variant) bool {
	return (o.vary&onEncoding == 0 || o.variant.is&^v.takes == 0) &&
		(o.vary&onReferer == 0 || o.variant.referer == v.referer) &&
		(o.vary&onOrigin == 0 || o.variant.origin == v.origin)
}

// replaces reports whether the object answers what another one does.
func (o *object) replaces(other *object) bool {
	return o.vary == other.vary && (o.vary&onEncoding == 0 || o.variant.is == other.variant.is) &&
		(o.vary&onReferer == 0 || o.variant.referer == other.variant.referer) &&
		(o.vary&onOrigin == 0 || o.variant.origin == other.variant.origin)
}
