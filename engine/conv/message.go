package conv

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"hawser/engine"
)

// FIX messages, and names of certificate errors.
func init() {
	conv("fix_is_valid", engine.TBin, engine.TBool, "True if the input is a FIX message as it should be; more data may be needed.", 0, nil, func(e env, _ args, v smp) (smp, stat) {
		switch fixCheck(v.B) {
		case engine.Wait:
			return more(e)
		case found:
			return boolean(true)
		}
		return boolean(false)
	})
	made("fix_tag_value", engine.TBin, engine.TBin, "(tag): the value of a tag of a FIX message, by number or name.", 1, types(engine.ArgStr), func(_ *engine.Build, a args) (engine.ConvFunc, error) {
		tag := a[0].Text
		if n, ok := fixTags[tag]; ok {
			tag = n
		}
		if _, err := strconv.Atoi(tag); err != nil {
			return nil, errText("Unknown FIX tag name '" + tag + "'")
		}
		want := []byte(tag)
		return func(_ env, _ args, v smp) (smp, stat) {
			for _, f := range bytes.Split(v.B, []byte{1}) {
				if name, value, ok := bytes.Cut(f, []byte("=")); ok && len(value) > 0 && bytes.Equal(name, want) {
					return bin(value)
				}
			}
			return none()
		}, nil
	})
	conv("x509_v_err_str", engine.TSint, engine.TStr, "The name of a certificate verification error.", 0, nil, func(e env, _ args, v smp) (smp, stat) {
		m := e.Mark()
		switch n := v.Int; {
		case n == 0:
			e.Tmp = append(e.Tmp, "X509_V_OK"...)
		case n > 0 && n <= int64(len(engine.VerifyErrors)):
			e.Tmp = append(append(e.Tmp, "X509_V_ERR_"...), engine.VerifyErrors[n-1]...)
		default:
			e.Tmp = strconv.AppendUint(e.Tmp, uint64(n), 10)
		}
		return str(e.Since(m))
	})
}

var fixTags = map[string]string{"BeginString": "8", "BodyLength": "9", "MsgType": "35", "SenderCompID": "49", "TargetCompID": "56", "CheckSum": "10"}

var fixVersions = strings.Fields("FIX.4.0 FIX.4.1 FIX.4.2 FIX.4.3 FIX.4.4 FIXT.1.1")

// fixCheck looks at the frame of a FIX message: the first three tags, the length
// and the checksum.
func fixCheck(b []byte) engine.Status {
	const begin = "8=FIX"
	if len(b) < len(begin) {
		if bytes.HasPrefix([]byte(begin), b) {
			return engine.Wait
		}
		return missing
	}
	if string(b[:len(begin)]) != begin {
		return missing
	}
	first, rest, ok := bytes.Cut(b, []byte{1})
	if !ok {
		return engine.Wait
	}
	length, body, ok := bytes.Cut(rest, []byte{1})
	if !ok {
		return engine.Wait
	}
	n, err := strconv.Atoi(string(bytes.TrimPrefix(length, []byte("9="))))
	if err != nil || n < 0 || !bytes.HasPrefix(length, []byte("9=")) {
		return missing
	}
	const trailer = 7 // 10=nnn and its end
	switch {
	case len(body) < n+trailer-1:
		return engine.Wait
	case len(body) < n+trailer, !slices.Contains(fixVersions, string(first[2:])):
		return missing
	}
	sum := 0
	for _, c := range b[:len(first)+1+len(length)+1+n] {
		sum += int(c)
	}
	t := body[n:]
	want, err := strconv.Atoi(string(t[3:6]))
	if err != nil || string(t[:3]) != "10=" || t[6] != 1 || want != sum&255 || !bytes.HasPrefix(body, []byte("35=")) {
		return missing
	}
	return found
}
