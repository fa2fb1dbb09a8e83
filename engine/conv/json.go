package conv

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"hawser/engine"
)

func init() {
	made("json_query", engine.TStr, engine.TAny, "(path[,type]): the value at a path ($.a.b[0]) of a JSON text; type int: an integer.", 1, types(engine.ArgStr, engine.ArgStr), func(_ *engine.Build, a args) (engine.ConvFunc, error) {
		if a[0].Text == "" {
			return nil, errText("json_path must not be empty")
		}
		path, ok := jsonPath(a[0].Text)
		asInt := false
		if given(a, 1) && a[1].Text != "" {
			if a[1].Text != "int" {
				return nil, errText("output_type only supports \"int\" as argument")
			}
			asInt = true
		}
		return func(e env, _ args, v smp) (smp, stat) {
			if !ok {
				return none()
			}
			return queryJSON(e, v.B, path, asInt)
		}, nil
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

// jsonStep is a member's name or, where name is empty, an index; -1 any.
type jsonStep struct {
	name  string
	index int
}

// jsonPath splits "$.a.b[0]"; a path that cannot be read finds nothing.
func jsonPath(text string) (path []jsonStep, ok bool) {
	rest, ok := strings.CutPrefix(text, "$")
	if !ok {
		return nil, false
	}
	for rest != "" {
		switch rest[0] {
		case '.':
			end := 1
			for end < len(rest) && rest[end] != '[' && (rest[end] != '.' || rest[end-1] == '\\') {
				end++
			}
			if end == 1 {
				return nil, false
			}
			path = append(path, jsonStep{name: strings.ReplaceAll(rest[1:end], `\.`, ".")})
			rest = rest[end:]
		case '[':
			end := strings.IndexByte(rest, ']')
			if end < 2 {
				return nil, false
			}
			index := -1
			if rest[1:end] != "*" {
				var err error
				if index, err = strconv.Atoi(rest[1:end]); err != nil || index < 0 {
					return nil, false
				}
			}
			path = append(path, jsonStep{index: index})
			rest = rest[end+1:]
		default:
			return nil, false
		}
	}
	return path, true
}

// findJSON walks a JSON text down to the value at a path. It looks no further than
// it must: what follows the value may be broken.
func findJSON(b []byte, path []jsonStep) ([]byte, bool) {
	b = skipSpace(b)
	if len(path) == 0 {
		rest, ok := skipJSON(b, 0)
		if !ok {
			return nil, false
		}
		return b[:len(b)-len(rest)], true
	}
	step := path[0]
	open := byte('{')
	if step.name == "" {
		open = '['
	}
	if len(b) == 0 || b[0] != open {
		return nil, false
	}
	b = skipSpace(b[1:])
	for i := 0; len(b) > 0 && b[0] != open+2; i++ {
		hit := i == step.index || step.index < 0
		if open == '{' {
			rest, ok := skipString(b)
			if !ok {
				return nil, false
			}
			key := b[1 : len(b)-len(rest)-1]
			hit = string(key) == step.name
			if b = skipSpace(rest); len(b) == 0 || b[0] != ':' {
				return nil, false
			}
			b = skipSpace(b[1:])
		}
		if hit {
			return findJSON(b, path[1:])
		}
		var ok bool
		if b, ok = skipJSON(b, 0); !ok {
			return nil, false
		}
		if b = skipSpace(b); len(b) > 0 && b[0] == ',' {
			b = skipSpace(b[1:])
		}
	}
	return nil, false
}

func skipSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\n' || b[0] == '\r') {
		b = b[1:]
	}
	return b
}

func skipString(b []byte) ([]byte, bool) {
	if len(b) == 0 || b[0] != '"' {
		return nil, false
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return b[i+1:], true
		}
	}
	return nil, false
}

const maxJSONDepth = 64

// skipJSON returns what follows a value.
func skipJSON(b []byte, depth int) (rest []byte, ok bool) {
	if b = skipSpace(b); len(b) == 0 || depth > maxJSONDepth {
		return nil, false
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if len(b) >= len(word) && string(b[:len(word)]) == word {
			return b[len(word):], true
		}
	}
	switch c := b[0]; {
	case c == '"':
		return skipString(b)
	case c == '-' || c >= '0' && c <= '9':
		i := 1
		for i < len(b) && (b[i] >= '0' && b[i] <= '9' || strings.IndexByte(".eE+-", b[i]) >= 0) {
			i++
		}
		return b[i:], true
	case c == '{' || c == '[':
		return skipMembers(b, depth)
	}
	return nil, false
}

func skipMembers(b []byte, depth int) (rest []byte, ok bool) {
	open := b[0]
	b = skipSpace(b[1:])
	for len(b) > 0 && b[0] != open+2 {
		if open == '{' {
			if b, ok = skipString(b); !ok {
				return nil, false
			}
			if b = skipSpace(b); len(b) == 0 || b[0] != ':' {
				return nil, false
			}
			b = b[1:]
		}
		if b, ok = skipJSON(b, depth+1); !ok {
			return nil, false
		}
		if b = skipSpace(b); len(b) > 0 && b[0] == ',' {
			b = skipSpace(b[1:])
		}
	}
	if len(b) == 0 {
		return nil, false
	}
	return b[1:], true
}

func queryJSON(e env, b []byte, path []jsonStep, asInt bool) (smp, stat) {
	raw, ok := findJSON(b, path)
	if !ok || len(raw) == 0 {
		return none()
	}
	switch raw[0] {
	case '"':
		return jsonString(e, raw[1:len(raw)-1])
	case 't', 'f':
		return boolean(raw[0] == 't')
	case 'n', '{':
		return none()
	case '[':
		return str(e.Keep(raw))
	}
	if asInt {
		end := 0
		for end < len(raw) && (raw[end] >= '0' && raw[end] <= '9' || end == 0) {
			end++
		}
		i, err := strconv.ParseInt(string(raw[:end]), 10, 64)
		if err != nil || i >= 1<<53 || i <= -(1<<53) { // more than a double holds
			return none()
		}
		return sint(i)
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil && !math.IsInf(f, 0) {
		return none()
	}
	m := e.Mark()
	if math.IsInf(f, 0) {
		e.Tmp = append(e.Tmp, "inf"...)
	} else {
		e.Tmp = strconv.AppendFloat(e.Tmp, f, 'g', 6, 64) // C's %g
	}
	return str(e.Since(m))
}

// jsonString undoes the escapes; of \u only those below 256 are known.
func jsonString(e env, b []byte) (smp, stat) {
	if bytes.IndexByte(b, '\\') < 0 {
		return str(b)
	}
	m := e.Mark()
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			e.Tmp = append(e.Tmp, b[i])
			continue
		}
		i++
		switch at := strings.IndexByte(`"\bfnrt`, b[i]); {
		case at >= 0:
			e.Tmp = append(e.Tmp, "\"\\\b\f\n\r\t"[at])
		case b[i] == 'u' && i+4 < len(b) && b[i+1] == '0' && b[i+2] == '0' && hexVal(b[i+3]) >= 0 && hexVal(b[i+4]) >= 0:
			e.Tmp = append(e.Tmp, byte(hexVal(b[i+3])<<4|hexVal(b[i+4])))
			i += 4
		default:
			e.Tmp = e.Tmp[:m]
			return none()
		}
	}
	return str(e.Since(m))
}
