package fetch

import (
	"strconv"

	"hawser/engine"
)

// What a PROXY header told beside the addresses.
func init() {
	const authority, uniqueID = 2, 5
	engine.AddFetches(
		row("fc_pp_authority", engine.TStr, engine.OnClient, "The authority in the PROXY header.", func(e env, _ args) (smp, stat) { return tlv(e, authority) }),
		row("fc_pp_unique_id", engine.TStr, engine.OnClient, "The unique ID in the PROXY header.", func(e env, _ args) (smp, stat) { return tlv(e, uniqueID) }),
		engine.Fetch{Name: "fc_pp_tlv", Out: engine.TStr, Where: engine.OnSession, Args: engine.Args(engine.ArgStr), Usage: "(id): a TLV of the PROXY header, by number (0xE0) or name (authority, unique_id).",
			Make: func(_ *engine.Build, a args) (engine.FetchFunc, error) {
				id := int64(0)
				switch t := a[0].Text; t {
				case "alpn":
					id = 1
				case "authority":
					id = authority
				case "crc32c":
					id = 3
				case "unique_id":
					id = uniqueID
				case "netns":
					id = 0x30
				default:
					v, err := strconv.ParseInt(t, 0, 16)
					if err != nil || v < 0 || v > 255 {
						return nil, errText("invalid TLV ID '" + t + "'")
					}
					id = v
				}
				return func(e env, _ args) (smp, stat) { return tlv(e, byte(id)) }, nil
			}},
	)
}

// tlv finds a TLV: type, length in two bytes, value. In ACLs all of a kind are tried.
func tlv(e env, want byte) (smp, stat) {
	if e.Sess == nil {
		return none()
	}
	b, from := e.Sess.TLVs, 0
	if e.Each {
		from = e.Cur[0]
	}
	for from+3 <= len(b) {
		n := int(b[from+1])<<8 | int(b[from+2])
		end := from + 3 + n
		if end > len(b) {
			break
		}
		if b[from] == want {
			s := smp{Type: engine.TStr, B: b[from+3 : end], More: e.Each}
			if e.Each {
				e.Cur[0] = end
			}
			return s, found
		}
		from = end
	}
	return none()
}
