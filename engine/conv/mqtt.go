package conv

import (
	"encoding/binary"
	"strconv"
	"strings"

	"hawser/engine"
)

// The first messages of MQTT: CONNECT and CONNACK (MQTT 3.1.1 and 5.0).
func init() {
	conv("mqtt_is_valid", engine.TBin, engine.TBool, "True if the input is a CONNECT or CONNACK message of MQTT as it should be; more data may be needed.", 0, nil, func(e env, _ args, v smp) (smp, stat) {
		var p mqttPacket
		st := p.parse(v.B)
		if st == engine.Wait {
			return more(e)
		}
		return boolean(st == found)
	})
	made("mqtt_field_value", engine.TBin, engine.TStr, "(type,field): a field of a CONNECT (1) or CONNACK (2) message, by its name or by the number of a property of MQTT 5.", 2, types(engine.ArgStr, engine.ArgStr), mqttField)
}

// more asks for more data as long as some may come.
func more(e env) (smp, stat) {
	if e.Final {
		return none()
	}
	return smp{}, engine.Wait
}

var mqttTypes = []string{"", "connect", "connack", "publish", "puback", "pubrec", "pubrel", "pubcomp", "subscribe", "suback", "unsubscribe", "unsuback", "pingreq", "pingresp", "disconnect", "auth"}

// How a property is written (MQTT 5.0, 2.2.2.2).
const (
	mqttByte = iota + 1
	mqttShort
	mqttLong
	mqttText
	mqttBytes
	mqttPair
)

var mqttProps = map[byte]int{
	1: mqttByte, 2: mqttLong, 3: mqttText, 8: mqttText, 9: mqttBytes, 17: mqttLong, 18: mqttText, 19: mqttShort, 21: mqttText, 22: mqttBytes, 23: mqttByte,
	24: mqttLong, 25: mqttByte, 26: mqttText, 28: mqttText, 31: mqttText, 33: mqttShort, 34: mqttShort, 36: mqttByte, 37: mqttByte, 38: mqttPair, 39: mqttLong,
	40: mqttByte, 41: mqttByte, 42: mqttByte,
}

// The properties that stand in each part of a message.
const (
	ofConnect = "\x11\x21\x27\x22\x19\x17\x15\x16\x26"
	ofWill    = "\x18\x01\x02\x03\x08\x09\x26"
	ofConnack = "\x11\x21\x24\x25\x27\x12\x22\x1f\x26\x28\x29\x2a\x13\x1a\x1c\x15\x16"
)

// The fields with names, in the order of mqttPacket.field.
var mqttNames = [3][]string{1: {"flags", "protocol_name", "protocol_version", "client_identifier", "will_topic", "will_payload", "username", "password", "keepalive"},
	2: {"flags", "protocol_version", "reason_code"}}

// mqttPacket is what parse finds; slices lie in the input.
type mqttPacket struct {
	kind    int // 1 or 2
	field   [9][]byte
	number  [9]int // of fields that are numbers, else -1
	props   []byte
	will    []byte
	version byte
}

func mqttField(_ *engine.Build, a args) (engine.ConvFunc, error) {
	kind := 0
	for i, n := range mqttTypes {
		if i > 0 && (strings.EqualFold(n, a[0].Text) || strconv.Itoa(i) == a[0].Text) {
			kind = i
		}
	}
	if kind == 0 {
		return nil, errText("Unknown MQTT type '" + a[0].Text + "'")
	}
	name, prop := -1, byte(0)
	if kind <= 2 {
		for i, n := range mqttNames[kind] {
			if strings.EqualFold(n, a[1].Text) {
				name = i
			}
		}
	}
	if n, err := strconv.ParseUint(a[1].Text, 10, 8); err == nil && n > 0 {
		if kind == 1 && strings.IndexByte(ofConnect+ofWill, byte(n)) >= 0 || kind == 2 && strings.IndexByte(ofConnack, byte(n)) >= 0 {
			prop = byte(n)
		}
	}
	if name < 0 && prop == 0 {
		return nil, errText("Unknown MQTT field name '" + a[1].Text + "' for packet type '" + a[0].Text + "'")
	}
	return func(e env, _ args, v smp) (smp, stat) {
		var p mqttPacket
		switch st := p.parse(v.B); {
		case st == engine.Wait:
			return more(e)
		case st != found || p.kind != kind:
			return none()
		case prop != 0:
			return p.property(e, prop)
		}
		return p.named(e, name)
	}, nil
}

func decimal(e env, n int64) (smp, stat) {
	m := e.Mark()
	e.Tmp = strconv.AppendInt(e.Tmp, n, 10)
	return str(e.Since(m))
}

func (p *mqttPacket) named(e env, i int) (smp, stat) {
	switch {
	case p.number[i] > 0:
		return decimal(e, int64(p.number[i]-1))
	case p.field[i] != nil:
		return str(p.field[i])
	}
	return none()
}

// property finds a property; a number that does not occur is 0.
func (p *mqttPacket) property(e env, want byte) (smp, stat) {
	if p.version != 5 || mqttProps[want] == mqttPair {
		return none()
	}
	b := p.props
	if p.kind == 1 && strings.IndexByte(ofWill, want) >= 0 {
		b = p.will
	}
	for len(b) > 0 {
		id := b[0]
		size := mqttPropSize(b)
		value := b[1:size]
		b = b[size:]
		if id != want {
			continue
		}
		switch mqttProps[id] {
		case mqttByte:
			return decimal(e, int64(value[0]))
		case mqttShort:
			return decimal(e, int64(binary.BigEndian.Uint16(value)))
		case mqttLong:
			return decimal(e, int64(binary.BigEndian.Uint32(value)))
		}
		return str(value[2:])
	}
	if k := mqttProps[want]; k == mqttByte || k == mqttShort || k == mqttLong {
		return decimal(e, 0)
	}
	return none()
}

// mqttPropSize is a property's size with its number; 0: it is not whole.
func mqttPropSize(b []byte) int {
	size := 1
	text := func() bool {
		if len(b) < size+2 {
			return false
		}
		size += 2 + int(binary.BigEndian.Uint16(b[size:]))
		return true
	}
	switch mqttProps[b[0]] {
	case mqttByte:
		size += 1
	case mqttShort:
		size += 2
	case mqttLong:
		size += 4
	case mqttText, mqttBytes:
		if !text() {
			return 0
		}
	case mqttPair:
		for range 2 {
			if !text() {
				return 0
			}
		}
	default:
		return 0
	}
	if size > len(b) {
		return 0
	}
	return size
}

// mqttVarint reads a length of up to four bytes; size 0: it is not whole, -1: it
// is none.
func mqttVarint(b []byte) (v, size int) {
	for i := range min(len(b), 4) {
		v |= int(b[i]&0x7f) << (7 * i)
		if b[i] < 0x80 {
			return v, i + 1
		}
	}
	if len(b) < 4 {
		return 0, 0
	}
	return 0, -1
}

func (p *mqttPacket) parse(b []byte) engine.Status {
	if len(b) < 2 {
		return engine.Wait
	}
	if b[0] != 0x10 && b[0] != 0x20 {
		return missing
	}
	n, size := mqttVarint(b[1:])
	switch {
	case size < 0:
		return missing
	case size == 0 || len(b) < 1+size+n:
		return engine.Wait
	}
	p.kind = int(b[0] >> 4)
	b = b[1+size : 1+size+n]
	ok := false
	if p.kind == 1 {
		ok = p.connect(b)
	} else {
		ok = p.connack(b)
	}
	if !ok {
		return missing
	}
	return found
}

// takeText cuts a text with its length before it.
func takeText(b []byte) (text, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	n := int(binary.BigEndian.Uint16(b))
	if len(b) < 2+n {
		return nil, nil, false
	}
	return b[2 : 2+n : 2+n], b[2+n:], true
}

// takeProps cuts a list of properties and checks that they may stand there.
func takeProps(b []byte, allowed string) (props, rest []byte, ok bool) {
	n, size := mqttVarint(b)
	if size <= 0 || len(b) < size+n {
		return nil, nil, false
	}
	props, rest = b[size:size+n], b[size+n:]
	for p := props; len(p) > 0; {
		s := mqttPropSize(p)
		if s == 0 || strings.IndexByte(allowed, p[0]) < 0 {
			return nil, nil, false
		}
		p = p[s:]
	}
	return props, rest, true
}

func (p *mqttPacket) connect(b []byte) (ok bool) {
	if p.field[1], b, ok = takeText(b); !ok || len(b) < 4 {
		return false
	}
	name, flags := string(p.field[1]), b[1]
	p.version = b[0]
	switch {
	case name != "MQTT" && name != "MQIsdp", p.version < 3 || p.version > 5, flags&1 != 0, flags&0x1c == 0x18: // without a will, HAProxy minds only a quality of 3
		return false
	}
	p.number[0], p.number[2], p.number[8] = int(flags)+1, int(p.version)+1, int(binary.BigEndian.Uint16(b[2:]))+1
	b = b[4:]
	if p.version == 5 {
		if p.props, b, ok = takeProps(b, ofConnect); !ok {
			return false
		}
	}
	if p.field[3], b, ok = takeText(b); !ok {
		return false
	}
	if flags&4 != 0 {
		if p.version == 5 {
			if p.will, b, ok = takeProps(b, ofWill); !ok {
				return false
			}
		}
		if p.field[4], b, ok = takeText(b); !ok {
			return false
		}
		if p.field[5], b, ok = takeText(b); !ok {
			return false
		}
	}
	if flags&0x80 != 0 {
		if p.field[6], b, ok = takeText(b); !ok {
			return false
		}
	}
	if flags&0x40 != 0 {
		if p.field[7], b, ok = takeText(b); !ok {
			return false
		}
	}
	return p.version == 5 || len(b) == 0
}

// connack tells MQTT 5 by the list of properties, which earlier versions lack.
func (p *mqttPacket) connack(b []byte) (ok bool) {
	if len(b) < 2 || b[0]&0xfe != 0 {
		return false
	}
	p.number[0], p.number[2] = int(b[0])+1, int(b[1])+1
	p.version = 4
	if len(b) > 2 {
		p.version = 5
		if p.props, b, ok = takeProps(b[2:], ofConnack); !ok || len(b) > 0 {
			return false
		}
	}
	p.number[1] = int(p.version) + 1
	return true
}
