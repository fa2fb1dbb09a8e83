package check

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"hawser/engine"
)

func init() {
	engine.AddKeywords(checkOption("spop-check", 0, "option spop-check: check SPOE agents with a HELLO", fixed(spopCheck)))
}

// The types of SPOP frames that a check meets.
const (
	spopHello      = 1
	spopAgentHello = 101
)

// spopCheck says hello and leaves: agents know it by "healthcheck".
func spopCheck() []step {
	text := func(b []byte, s string) []byte { return append(append(b, byte(len(s))), s...) }
	b := []byte{spopHello, 0, 0, 0, 1, 0, 0} // final; stream 0, frame 0
	b = text(append(text(b, "supported-versions"), 8), "2.0")
	b = append(text(b, "max-frame-size"), 3, 0xfc, 0xf0, 0x06) // 16380
	b = text(append(text(b, "capabilities"), 8), "")
	b = append(text(b, "healthcheck"), 0x11) // true
	frame := append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
	return []step{raw(frame), answer(func(r *run, in []byte, all bool) (*result, bool) {
		if len(in) > 4 && len(in) >= 4+int(min(binary.BigEndian.Uint32(in), 1<<20)) && in[4] == spopAgentHello && bytes.Contains(in, []byte("version")) {
			return r.good("L7OK", "SPOA server is ok")
		}
		if all && len(in) == 0 {
			return r.bad("L7RSP", -1, "TCPCHK got an empty response at step "+strconv.Itoa(r.n+1)) // the connection counts
		}
		if all {
			return r.bad("L7RSP", -1, "invalid frame received")
		}
		return nil, false // another may follow
	})}
}
