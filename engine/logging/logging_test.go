package logging

import (
	"encoding/hex"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"hawser/engine"
	"hawser/engine/htx"
	"hawser/parser"
	"hawser/parser/diag"
)

func newEnv() *engine.Env {
	px := &engine.Proxy{Name: "fe", State: &engine.ProxyState{}, Side: engine.Front}
	px.Mode = engine.ModeHTTP
	px.ReqCaptures = []engine.CaptureHeader{{Name: "x", Len: 20}, {Name: "y", Len: 20}}
	be := &engine.Proxy{Name: "be", State: &engine.ProxyState{}, Side: engine.Back}
	rt := &engine.Runtime{Proc: &engine.ProcState{}, ProcVars: &engine.ProcVars{}}
	px.RT = rt
	srv := &engine.Server{Name: "s1", State: &engine.ServerState{}}
	sess := &engine.Session{RT: rt, Front: px, Src: netip.MustParseAddrPort("127.0.0.1:1234"), Dst: netip.MustParseAddrPort("[::1]:80")}
	m := &htx.Msg{}
	m.Method, m.MethodID, m.Target, m.Flags = m.PutStr("GET"), htx.GET, m.PutStr("/p?q"), htx.Version11
	s := &engine.Stream{Sess: sess, Front: px, Back: be, Server: srv, Req: m, HasReq: true, Kind: engine.HTTP1, Status: 200, BytesIn: 12, BytesOut: 34}
	s.URI = []byte("/p\"a?q=1")
	s.ReqCaps = [][]byte{[]byte("a\"{b}|")}
	base := int64(time.Hour)
	s.Times = engine.Times{Start: base, Request: base + 2*ms, Connect: base + 5*ms, Connected: base + 9*ms, Response: base + 14*ms, End: base + 20*ms,
		Idle: 7 * ms, Date: time.Date(2026, 11, 5, 4, 3, 2, 45e6, time.UTC)}
	s.Env = engine.Env{RT: rt, Sess: sess, Strm: s, Px: px, Final: true, Place: engine.AtLog}
	return &s.Env
}

func compiled(t testing.TB, text string, flags engine.LogFlags) *engine.LogFormat {
	t.Helper()
	var diags diag.List
	b := engine.NewBuild(&engine.Runtime{ProcVars: &engine.ProcVars{}}, &diags)
	f, err := b.LogFormat(engine.Word{Text: text}, engine.AtLog, flags)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// The expected values are what HAProxy 3.5 printed for the like.
func TestAliases(t *testing.T) {
	for _, tt := range []struct{ format, want string }{
		{"a  b   %ST", "a b 200"},
		{"%TR/%Tw/%Tc/%Tr/%Ta %Ti %Tq %Tt %Tu %Td", "2/3/4/5/20 7 9 27 20 6"},
		{"%ci:%cp %fi:%fp %bi %bp", "127.0.0.1:1234 ::1:80 - -"},
		{"%{+X}ci:%{+X}cp %{+X}fi %{+X}ST %{+X}lc", "7F000001:04D2 00000000000000000000000000000001 200 0000"},
		{"%{+Q}o %ci %b %{-Q}b %ST %hrl %CC %tsc", `"127.0.0.1" "be" be 200 "a#22#7Bb#7D#7C" "" "" ----`},
		{"%hr %hs x %hrl", "{a#22#7Bb#7D#7C|} x a#22#7Bb#7D#7C -"},
		{"%HM %HU %HP %HQ %HV %HPO|%r", `GET /p#22a?q=1 /p#22a ?q=1 HTTP/1.1 /p#22a|GET /p#22a?q=1 HTTP/1.1`},
		{"%T %trg", "05/Nov/2026:04:03:02 +0000 05/Nov/2026:04:03:02 +0000"},
		{"%B %U %b/%s %ft %f %sq/%bq %rc %OG", "34 12 be/s1 fe fe 0/0 0 txn_close"},
		{"%ID %CC %sslv", "- - -"},
		{"%{+E}HU", "/p#22a?q=1"},
		{"%{+json}o %(a)ST %(b)s %HM %(c)CC %(d)hrl", `{"a": 200, "b": "s1", "c": "", "d": ["a#22#7Bb#7D#7C", "-"]}`},
		{"%{+json}s", `"s1"`},
		{"%{+cbor}o %(a)B %(c)CC %(m)HM", "BF61611822" + "6163F6" + "616D7F63474554FF" + "FF"},
		{"%{+cbor,+bin}o %(a)B", "\xBF\x61a\x18\x22\xFF"},
	} {
		e := newEnv()
		if got := string(compiled(t, tt.format, engine.LogMand|engine.LogLine).Append(nil, e)); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.format, got, tt.want)
		}
	}
}

func TestFailedRequest(t *testing.T) {
	e := newEnv()
	e.Strm.Req.Err, e.Strm.Back, e.Strm.Server = os.ErrInvalid, nil, nil
	e.Strm.Status, e.Strm.Term = 400, engine.Term{Cause: 'P', State: 'R'}
	got := string(compiled(t, "%TR/%ST %B %b/%s %tsc %hr %{+Q}r %OG", engine.LogMand|engine.LogLine).Append(nil, e))
	if want := `-1/400 0 fe/<NOSRV> PR-- "<BADREQ>" sess_error`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// do-log tells where the line was made, and what is not known yet.
func TestDoLog(t *testing.T) {
	e := newEnv()
	px := e.Strm.Front
	px.LogFmt.Fmt = compiled(t, "%OG %TR %HU", engine.LogMand|engine.LogLine)
	sink := &kept{}
	px.Logs = []engine.LogTarget{{Format: "raw", Facility: "local0", Level: 7, Sink: sink}}
	act, err := parseDoLog(nil, &engine.RuleArgs{Ruleset: engine.HTTPReq})
	if err != nil {
		t.Fatal(err)
	}
	act.Run(e)
	if sink.msg != "http-req -1 /p#22a?q=1" || e.Strm.Logged || e.Origin != "" {
		t.Errorf("%q", sink.msg)
	}
}

// TestProfile gives each step its format, by its own line or that of "any", or none.
func TestProfile(t *testing.T) {
	e := newEnv()
	px := e.Strm.Front
	px.LogFmt.Fmt = compiled(t, "plain", engine.LogMand|engine.LogLine)
	one := func(f string) *stepFormat {
		return &stepFormat{fmt: compiled(t, f, engine.LogMand|engine.LogLine)}
	}
	p := &profile{}
	p.steps[stepRules+int(engine.HTTPReq)] = one("rule %OG")
	p.steps[stepRules+int(engine.HTTPRes)] = &stepFormat{drop: true}
	p.steps[stepAny] = one("any %OG")
	sinks := [2]*kept{{}, {}}
	for _, k := range sinks {
		px.Logs = append(px.Logs, engine.LogTarget{Format: "raw", Facility: "local0", Level: 7, Sink: k})
	}
	profiledLogs.Edit(px).list = []*profile{nil, p}
	for _, tt := range []struct {
		set  engine.RulesetID
		want [2]string
	}{
		{engine.HTTPReq, [2]string{"plain", "rule http-req"}},
		{engine.HTTPRes, [2]string{"plain", ""}},
		{engine.HTTPAfter, [2]string{"plain", "any http-after-res"}},
	} {
		*sinks[0], *sinks[1] = kept{}, kept{}
		(&doLog{set: tt.set}).Run(e)
		if got := [2]string{sinks[0].msg, sinks[1].msg}; got != tt.want {
			t.Errorf("%s: %q, want %q", engine.RulesetName[tt.set], got, tt.want)
		}
	}
	(&doLog{set: engine.HTTPRes, prof: &profile{}}).Run(e)
	if sinks[1].msg != "plain" {
		t.Errorf("a profile without steps: %q", sinks[1].msg)
	}
}

type kept struct{ msg string }

func (k *kept) Send(_ *engine.LogTarget, _ int, _ string, _, msg []byte, _ time.Time) {
	k.msg = string(msg)
}

func TestHeaders(t *testing.T) {
	at := time.Date(2026, 11, 5, 4, 3, 2, 45678000, time.UTC)
	time.Local = time.UTC
	for _, tt := range []struct{ format, want string }{
		{"", `^<134>Nov  5 04:03:02 tag\[\d+\]: hi\n$`},
		{"rfc3164", `^<134>Nov  5 04:03:02 localhost tag\[\d+\]: hi\n$`},
		{"rfc5424", `^<134>1 2026-11-05T04:03:02.045678\+00:00 - tag \d+ - - hi\n$`},
		{"priority", `^<134>hi\n$`}, {"short", `^<6>hi\n$`}, {"raw", `^hi\n$`},
		{"timed", `^<6>2026-11-05T04:03:02.045678\+00:00 hi\n$`}, {"iso", `^2026-11-05T04:03:02.045678\+00:00 hi\n$`},
	} {
		target := &engine.LogTarget{Format: tt.format, Facility: "local0", Level: 7, Len: 1024}
		if got := appendLine(nil, target, 6, "tag", nil, []byte("hi\n"), at); !regexp.MustCompile(tt.want).Match(got) {
			t.Errorf("%s: %q", tt.format, got)
		}
	}
	long := &engine.LogTarget{Format: "raw", Facility: "local0", Len: 80}
	if got := appendLine(nil, long, 6, "t", nil, []byte(strings.Repeat("a", 200)), at); len(got) != 80 || got[79] != '\n' {
		t.Errorf("%d bytes", len(got))
	}
}

func TestTargets(t *testing.T) {
	for _, tt := range []struct{ line, want string }{
		{"127.0.0.1:514 local0 notice err", ""},
		{"127.0.0.1 len 200 format rfc5424 sample 1,3-4:5 local7", ""},
		{"stdout format raw daemon", ""}, {"/dev/log local0", ""}, {"tcp@127.0.0.1:514 local0", ""}, {"fd@7 local0", ""},
		{"127.0.0.1", "log : expects <address> and <facility>  as arguments"},
		{"global", "log : 'global' is not supported for a global syslog server"},
		{"127.0.0.1 local9", "log : unknown log facility 'local9'"},
		{"127.0.0.1 local0 foo", "log : unknown optional log level 'foo'"},
		{"127.0.0.1 local0 info foo", "log : unknown optional minimum log level 'foo'"},
		{"127.0.0.1 local0 info info x", "log : cannot handle unexpected argument 'x'"},
		{"127.0.0.1 len 20 local0", "log : invalid log length '20', must be between 80 and 65535"},
		{"127.0.0.1 format bar local0", "log : unknown log format 'bar'"},
		{"127.0.0.1 sample 1 local0", "log : Missing sample size"},
		{"127.0.0.1 sample 0:2 local0", "log : wrong sample range '0'"},
		{"127.0.0.1 sample 1-3:2 local0", "log : sample size 2 should be greater or equal to 3 the maximum of the high ranges limits"},
	} {
		l := &parser.Line{Words: []engine.Word{{Text: "log"}}}
		for _, w := range strings.Fields(tt.line) {
			l.Words = append(l.Words, engine.Word{Text: w})
		}
		var diags diag.List
		b := engine.NewBuild(&engine.Runtime{}, &diags)
		got := ""
		if err := parseLog(b, l); err != nil {
			got = err.Error()
		}
		if !strings.HasSuffix(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", tt.line, got, tt.want)
		}
	}
}

// recv takes one datagram.
func recv(t *testing.T, c net.PacketConn) string {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(2 * time.Second))
	b := make([]byte, 2048)
	n, _, err := c.ReadFrom(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func TestUDPAndLevels(t *testing.T) {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	target := engine.LogTarget{Format: "priority", Facility: "local0", Level: 6, MinLevel: 4, Len: 1024}
	if err := findSink(engine.Word{Text: c.LocalAddr().String()}, &target); err != nil {
		t.Fatal(err)
	}
	targets := []engine.LogTarget{target}
	process(nil, targets, "", 7, "too low")
	process(nil, targets, "", 1, "raised")
	if got := recv(t, c); got != "<132>raised\n" {
		t.Errorf("%q", got)
	}
}

// A receiver that goes and comes again is found, and nobody waits meanwhile.
func TestUnixSocketComesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	target := engine.LogTarget{Format: "raw", Facility: "local0", Level: 7, Len: 1024}
	if err := findSink(engine.Word{Text: path}, &target); err != nil {
		t.Fatal(err)
	}
	var state engine.ProcState
	proc.Store(&state)
	process(nil, []engine.LogTarget{target}, "", 6, "nobody there")
	Flush(10 * time.Second)
	if state.Dropped.Load() != 1 {
		t.Error("the lost line was not counted")
	}
	for range 2 {
		c, err := net.ListenPacket("unixgram", path)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(110 * time.Millisecond) // connecting is tried ten times a second
		process(nil, []engine.LogTarget{target}, "", 6, "hello")
		if got := recv(t, c); got != "hello\n" {
			t.Errorf("%q", got)
		}
		c.Close()
		os.Remove(path)
	}
}

// What is logged at once arrives whole and in order, also at a receiver with a
// short queue, and more than waits is lost and counted.
func TestBurst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	c, err := net.ListenPacket("unixgram", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	target := engine.LogTarget{Format: "raw", Facility: "local0", Level: 7, Len: 1024}
	if err := findSink(engine.Word{Text: path}, &target); err != nil {
		t.Fatal(err)
	}
	var state engine.ProcState
	proc.Store(&state)
	const sent = 1000
	go func() {
		for i := range sent {
			process(nil, []engine.LogTarget{target}, "", 6, strconv.Itoa(i))
		}
	}()
	for i := range sent {
		if got := recv(t, c); got != strconv.Itoa(i)+"\n" {
			t.Fatalf("%q at %d", got, i)
		}
	}
	for range dgramRoom + 5000 { // nobody reads
		process(nil, []engine.LogTarget{target}, "", 6, "more")
	}
	if state.Dropped.Load() == 0 {
		t.Error("nothing was lost")
	}
}

// Servers of a log backend that take streams may want lines by their length.
func TestOctetCount(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	s := newStreamSink("tcp", ln.Addr().String())
	s.counted, s.room = true, 12
	for _, line := range []string{"one\n", "three\n", "too much\n"} {
		if got, want := s.write([]byte(line)), line != "too much\n"; got != want {
			t.Errorf("%q: taken %v", line, got)
		}
	}
	c, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	b := make([]byte, 12)
	if _, err := io.ReadFull(c, b); err != nil || string(b) != "3 one5 three" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestStream(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	target := engine.LogTarget{Format: "raw", Facility: "local0", Level: 7, Len: 1024}
	if err := findSink(engine.Word{Text: "tcp@" + ln.Addr().String()}, &target); err != nil {
		t.Fatal(err)
	}
	process(nil, []engine.LogTarget{target}, "", 6, "one")
	process(nil, []engine.LogTarget{target}, "", 6, "two")
	c, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b := make([]byte, 8)
	c.SetReadDeadline(time.Now().Add(2 * time.Second))
	for n := 0; n < 8; {
		k, err := c.Read(b[n:])
		if err != nil {
			t.Fatal(err)
		}
		n += k
	}
	if string(b) != "one\ntwo\n" {
		t.Errorf("%q", b)
	}
}

// A pipe that nobody empties loses lines; nothing waits.
func TestFullPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	s := &fdSink{fd: int(w.Fd())}
	line := []byte(strings.Repeat("x", 4096))
	for i := range 1000 {
		if !s.write(line) {
			if i == 0 {
				t.Error("nothing was written")
			}
			return
		}
	}
	t.Error("the pipe took everything")
}

func TestSampling(t *testing.T) {
	s := &engine.LogSampling{Ranges: [][2]int{{1, 1}, {3, 4}}, Size: 5, State: &engine.SampleState{}}
	var got []byte
	for range 10 {
		got = append(got, "01"[btoi(sampled(s))])
	}
	if string(got) != "1011010110" {
		t.Errorf("%s", got)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

type nowhere struct{}

func (nowhere) Send(t *engine.LogTarget, level int, tag string, sd, msg []byte, at time.Time) {
	send(nowhere{}, t, level, tag, sd, msg, at)
}
func (nowhere) write([]byte) bool { return true }

// raced is set in builds with the race detector.
var raced bool

func TestNoAllocation(t *testing.T) {
	if raced {
		t.Skip("the race detector empties pools")
	}
	e := newEnv()
	px := e.Strm.Front
	px.LogFmt.Fmt = compiled(t, presets["httplog"], engine.LogMand|engine.LogLine)
	px.Logs = []engine.LogTarget{{Facility: "local0", Level: 7, Len: 1024, Sink: nowhere{}}}
	if n := testing.AllocsPerRun(100, func() { e.Strm.Logged = false; write(e.Strm) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestNormal(t *testing.T) {
	for _, tt := range []struct {
		s    *engine.Stream
		want bool
	}{
		{&engine.Stream{Status: 200}, true}, {&engine.Stream{Status: 404}, true}, {&engine.Stream{Status: 503}, false},
		{&engine.Stream{Status: 200, Term: engine.Term{Cause: 'L', State: 'R'}}, true},
		{&engine.Stream{Status: 403, Term: engine.Term{Cause: 'P', State: 'R'}}, false},
		{&engine.Stream{Status: 200, Retries: 1}, false}, {&engine.Stream{Status: 200, Redispatched: true}, false},
	} {
		if normal(tt.s) != tt.want {
			t.Errorf("%d %v", tt.s.Status, tt.s.Term)
		}
	}
}

func FuzzEncodings(f *testing.F) {
	f.Add([]byte("a\"\\]\x00\x7f\xff{|}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, fl := range []engine.LogFlags{0, engine.LogQuote, engine.LogEscape, engine.LogJSON, engine.LogCBOR, engine.LogHTTPText} {
			appendSample(nil, b, fl)
		}
		for _, c := range appendMasked(nil, b, true) {
			if c < ' ' || c > 126 || c == '"' || c == '{' || c == '|' || c == '}' {
				t.Fatalf("%q passed", c)
			}
		}
		for _, c := range appendHTTP(nil, b) {
			if c == '\n' || c == '\r' || c == 0 {
				t.Fatalf("%q passed", c)
			}
		}
		if h := hexInPlace(append([]byte("x"), b...), 1); string(h) != "x"+strings.ToUpper(hex.EncodeToString(b)) {
			t.Fatalf("%s", h)
		}
	})
}

// BenchmarkLine makes one line of option httplog with its header.
func BenchmarkLine(b *testing.B) {
	e := newEnv()
	px := e.Strm.Front
	px.LogFmt.Fmt = compiled(b, presets["httplog"], engine.LogMand|engine.LogLine)
	px.Logs = []engine.LogTarget{{Facility: "local0", Level: 7, Len: 1024, Sink: nowhere{}, Prep: &headings{}}}
	b.ReportAllocs()
	for b.Loop() {
		e.Strm.Logged = false
		write(e.Strm)
	}
}
