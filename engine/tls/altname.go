package tls

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"net"
	"strings"
)

var oidAltName = asn1.ObjectIdentifier{2, 5, 29, 17}

// otherNames are the kinds of other names that are told, all of them strings.
var otherNames = map[string]string{"1.3.6.1.4.1.311.20.2.3": "UPN", "1.3.6.1.5.5.7.8.9": "SmtpUTF8Mailbox", "1.3.6.1.5.5.7.8.5": "XmppAddr", "1.3.6.1.5.5.7.8.7": "SRVName",
	"1.3.6.1.5.5.7.8.8": "NAIRealm"}

// alternatives are a certificate's alternative names in the order in which they stand,
// as OpenSSL prints them.
func alternatives(c *x509.Certificate) string {
	for _, x := range c.Extensions {
		if !x.Id.Equal(oidAltName) {
			continue
		}
		var names []asn1.RawValue
		if _, err := asn1.Unmarshal(x.Value, &names); err != nil {
			return ""
		}
		out := make([]string, len(names))
		for i := range names {
			out[i] = generalName(&names[i])
		}
		return strings.Join(out, ", ")
	}
	return ""
}

// generalName prints one name (RFC 5280, 4.2.1.6).
func generalName(v *asn1.RawValue) string {
	switch v.Tag {
	case 0:
		return "othername:" + otherName(v.Bytes)
	case 1:
		return "email:" + string(v.Bytes)
	case 2:
		return "DNS:" + string(v.Bytes)
	case 3:
		return "X400Name:<unsupported>"
	case 4:
		return "DirName:" + onelineDN(parts(v.Bytes))
	case 5:
		return "EdiPartyName:<unsupported>"
	case 6:
		return "URI:" + string(v.Bytes)
	case 7:
		return "IP Address:" + ipName(v.Bytes)
	}
	var id asn1.ObjectIdentifier
	if _, err := asn1.UnmarshalWithParams(v.FullBytes, &id, "tag:8"); err != nil {
		return "Registered ID:<invalid>"
	}
	if n, ok := dnNames[id.String()]; ok {
		return "Registered ID:" + n
	}
	return "Registered ID:" + id.String()
}

func otherName(b []byte) string {
	var id asn1.ObjectIdentifier
	rest, err := asn1.Unmarshal(b, &id)
	if err != nil {
		return "<unsupported>"
	}
	var outer, inner asn1.RawValue
	if _, err = asn1.Unmarshal(rest, &outer); err == nil {
		_, err = asn1.Unmarshal(outer.Bytes, &inner)
	}
	if name, ok := otherNames[id.String()]; ok && err == nil {
		return name + ":" + string(inner.Bytes)
	}
	return "<unsupported>"
}

func ipName(b []byte) string {
	switch len(b) {
	case net.IPv4len:
		return net.IP(b).String()
	case net.IPv6len:
		var out []string
		for ; len(b) > 1; b = b[2:] {
			out = append(out, fmt.Sprintf("%X", uint16(b[0])<<8|uint16(b[1])))
		}
		return strings.Join(out, ":")
	}
	return "<invalid>"
}

// onelineDN prints a directory name with blanks around its equals signs, in quotes
// where it needs them.
func onelineDN(list []dnPart) string {
	var b bytes.Buffer
	for i, p := range list {
		switch {
		case i == 0:
		case p.more:
			b.WriteString(" + ")
		default:
			b.WriteString(", ")
		}
		text, _ := p.text()
		quoted := strings.ContainsAny(text, ",+<>;") || strings.HasPrefix(text, "#") || strings.HasPrefix(text, " ") || strings.HasSuffix(text, " ")
		b.WriteString(p.name + " = ")
		if quoted {
			b.WriteByte('"')
		}
		for i := range len(text) {
			switch c := text[i]; {
			case c < ' ' || c > '~':
				fmt.Fprintf(&b, `\%02X`, c)
			case c == '"' || c == '\\':
				b.Write([]byte{'\\', c})
			default:
				b.WriteByte(c)
			}
		}
		if quoted {
			b.WriteByte('"')
		}
	}
	return b.String()
}
