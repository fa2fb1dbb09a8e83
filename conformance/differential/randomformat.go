package differential

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
)

// dice draws inputs for converters that take a format apart.
type dice struct {
	*rand.Rand
	asks []ask
}

// formatGroups makes messages of many formats, sound and damaged, for the converters
// that read them: the same ones every time.
func formatGroups() []group {
	d := &dice{Rand: rand.New(rand.NewPCG(20261121, 7))}
	for _, f := range []func(){d.packets, d.protobufs, d.mqtts, d.fixes, d.documents, d.forwardeds, d.languages, d.ciphers, d.dates, d.parts, d.escapes, d.addresses, d.queries} {
		f()
	}
	return split([]group{{scene: "request", input: someRequest, asks: d.asks}})
}

func (d *dice) ask(format string, a ...any) {
	d.asks = append(d.asks, ask{text: fmt.Sprintf(format, a...)})
}

func (d *dice) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(d.Uint32())
	}
	return b
}

// damage cuts a message short, or changes a byte, once in a while.
func (d *dice) damage(b []byte) string {
	b = append([]byte{}, b...)
	switch d.IntN(5) {
	case 0:
		b = b[:d.IntN(len(b)+1)]
	case 1:
		if len(b) > 0 {
			b[d.IntN(len(b))] = byte(d.Uint32())
		}
	}
	if len(b) == 0 {
		b = []byte{0}
	}
	return hex.EncodeToString(b)
}

func (d *dice) pick(list string) string {
	w := strings.Split(list, "|")
	return w[d.IntN(len(w))]
}

func (d *dice) packets() {
	for range 14 {
		var options []byte
		for range d.IntN(5) {
			options = append(options, [][]byte{{1}, {2, 4, 5, 180}, {3, 3, byte(d.IntN(15))}, {4, 2}, append([]byte{8, 10}, d.bytes(8)...), {0}, {254, 4, 1, 2}}[d.IntN(7)]...)
		}
		for len(options)%4 != 0 {
			options = append(options, byte(d.IntN(2)))
		}
		tcp := append(d.bytes(12), byte(5+len(options)/4)<<4, byte(d.Uint32()))
		tcp = append(append(tcp, d.bytes(6)...), options...)
		ip := append([]byte{0x45, byte(d.Uint32()), 0, 0}, d.bytes(16)...)
		ip[9] = 6
		if d.IntN(3) == 0 {
			ip = append([]byte{0x60 | byte(d.IntN(16)), byte(d.Uint32()), 0, 0, 0, 0, 6, byte(d.Uint32())}, d.bytes(32)...)
		}
		ip = append(ip, tcp...)
		if ip[0]>>4 == 4 {
			binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)))
		} else {
			binary.BigEndian.PutUint16(ip[4:], uint16(len(ip)-40))
		}
		eth := append(d.bytes(12), 8, 0)
		if d.IntN(3) == 0 {
			eth = append(d.bytes(12), 0x81, 0, byte(d.IntN(16)), byte(d.Uint32()), 8, 0)
		}
		for i, conv := range strings.Fields("eth.data eth.dst eth.hdr eth.proto eth.src eth.vlan ip.data ip.df ip.dst ip.hdr ip.proto ip.src ip.tos ip.ttl ip.ver ip.fp(0) ip.fp(7) " +
			"tcp.dst tcp.flags tcp.options.mss tcp.options.sack tcp.options.tsopt tcp.options.tsval tcp.options.wscale tcp.options.wsopt tcp.options_list tcp.seq tcp.src tcp.win") {
			layer := [][]byte{append(eth, ip...), ip, tcp}[min(i/6, 1+i/17)]
			if d.IntN(5) == 0 {
				layer = layer[:1+d.IntN(len(layer))]
			}
			d.ask("bin(%x),%s", layer, conv)
		}
	}
}

func (d *dice) protobufs() {
	for range 60 {
		var m []byte
		for range 1 + d.IntN(4) {
			field := uint64(1 + d.IntN(4))
			switch d.IntN(4) {
			case 0:
				m = binary.AppendUvarint(binary.AppendUvarint(m, field<<3), d.Uint64()>>d.IntN(64))
			case 1:
				m = append(binary.AppendUvarint(m, field<<3|1), d.bytes(8)...)
			case 2:
				inner := binary.AppendUvarint([]byte{8}, uint64(d.Uint32()))
				m = append(binary.AppendUvarint(binary.AppendUvarint(m, field<<3|2), uint64(len(inner))), inner...)
			case 3:
				m = append(binary.AppendUvarint(m, field<<3|5), d.bytes(4)...)
			}
		}
		arg := d.pick("1|2|3|4|1.1|2.1|3.1") + d.pick("||,int32|,int64|,uint32|,uint64|,sint32|,sint64|,bool|,enum|,fixed64|,sfixed64|,double|,fixed32|,sfixed32|,float")
		d.ask("bin(%s),protobuf(%s)", d.damage(m), arg)
		grpc := append([]byte{0, 0, 0, 0, byte(len(m))}, m...)
		d.ask("bin(%s),ungrpc(%s)", d.damage(grpc), arg)
	}
}

func (d *dice) mqtts() {
	text := func(s string) []byte { return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...) }
	for range 40 {
		version := byte(3 + d.IntN(3))
		name := "MQTT"
		if version == 3 {
			name = "MQIsdp"
		}
		flags := byte(d.Uint32()) &^ 1
		body := append(append(text(name), version, flags), d.bytes(2)...)
		if version == 5 {
			body = append(body, 0)
		}
		body = append(body, text(d.pick("id|a|client-1|"))...)
		if flags&4 != 0 {
			if version == 5 {
				body = append(body, 0)
			}
			body = append(append(body, text("will/t")...), text("gone")...)
		}
		if flags&0x80 != 0 {
			body = append(body, text("user")...)
		}
		if flags&0x40 != 0 {
			body = append(body, text("pass")...)
		}
		msg := append([]byte{0x10, byte(len(body))}, body...)
		field := d.pick("connect,flags|connect,protocol_name|connect,protocol_version|connect,keepalive|connect,client_identifier|connect,username|connect,password|connect,will_topic|connect,will_payload|connect,17")
		if d.IntN(4) == 0 {
			msg, field = append([]byte{0x20, 2}, d.bytes(2)...), d.pick("connack,flags|connack,protocol_version|connack,reason_code|connack,18")
		}
		hexed := d.damage(msg)
		d.ask("bin(%s),mqtt_is_valid", hexed)
		d.ask("bin(%s),mqtt_field_value(%s)", hexed, field)
	}
}

func (d *dice) fixes() {
	for range 40 {
		body := "35=" + d.pick("A|0|D|8") + "\x01" + d.pick("49=ME\x0156=YOU\x01|49=\x01|34=12\x0152=20260101-00:00:00\x01|")
		msg := fmt.Sprintf("8=FIX.%s\x019=%d\x01%s", d.pick("4.0|4.2|4.4|5.0|4.5"), len(body)+d.IntN(8)/7, body)
		sum := 0
		for _, c := range []byte(msg) {
			sum += int(c)
		}
		msg += fmt.Sprintf("10=%03d\x01", (sum+d.IntN(9)/8)&255)
		hexed := d.damage([]byte(msg))
		d.ask("bin(%s),fix_is_valid", hexed)
		d.ask("bin(%s),fix_tag_value(%s)", hexed, d.pick("8|9|35|49|56|34|10|MsgType|SenderCompID|BeginString|CheckSum"))
	}
}

func (d *dice) document(depth int) string {
	switch n := d.IntN(8); {
	case depth > 2 || n < 4:
		return d.pick(`1|-2.5|1e3|true|false|null|"x"|"a\"b"|"\u00e9\u20ac"|""|12345678901234567890|"a\\b\/c\n"|0.1`)
	case n < 6:
		var out []string
		for range d.IntN(4) {
			out = append(out, d.document(depth+1))
		}
		return "[" + strings.Join(out, d.pick(",|, ")) + "]"
	}
	var out []string
	for range d.IntN(4) {
		out = append(out, d.pick(`"a"|"b"|"c.d"|"e"`)+d.pick(":|: ")+d.document(depth+1))
	}
	return "{" + strings.Join(out, ",") + "}"
}

func (d *dice) documents() {
	for range 70 {
		doc := `{"a":` + d.document(0) + `,"b":` + d.document(0) + `}`
		arg := d.pick(`$.a|$.b|$.a.b|$.a[0]|$.b[1]|$.a.a|$["b"]|$.a[0].a|$.none|$|$.c\\.d|$.b.e`) + d.pick("||,int")
		d.ask("bin(%s),concat(),json_query(%s)", d.damage([]byte(doc)), arg)
		part := base64.RawURLEncoding.EncodeToString([]byte(doc))
		token := part + "." + part + "." + d.pick("c2ln||sig|x")
		d.ask("str(%s),jwt_%s_query(%s)", token, d.pick("header|payload"), arg)
	}
}

func (d *dice) forwardeds() {
	for range 60 {
		var pairs []string
		for range 1 + d.IntN(4) {
			pairs = append(pairs, d.pick("for|by|host|proto|For|x")+"="+d.pick(`1.2.3.4|"1.2.3.4:80"|"[2001:db8::1]"|"[2001:db8::1]:443"|_hidden|unknown|"_a:_b"|"unknown:1"|http|https|example.org|"example.org:8080"|"a\"b"|bad value|1.2.3.4:80|::1|`))
		}
		text := hex.EncodeToString([]byte(strings.Join(pairs, d.pick(";|; | ;|,|, "))))
		d.ask("bin(%s),concat(),%s", text, d.pick("rfc7239_is_valid|rfc7239_field(for)|rfc7239_field(by)|rfc7239_field(host)|rfc7239_field(proto)|rfc7239_field(for),rfc7239_n2nn|rfc7239_field(for),rfc7239_n2np|rfc7239_field(by),rfc7239_nn|rfc7239_field(for),rfc7239_np"))
		d.ask("str(%s),%s", d.pick(`1.2.3.4|1.2.3.4:80|[::1]|[::1]:80|_obf|_obf:_port|unknown|unknown:12|1.2.3.4:_p|1.2.3|[::1|:80|_|_:1|1.2.3.4:99999`), d.pick("rfc7239_n2nn|rfc7239_n2np|rfc7239_nn|rfc7239_np"))
	}
}

func (d *dice) languages() {
	for range 60 {
		var list []string
		for range 1 + d.IntN(4) {
			list = append(list, d.pick("fr|en|en-US|de|fr-CH|*|es|x")+d.pick("|;q=0.5|;q=0|;q=1|;q=0.123|; q=0.8|;q=1.5|;q=.3|;level=1"))
		}
		d.ask("bin(%s),concat(),language(%s)", hex.EncodeToString([]byte(strings.Join(list, d.pick(",|, ")))), d.pick("fr;en|en|de;es|en-US;fr-CH|fr|es;x")+d.pick("|,de|,*"))
	}
}

func (d *dice) ciphers() {
	for range 16 {
		n := d.IntN(3)
		bits, key := []int{128, 192, 256}[n], base64.StdEncoding.EncodeToString(d.bytes([]int{16, 24, 32}[n]))
		nonce, iv := base64.StdEncoding.EncodeToString(d.bytes(12)), base64.StdEncoding.EncodeToString(d.bytes(16))
		plain := hex.EncodeToString(d.bytes(1 + d.IntN(40)))
		d.ask("bin(%s),aes_gcm_enc(%d,%s,%s,txn.tag),hex", plain, bits, nonce, key)
		d.ask("var(txn.tag),hex")
		d.ask("bin(%s),aes_cbc_enc(%d,%s,%s),hex", plain, bits, iv, key)
		d.ask("bin(%s),aes_cbc_enc(%d,%s,%s),aes_cbc_dec(%d,%s,%s),hex", plain, bits, iv, key, bits, iv, key)
		d.ask("bin(%s),aes_cbc_dec(%d,%s,%s),hex", d.damage(d.bytes(32)), bits, iv, key)
		d.ask("bin(%s),hmac(%s,%s),hex", plain, d.pick("sha1|sha256|sha384|sha512|md5"), key)
		d.ask("bin(%s),digest(%s),hex", plain, d.pick("sha1|sha224|sha256|sha384|sha512|md5|sha3-256|sha512-256"))
	}
}

func (d *dice) dates() {
	for range 60 {
		sec := d.Int64N(4102444800)
		format := d.pick("%a|%A|%b|%B|%d|%e|%F|%T|%H:%M:%S|%I %p|%j|%y|%Y|%u|%w|%U|%W|%V|%G|%Z|%z|%s|%c|%x|%X|%D|%R|%n%t|%%|%C|%g|%h|%k|%l|%r|%N|%3N|%q|%E")
		d.ask("int(%d),utime(%s)", sec, format)
		d.ask("int(%d),ms_utime(%s)", sec*1000+d.Int64N(1000), format)
		d.ask("int(%d),us_utime(%s)", sec*1000000+d.Int64N(1000000), format)
		d.ask("int(%d),http_date(%d,%s)", sec, d.IntN(100)-50, d.pick("s|ms|us"))
	}
}

func (d *dice) parts() {
	const letters = "ab.,-/ ;"
	for range 90 {
		b := make([]byte, 1+d.IntN(20))
		for k := range b {
			b[k] = letters[d.IntN(len(letters))]
		}
		in := hex.EncodeToString(b)
		index := d.IntN(9) - 4
		if index == 0 {
			index = 5
		}
		count := d.pick("||,0|,1|,2|,3|,9")
		d.ask("bin(%s),concat(),field(%d,%s%s)", in, index, d.pick(".|-|./|;|ab|.;-"), count)
		d.ask("bin(%s),concat(),word(%d,%s%s)", in, index, d.pick(".|-|./|;|ab|.;-"), count)
		d.ask("bin(%s),bytes(%d%s)", in, d.IntN(24), d.pick("||,0|,1|,3|,30"))
		d.ask("bin(%s),concat(),%s", in, d.pick("ltrim(ab)|rtrim(ab)|ltrim(. )|rtrim(;/)|regsub(a,b)|regsub(a,b,g)|regsub([ab]+,<\\0>,g)|regsub(^.,X)|regsub(.$,X)|regsub((a)(b),\\2\\1,g)|host_only|port_only|reverse|reverse_dom"))
	}
}

func (d *dice) escapes() {
	for range 60 {
		in := hex.EncodeToString(append(d.bytes(d.IntN(5)), d.pick("é|%41|%4|%zz|+a|a b|€|\x01|\xc3|\"\\|/?&=#|日本|\xf0\x9f\x98\x80|\xed\xa0\x80|\xc0\x80")...))
		d.ask("bin(%s),concat(),%s", in, d.pick("json|json(ascii)|json(utf8)|json(utf8s)|json(utf8p)|json(utf8ps)"))
		d.ask("bin(%s),concat(),%s", in, d.pick("url_dec|url_dec(1)|url_dec(0)|url_enc|url_enc(query)|has_ctl|has_ctl(1)|cut_crlf|upper|lower|length|hex|sha1,hex"))
		d.ask("str(%s),%s", d.pick("YWJj|YWJ|Y|-_-_|+/+/|YQ|!!!!|YWJjZA|YWI|0f|ff00|x1"), d.pick("b64dec,hex|ub64dec,hex|hex2i"))
		size := 1 + d.IntN(8)
		d.ask("bin(%s),%s(%s,%d%s)", hex.EncodeToString(d.bytes(1+d.IntN(20))), d.pick("be2dec|le2dec|be2hex"), d.pick(".|:|-|"), size, d.pick("||,1"))
	}
}

func (d *dice) addresses() {
	for range 40 {
		b := d.bytes(4)
		d.ask("ipv4(%d.%d.%d.%d),ipmask(%d)", b[0], b[1], b[2], b[3], d.IntN(33))
		d.ask("ipv6(%x:%x::%x:%x),ipmask(%d,%d)", d.Uint32()>>16, d.Uint32()>>16, d.Uint32()>>16, d.Uint32()>>16, d.IntN(33), d.IntN(129))
		d.ask("str(%s),ipmask(%d,%d)", d.pick("1.2.3.4|::1|::ffff:1.2.3.4|fe80::1|1.2.3|x|255.255.255.255"), d.IntN(33), d.IntN(129))
		d.ask("int(%d),x509_v_err_str", d.IntN(100)-2)
		d.ask("int(%d),iif(yes,no)", d.IntN(3)-1)
	}
}

func (d *dice) queries() {
	for range 60 {
		var list []string
		for range 1 + d.IntN(4) {
			list = append(list, d.pick("a|b|ab|A|")+d.pick("=|")+d.pick("1|2|x=y||%41"))
		}
		sep := d.pick("&|;|&")
		d.ask("bin(%s),concat(),param(%s%s)", hex.EncodeToString([]byte(strings.Join(list, sep))), d.pick("a|b|ab|c"), d.pick("||,;|,&"))
		d.ask("str(%s),add_item(%s,%s)", d.pick("a|a;b||x"), d.pick(";|-|:"), d.pick("|txn.none|txn.none,z|,z"))
		d.ask("str(%s),concat(%s,%s,%s)", d.pick("a|b|"), d.pick("x|-|"), d.pick("txn.none|"), d.pick("y|"))
	}
}
