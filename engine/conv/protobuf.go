package conv

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"hawser/engine"
)

func init() {
	spec := types(engine.ArgID, engine.ArgStr)
	made("protobuf", engine.TBin, engine.TBin, "(field[,type]): a field (1.2.3) of a protocol buffers message, raw or as an integer of that type.", 1, spec, makeProto(false))
	made("ungrpc", engine.TBin, engine.TBin, "(field[,type]): a field (1.2.3) of a gRPC message, raw or as an integer of that type.", 1, spec, makeProto(true))
}

// wireTypes tells which wire type a field's type has.
var wireTypes = map[string]int{
	"int32": 0, "int64": 0, "uint32": 0, "uint64": 0, "sint32": 0, "sint64": 0, "bool": 0, "enum": 0,
	"fixed64": 1, "sfixed64": 1, "double": 1, "fixed32": 5, "sfixed32": 5, "float": 5,
}

func makeProto(grpc bool) func(*engine.Build, args) (engine.ConvFunc, error) {
	return func(_ *engine.Build, a args) (engine.ConvFunc, error) {
		var path []uint64
		for _, p := range strings.Split(a[0].Text, ".") {
			n, err := strconv.ParseUint(p, 10, 32)
			if err != nil {
				return nil, errText("wrong protocol buffers field number '" + a[0].Text + "'")
			}
			path = append(path, n)
		}
		kind := text(a, 1, "")
		wire, ok := wireTypes[kind]
		if given(a, 1) && !ok {
			return nil, errText("Wrong protocol buffer type '" + kind + "'")
		}
		return func(_ env, _ args, v smp) (smp, stat) {
			b := v.B
			if grpc {
				return grpcField(b, path, kind, wire)
			}
			return protoField(b, path, kind, wire)
		}, nil
	}
}

// grpcField looks into one message after the other.
func grpcField(b []byte, path []uint64, kind string, wire int) (smp, stat) {
	for len(b) >= 5 {
		n := uint64(binary.BigEndian.Uint32(b[1:]))
		b = b[5:]
		if n > uint64(len(b)) {
			break
		}
		if s, st := protoField(b[:n], path, kind, wire); st == found {
			return s, st
		}
		b = b[n:]
	}
	return none()
}

// protoField walks down to a field and returns it.
func protoField(b []byte, path []uint64, kind string, want int) (smp, stat) {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 {
			return none()
		}
		b = b[n:]
		wire, size := int(tag&7), 0
		raw := b
		switch wire {
		case 0:
			if _, size = binary.Uvarint(b); size <= 0 {
				return none()
			}
		case 1:
			size = 8
		case 5:
			size = 4
		case 2:
			l, n := binary.Uvarint(b)
			if n <= 0 || l > uint64(len(b)-n) {
				return none()
			}
			raw, size = b[n:n+int(l)], n+int(l)
		default:
			return none()
		}
		if size > len(b) {
			return none()
		}
		if wire != 2 {
			raw = b[:size]
		}
		b = b[size:]
		if tag>>3 != path[0] {
			continue
		}
		if len(path) > 1 {
			if wire != 2 {
				return none()
			}
			return protoField(raw, path[1:], kind, want)
		}
		return protoValue(raw, wire, kind, want)
	}
	return none()
}

func protoValue(raw []byte, wire int, kind string, want int) (smp, stat) {
	if kind == "" {
		return bin(raw)
	}
	if wire != want {
		return none()
	}
	switch wire {
	case 0:
		u, _ := binary.Uvarint(raw)
		switch kind {
		case "sint32", "sint64":
			return sint(int64(u>>1) ^ -int64(u&1))
		}
		return sint(int64(u))
	case 1:
		v := binary.LittleEndian.Uint64(raw)
		if kind == "double" {
			return sint(int64(math.Float64frombits(v)))
		}
		return sint(int64(v))
	}
	v := binary.LittleEndian.Uint32(raw)
	switch kind {
	case "fixed32":
		return sint(int64(v))
	case "float":
		return sint(int64(uint32(int32(math.Float32frombits(v)))))
	}
	return sint(int64(int32(v)))
}
