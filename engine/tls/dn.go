package tls

import (
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"strings"
	"unicode/utf16"

	"hawser/engine"
)

// dnNames are the short names of the parts of a distinguished name.
var dnNames = map[string]string{"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "street",
	"2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.13": "description", "2.5.4.15": "businessCategory", "2.5.4.16": "postalAddress", "2.5.4.17": "postalCode",
	"2.5.4.18": "postOfficeBox", "2.5.4.20": "telephoneNumber", "2.5.4.41": "name", "2.5.4.42": "GN", "2.5.4.43": "initials", "2.5.4.44": "generationQualifier",
	"2.5.4.45": "x500UniqueIdentifier", "2.5.4.46": "dnQualifier", "2.5.4.65": "pseudonym", "2.5.4.72": "role", "2.5.4.97": "organizationIdentifier",
	"1.2.840.113549.1.9.1": "emailAddress", "1.2.840.113549.1.9.2": "unstructuredName", "1.2.840.113549.1.9.8": "unstructuredAddress",
	"0.9.2342.19200300.100.1.25": "DC", "0.9.2342.19200300.100.1.1": "UID", "0.9.2342.19200300.100.1.3": "mail",
	"1.3.6.1.4.1.311.60.2.1.1": "jurisdictionL", "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionST", "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionC"}

// dnPart is one entry of a distinguished name. more says that it shares its set with
// the entry before.
type dnPart struct {
	name  string
	known bool // name is a name, not a number
	more  bool
	raw   asn1.RawValue
}

// parts reads a distinguished name.
func parts(raw []byte) []dnPart {
	type attribute struct {
		Type  asn1.ObjectIdentifier
		Value asn1.RawValue
	}
	type attributeSET []attribute
	var rdns []attributeSET
	if rest, err := asn1.Unmarshal(raw, &rdns); err != nil || len(rest) > 0 {
		return nil
	}
	var out []dnPart
	for _, set := range rdns {
		for i, a := range set {
			id := a.Type.String()
			n, ok := dnNames[id]
			if !ok {
				n = id
			}
			out = append(out, dnPart{n, ok, i > 0, a.Value})
		}
	}
	return out
}

// addDN registers a fetch of a distinguished name: all of it, or one entry.
func addDN(name, what string, cert func(*engine.Env) *x509.Certificate, raw func(*x509.Certificate) []byte) {
	engine.AddFetches(engine.Fetch{Name: name, Out: engine.TStr, Where: engine.OnSession, Args: engine.OptArgs(0, engine.ArgStr, engine.ArgInt, engine.ArgStr),
		Usage: "The certificate's " + what + ": all of it (/C=FR/CN=x), or the n-th value of an entry; the format rfc2253 is for LDAP.",
		Check: func(_ *engine.Build, a []engine.Arg) error {
			if len(a) > 2 && a[2].Type != engine.ArgNone && a[2].Text != "" && a[2].Text != "rfc2253" {
				return errors.New("only rfc2253 or a blank value are currently supported as the format argument")
			}
			return nil
		},
		Eval: func(e *engine.Env, a []engine.Arg) (engine.Sample, engine.Status) {
			c := cert(e)
			if c == nil {
				return engine.Sample{}, engine.Missing
			}
			list := parts(raw(c))
			entry, occ, format := dnArgs(a)
			switch {
			case entry != "":
				return str(e, pick(list, entry, occ))
			case format != "":
				return str(e, ldapDN(list))
			}
			return str(e, joinDN(list))
		}})
}

func dnArgs(a []engine.Arg) (entry string, occ int64, format string) {
	occ = 1
	if len(a) > 0 {
		entry = a[0].Text
	}
	if len(a) > 1 && a[1].Type != engine.ArgNone {
		occ = a[1].Int
	}
	if len(a) > 2 {
		format = a[2].Text
	}
	return entry, occ, format
}

// pick returns the n-th value of an entry from the beginning, or from the end: the
// bytes as they stand there. One with a NUL inside is as good as none.
func pick(list []dnPart, entry string, n int64) string {
	var values []string
	for _, p := range list {
		if strings.EqualFold(p.name, entry) {
			values = append(values, string(p.raw.Bytes))
		}
	}
	k := int64(len(values))
	if n < 0 {
		n += k + 1
	}
	if n < 1 || n > k || strings.IndexByte(values[n-1], 0) >= 0 {
		return ""
	}
	return values[n-1]
}

// joinDN is the whole name on a line; none if there is a NUL in it.
func joinDN(list []dnPart) string {
	var b strings.Builder
	for _, p := range list {
		if strings.IndexByte(string(p.raw.Bytes), 0) >= 0 {
			return ""
		}
		b.WriteString("/" + p.name + "=" + string(p.raw.Bytes))
	}
	return b.String()
}

// ldapDN is the whole name in the form of RFC 2253: the last entry first.
func ldapDN(list []dnPart) string {
	var b strings.Builder
	for i := len(list) - 1; i >= 0; i-- {
		p := list[i]
		b.WriteString(p.name + "=")
		if text, ok := p.text(); ok && p.known {
			b.WriteString(escapeDN(text))
		} else {
			b.WriteString("#" + strings.ToUpper(hex.EncodeToString(p.raw.FullBytes)))
		}
		switch {
		case i == 0:
		case p.more:
			b.WriteByte('+')
		default:
			b.WriteByte(',')
		}
	}
	return b.String()
}

// text is the value in UTF-8, whatever kind of string it is.
func (p *dnPart) text() (string, bool) {
	b := p.raw.Bytes
	switch p.raw.Tag {
	case asn1.TagUTF8String, asn1.TagPrintableString, asn1.TagIA5String, asn1.TagNumericString:
		return string(b), true
	case asn1.TagT61String:
		r := make([]rune, len(b))
		for i, c := range b {
			r[i] = rune(c)
		}
		return string(r), true
	case asn1.TagBMPString:
		u := make([]uint16, len(b)/2)
		for i := range u {
			u[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
		}
		return string(utf16.Decode(u)), true
	}
	return "", false
}

// escapeDN escapes what RFC 2253 gives a meaning to, and all that is not ASCII.
func escapeDN(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c < ' ' || c > '~':
			b.WriteString(`\` + strings.ToUpper(hex.EncodeToString([]byte{c})))
			continue
		case strings.IndexByte(`,+"\<>;`, c) >= 0, c == '#' && i == 0, c == ' ' && (i == 0 || i == len(s)-1):
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}
