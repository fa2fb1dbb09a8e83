package trace

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"hawser/engine"
)

type once struct{ b []byte }

func (o *once) Next() ([]byte, error) {
	if o.b == nil {
		return nil, io.EOF
	}
	b := o.b
	o.b = nil
	return b, nil
}
func (o *once) Buffered() ([]byte, error) { return o.Next() }
func (o *once) Close(error)               {}

func TestBody(t *testing.T) {
	var log bytes.Buffer
	out.w = &log
	defer func() { out.w = nil }()
	s := &engine.Stream{ID: 7, Kind: engine.HTTP1}
	b := &body{Body: &once{[]byte("hello world")}, c: &conf{name: "T/f", most: 4, hexdump: true}, s: s, dir: engine.Res}
	var got []byte
	for {
		p, err := b.Next()
		got = append(got, p...)
		if err == io.EOF {
			break
		}
	}
	if string(got) != "hello world" {
		t.Errorf("%q", got)
	}
	for _, want := range []string{
		"[T/f                 ] [strm 7] trace_http_payload       : channel=RESPONSE   - mode=HTTP  (backend) - offset=4 - len=7 - forward=4\n",
		"\t0x000000: 68 65 6c 6c                                         |hell|\n",
		"trace_http_end           : channel=RESPONSE   - mode=HTTP  (backend)\n",
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %q in\n%s", want, log.String())
		}
	}
}
