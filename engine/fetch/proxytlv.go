package fetch

import (
	"strconv"
	"strings"

	"hawser/engine"
	"hawser/engine/proxyproto"
)

// tlvNames are the symbolic names that fc_pp_tlv takes.
var tlvNames = map[string]byte{
	"ALPN": proxyproto.TLVALPN, "AUTHORITY": proxyproto.TLVAuthority, "CRC32": proxyproto.TLVChecksum,
	"NOOP": proxyproto.TLVNoop, "UNIQUE_ID": proxyproto.TLVUniqueID, "SSL": proxyproto.TLVSSL, "NETNS": proxyproto.TLVNetNS,
}

func init() {
	tlv := func(typ byte) engine.FetchFunc {
		return func(e env, _ args) (smp, stat) {
			if e.Sess == nil {
				return none()
			}
			h := proxyproto.Header{TLVs: e.Sess.TLVs}
			if v, ok := h.Lookup(typ); ok {
				return str(v)
			}
			return none()
		}
	}
	engine.AddFetches(
		row("fc_pp_authority", engine.TStr, engine.OnClient, "The authority that the PROXY header names.", tlv(proxyproto.TLVAuthority)),
		row("fc_pp_unique_id", engine.TStr, engine.OnClient, "The unique ID in the PROXY header.", tlv(proxyproto.TLVUniqueID)),
		engine.Fetch{Name: "fc_pp_tlv", Out: engine.TStr, Args: engine.Args(engine.ArgStr), Where: engine.OnSession,
			Usage: "(id): a field of the PROXY header, by its number or name.",
			Make: func(_ *engine.Build, a args) (engine.FetchFunc, error) {
				if t, ok := tlvNames[strings.ToUpper(a[0].Text)]; ok {
					return tlv(t), nil
				}
				n, err := strconv.ParseUint(a[0].Text, 0, 8)
				switch {
				case err != nil && a[0].Text != "" && a[0].Text[0] >= '0' && a[0].Text[0] <= '9':
					return nil, errText("Invalid TLV Type '" + a[0].Text + "'")
				case err != nil:
					return nil, errText("Could not convert type '" + a[0].Text + "'")
				}
				return tlv(byte(n)), nil
			}},
	)
}
