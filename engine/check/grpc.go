package check

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strconv"

	"hawser/engine"
)

func init() {
	engine.AddKeywords(checkOption("grpchk", 1,
		"option grpchk [<service>]: check servers with gRPC's own health check (grpc.health.v1.Health/Check) over HTTP/2. Not in HAProxy", parseGRPC))
}

func parseGRPC(_ *engine.Build, c *conf, _ *engine.Line, a []engine.Word) error {
	service := ""
	if len(a) > 0 {
		service = a[0].Text
	}
	c.proto = []step{&connect{implicit: true, byDefault: true, alpn: "h2"}, grpcAsk{service}}
	return nil
}

// grpcAsk asks one question on a fresh HTTP/2 connection and judges the answer.
type grpcAsk struct{ service string }

func (g grpcAsk) run(r *run) *result {
	if r.Conn == nil {
		return r.fail("L4CON", "")
	}
	r.allow()
	ctx, cancel := context.WithDeadline(r.ctx, r.until)
	defer cancel()
	t := &http.Transport{Protocols: new(http.Protocols), DisableCompression: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) { return r.Conn, nil }}
	r.lent = true
	t.Protocols.SetUnencryptedHTTP2(true) // TLS, if any, is below it already
	defer t.CloseIdleConnections()
	to := (&connect{}).target(r)
	url := "http://" + net.JoinHostPort(to.IP.String(), strconv.Itoa(to.Port)) + "/grpc.health.v1.Health/Check"
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(g.message()))
	if err != nil {
		return r.fail("SOCKERR", err.Error())
	}
	q.Header.Set("Content-Type", "application/grpc")
	q.Header.Set("TE", "trailers")
	a, err := t.RoundTrip(q)
	if err != nil {
		return grpcFailed(r, ctx)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(io.LimitReader(a.Body, 4096))
	if err != nil {
		return grpcFailed(r, ctx)
	}
	return grpcJudge(r, a, body)
}

func grpcFailed(r *run, ctx context.Context) *result {
	if ctx.Err() != nil {
		return r.fail("L7TOUT", "")
	}
	return r.fail("L7RSP", "not the answer of a gRPC server")
}

// message is a HealthCheckRequest, whose field 1 is the service, in gRPC's frame.
func (g grpcAsk) message() []byte {
	var msg []byte
	if g.service != "" {
		msg = append(binary.AppendUvarint([]byte{0x0a}, uint64(len(g.service))), g.service...)
	}
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(msg))), msg...)
}

// serving are the states of HealthCheckResponse.
var serving = map[uint64]string{0: "UNKNOWN", 1: "SERVING", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}

func grpcJudge(r *run, a *http.Response, body []byte) *result {
	if a.StatusCode != http.StatusOK {
		return &result{status: "L7STS", code: a.StatusCode}
	}
	from := a.Trailer
	if from.Get("grpc-status") == "" { // an answer without contents has it in its head
		from = a.Header
	}
	code, err := strconv.Atoi(from.Get("grpc-status"))
	switch {
	case err != nil:
		return r.fail("L7RSP", "no grpc-status")
	case code != 0:
		return &result{status: "L7STS", code: code, desc: from.Get("grpc-message")}
	}
	state := uint64(0)
	if len(body) > 6 && body[5] == 0x08 { // field 1 of the message, behind the 5 bytes of the frame
		state, _ = binary.Uvarint(body[6:])
	}
	if state != 1 {
		return &result{status: "L7STS", code: int(state), desc: serving[state]}
	}
	r.last = &result{ok: true, status: "L7OK", code: 0, desc: serving[1]}
	return nil
}
