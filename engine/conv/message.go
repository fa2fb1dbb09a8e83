package conv

import (
	"bytes"
	"strconv"

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
				if name, value, ok := bytes.Cut(f, []byte("=")); ok && bytes.Equal(name, want) {
					return bin(value)
				}
			}
			return none()
		}, nil
	})
	conv("x509_v_err_str", engine.TSint, engine.TStr, "The name of a certificate verification error.", 0, nil, func(e env, _ args, v smp) (smp, stat) {
		m := e.Mark()
		if n, ok := x509Names[v.Int]; ok {
			e.Tmp = append(append(e.Tmp, "X509_V_"...), n...)
		} else {
			e.Tmp = strconv.AppendInt(e.Tmp, v.Int, 10)
		}
		return str(e.Since(m))
	})
}

var fixTags = map[string]string{"BeginString": "8", "BodyLength": "9", "MsgType": "35", "SenderCompID": "49", "TargetCompID": "56", "CheckSum": "10"}

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
	if len(body) < n+trailer {
		return engine.Wait
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

var x509Names = map[int64]string{
	0: "OK", 1: "ERR_UNSPECIFIED", 2: "ERR_UNABLE_TO_GET_ISSUER_CERT", 3: "ERR_UNABLE_TO_GET_CRL", 4: "ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE",
	5: "ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE", 6: "ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY", 7: "ERR_CERT_SIGNATURE_FAILURE", 8: "ERR_CRL_SIGNATURE_FAILURE",
	9: "ERR_CERT_NOT_YET_VALID", 10: "ERR_CERT_HAS_EXPIRED", 11: "ERR_CRL_NOT_YET_VALID", 12: "ERR_CRL_HAS_EXPIRED",
	13: "ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD", 14: "ERR_ERROR_IN_CERT_NOT_AFTER_FIELD", 15: "ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD", 16: "ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD",
	17: "ERR_OUT_OF_MEM", 18: "ERR_DEPTH_ZERO_SELF_SIGNED_CERT", 19: "ERR_SELF_SIGNED_CERT_IN_CHAIN", 20: "ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
	21: "ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE", 22: "ERR_CERT_CHAIN_TOO_LONG", 23: "ERR_CERT_REVOKED", 24: "ERR_INVALID_CA", 25: "ERR_PATH_LENGTH_EXCEEDED",
	26: "ERR_INVALID_PURPOSE", 27: "ERR_CERT_UNTRUSTED", 28: "ERR_CERT_REJECTED", 29: "ERR_SUBJECT_ISSUER_MISMATCH", 30: "ERR_AKID_SKID_MISMATCH",
	31: "ERR_AKID_ISSUER_SERIAL_MISMATCH", 32: "ERR_KEYUSAGE_NO_CERTSIGN", 50: "ERR_APPLICATION_VERIFICATION", 62: "ERR_HOSTNAME_MISMATCH", 63: "ERR_EMAIL_MISMATCH",
	64: "ERR_IP_ADDRESS_MISMATCH",
}
