package conv

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"hawser/engine"
)

func init() {
	made("json_query", engine.TStr, engine.TAny, "(path[,type]): the value at a path ($.a.b[0]) of a JSON text; type int: an integer.", 1, types(engine.ArgStr, engine.ArgStr), func(_ *engine.Build, a args) (engine.ConvFunc, error) {
		path, err := jsonPath(a[0].Text)
		if err != nil {
			return nil, err
		}
		asInt := false
		if given(a, 1) && a[1].Text != "" {
			if a[1].Text != "int" {
				return nil, errText("output_type only supports \"int\" as argument")
			}
			asInt = true
		}
		return func(e env, _ args, v smp) (smp, stat) { return queryJSON(e, v.B, path, asInt) }, nil
	})
	for _, part := range []struct {
		name string
		n    int
	}{{"jwt_header_query", 0}, {"jwt_payload_query", 1}} {
		made(part.name, engine.TBin, engine.TAny, "([path[,type]]): what a JSON path finds in that part of a token, or the part.", 0, types(engine.ArgStr, engine.ArgStr), func(_ *engine.Build, a args) (engine.ConvFunc, error) {
			return jwtQuery(a, part.n)
		})
	}
}

// jsonPath splits "$.a.b[0]" into names and indexes.
func jsonPath(text string) ([]string, error) {
	bad := errText("invalid json path: " + text)
	if !strings.HasPrefix(text, "$") {
		return nil, bad
	}
	rest := text[1:]
	var out []string
	for rest != "" {
		switch rest[0] {
		case '.':
			end := 1
			for end < len(rest) && rest[end] != '[' && (rest[end] != '.' || rest[end-1] == '\\') {
				end++
			}
			if end == 1 {
				return nil, bad
			}
			out = append(out, strings.ReplaceAll(rest[1:end], `\.`, "."))
			rest = rest[end:]
		case '[':
			end := strings.IndexByte(rest, ']')
			if end < 2 {
				return nil, bad
			}
			out = append(out, "["+rest[1:end])
			rest = rest[end+1:]
		default:
			return nil, bad
		}
	}
	return out, nil
}

// find walks a JSON text down to the value at a path.
func findJSON(b []byte, path []string) (json.RawMessage, bool) {
	raw := json.RawMessage(b)
	if !json.Valid(b) {
		return nil, false
	}
	for _, p := range path {
		if p[0] == '[' {
			i, err := strconv.Atoi(p[1:])
			var list []json.RawMessage
			if err != nil || json.Unmarshal(raw, &list) != nil || i < 0 || i >= len(list) {
				return nil, false
			}
			raw = list[i]
			continue
		}
		var obj map[string]json.RawMessage
		if json.Unmarshal(raw, &obj) != nil {
			return nil, false
		}
		v, ok := obj[p]
		if !ok {
			return nil, false
		}
		raw = v
	}
	return bytes.TrimSpace(raw), true
}

func queryJSON(e env, b []byte, path []string, asInt bool) (smp, stat) {
	raw, ok := findJSON(b, path)
	if !ok || len(raw) == 0 {
		return none()
	}
	switch raw[0] {
	case '"':
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return none()
		}
		return str(e.Keep([]byte(s)))
	case 't', 'f':
		return boolean(raw[0] == 't')
	case 'n':
		return none()
	case '{', '[':
		if raw[0] == '{' {
			return none()
		}
		return str(e.Keep(raw))
	}
	if asInt {
		f, err := strconv.ParseFloat(string(raw), 64)
		if err != nil {
			return none()
		}
		if i, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
			return sint(i)
		}
		return sint(int64(f))
	}
	return str(e.Keep(number(raw)))
}

// number writes a JSON number as HAProxy prints it: shortest, as a double.
func number(raw []byte) []byte {
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return raw
	}
	if f == math.Trunc(f) && math.Abs(f) < 1e15 {
		return strconv.AppendInt(nil, int64(f), 10)
	}
	return strconv.AppendFloat(nil, f, 'g', -1, 64)
}
