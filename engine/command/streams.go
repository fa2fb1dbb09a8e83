package command

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/parser/unit"
)

func init() {
	engine.AddCommands(
		engine.Command{Words: "show sess", Level: engine.LevelOperator, Usage: "[help|<id>|all] [opts...]: report the list of current streams or dump this exact stream", Run: showSess},
		engine.Command{Words: "shutdown session", Level: engine.LevelAdmin, Usage: "[id]: kill a specific session", Run: shutdownSession},
	)
}

const sessHelp = "Usage: show sess [<id> | all | help] [<options>*]\n" +
	"Dumps active streams (formerly called 'sessions'). Available selectors:\n" +
	"   <id>         dump only this stream identifier (0x...)\n" +
	"   all          dump all matching streams in large format\n" +
	"   help         show this message\n" +
	"   susp         report streams considered suspicious\n" +
	"Available options: \n" +
	"   show-uri     also display the transaction URI, if available\n" +
	"   older <age>  only display streams older than <age> seconds\n" +
	"   server <b/s> only show streams attached to this backend+server\n" +
	"   backend <b>  only show streams attached to this backend\n" +
	"   frontend <f> only show streams attached to this frontend\n" +
	"Without any argument, all streams are dumped in a shorter format.\n"

// row is what is known of one stream, taken while it could not end.
type row struct {
	id        uint64
	proto     string
	src, dst  string
	date      time.Time
	age       time.Duration
	front     *engine.Proxy
	listener  string
	bindID    int
	back      *engine.Proxy
	srv       *engine.Server
	http, cli bool
	in, out   int64
	state     string
	killed    bool
}

// idBase makes IDs look like the addresses that scripts expect.
const idBase = 0x7f0000000000

func idText(id uint64) string { return "0x" + strconv.FormatUint(idBase|id<<4, 16) }

func idOf(s string) (uint64, bool) {
	hex, ok := strings.CutPrefix(s, "0x")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(hex, 16, 64)
	if err != nil {
		return 0, false
	}
	if n&idBase != idBase || n&15 != 0 {
		return 0, true
	}
	return (n &^ idBase) >> 4, true
}

// clis are the connections to the runtime API, which are listed as streams, too.
var clis = struct {
	mu  sync.Mutex
	all map[*session]row
}{all: map[*session]row{}}

func (s *session) enter() {
	r := row{id: s.sess.ID, cli: true, date: s.sess.Accept, front: s.sess.Front, state: "CLI"}
	r.origin(s.sess)
	clis.mu.Lock()
	clis.all[s] = r
	clis.mu.Unlock()
}

func (s *session) leave() {
	clis.mu.Lock()
	delete(clis.all, s)
	clis.mu.Unlock()
}

// origin fills in what the session tells.
func (r *row) origin(sess *engine.Session) {
	switch {
	case !sess.Src.IsValid():
		r.proto, r.src, r.dst = "unix_stream", "unix:1", "unix:1"
	case sess.Src.Addr().Is6():
		r.proto = "tcpv6"
	default:
		r.proto = "tcpv4"
	}
	if sess.Src.IsValid() {
		r.src = sess.Src.String()
	}
	if sess.Dst.IsValid() {
		r.dst = sess.Dst.String()
	}
	if b := sess.Bind; b != nil {
		r.listener, r.bindID = b.Name, b.ID
	}
}

// gather takes a picture of all streams.
func gather(rt *engine.Runtime) []row {
	var rows []row
	now := clock.Mono()
	rt.Proc.Streams.Each(func(s *engine.Stream) {
		r := row{id: s.ID, front: s.Front, back: s.Seen.Back.Load(), srv: s.Seen.Server.Load(), http: s.Kind != engine.NotHTTP,
			date: s.Times.Date, age: time.Duration(now - s.Times.Start), killed: s.Killed.Load(), state: "REQUEST"}
		r.origin(s.Sess)
		r.in, r.out = s.Sess.Conn.In(), s.Sess.Conn.Out()
		switch {
		case s.Seen.Conn.Load() != nil:
			r.state = "CONNECTED"
		case r.srv != nil:
			r.state = "CONNECT"
		case r.back != nil:
			r.state = "ASSIGN"
		}
		rows = append(rows, r)
	})
	clis.mu.Lock()
	for _, r := range clis.all {
		r.age = time.Since(r.date)
		rows = append(rows, r)
	}
	clis.mu.Unlock()
	slices.SortFunc(rows, func(a, b row) int { return int(int64(a.id) - int64(b.id)) })
	return rows
}

// filter is what the options of "show sess" ask for.
type filter struct {
	id    uint64
	oneID bool
	large bool
	older time.Duration
	front *engine.Proxy
	back  *engine.Proxy
	srv   *engine.Server
	susp  bool
}

func (f *filter) takes(r *row) bool {
	switch {
	case f.oneID && r.id != f.id,
		f.older > 0 && r.age < f.older,
		f.front != nil && r.front.State != f.front.State,
		f.back != nil && (r.back == nil || r.back.State != f.back.State),
		f.srv != nil && (r.srv == nil || r.srv.State != f.srv.State),
		f.susp && !r.killed:
		return false
	}
	return true
}

func parseFilter(c *engine.CLI, args []string) (f filter, err error) {
	for len(args) > 0 {
		word := args[0]
		args = args[1:]
		switch word {
		case "all":
			f.large = true
			continue
		case "susp":
			f.susp = true
			continue
		case "show-uri":
			continue
		case "older", "server", "backend", "frontend":
			if len(args) == 0 {
				return f, engine.Refuse("Missing value for option '" + word + "'.\n")
			}
			if err = f.option(c, word, args[0]); err != nil {
				return f, err
			}
			args = args[1:]
			continue
		}
		id, ok := idOf(word)
		if !ok {
			return f, engine.Refuse("Unsupported option '" + word + "', try 'help' for more info.\n")
		}
		f.id, f.oneID, f.large = id, true, true
	}
	return f, nil
}

func (f *filter) option(c *engine.CLI, word, value string) (err error) {
	switch word {
	case "older":
		d, terr := unit.Time(value, time.Second)
		if terr != nil {
			return engine.Refuse("Invalid age.\n")
		}
		f.older = d
	case "server":
		f.srv, err = serverOf(c, []string{value})
	case "backend":
		if f.back = c.RT.Backend(value); f.back == nil {
			return engine.Refuse("No such backend.\n")
		}
	case "frontend":
		if f.front = c.RT.Frontend(value); f.front == nil {
			return engine.Refuse("No such frontend.\n")
		}
	}
	return err
}

func showSess(c *engine.CLI, args []string) error {
	if first(args) == "help" {
		return &engine.CLIError{Severity: 6, Text: sessHelp}
	}
	f, err := parseFilter(c, args)
	if err != nil {
		return err
	}
	found := false
	for _, r := range gather(c.RT) {
		if !f.takes(&r) {
			continue
		}
		found = true
		if f.large {
			r.large(c)
		} else {
			r.short(c)
		}
	}
	if f.oneID && !found {
		return engine.Refuse("Session not found.\n")
	}
	return nil
}

func (r *row) names() (be, srv string) {
	be, srv = "<NONE>", "<none>"
	if r.back != nil {
		be = r.back.Name
	}
	if r.srv != nil {
		srv = r.srv.Name
	}
	return be, srv
}

func (r *row) seconds() string { return strconv.FormatInt(int64(max(r.age, 0)/time.Second), 10) + "s" }

// short is one line. The fields of HAProxy's scheduler and buffers, which Hawser
// does not have, are zero.
func (r *row) short(c *engine.CLI) {
	be, srv := r.names()
	c.Print(idText(r.id) + ": proto=" + r.proto + " src=" + r.src + " fe=" + r.front.Name + " be=" + be + " srv=" + srv +
		" ts=00 epoch=0 age=" + r.seconds() + " calls=1 rate=0 cpu=0 lat=0 rq[f=0h,i=0,an=00h,ax=] rp[f=0h,i=0,an=00h,ax=]" +
		" scf=[8,0h,fd=-1,rex=,wex=] scb=[8,0h,fd=-1,rex=,wex=] exp= rc=0 c_exp=\n")
}

func (r *row) large(c *engine.CLI) {
	mode := "tcp"
	if r.http {
		mode = "http"
	}
	itoa := strconv.Itoa
	c.Print(idText(r.id) + ": [" + r.date.Format("02/Jan/2006:15:04:05.000000") + "] id=" + strconv.FormatUint(r.id, 10) + " proto=" + r.proto + " source=" + r.src + "\n")
	c.Print("  flags=0x0, conn_retries=0, conn_exp=<NEVER> conn_et=0x000 srv_conn=(nil), pend_pos=(nil) waiting=0 epoch=0\n")
	feID := r.front.ID
	if r.cli {
		feID = 0
	}
	c.Print("  frontend=" + r.front.Name + " (id=" + itoa(feID) + " mode=" + mode + "), listener=" + dash(r.listener) + " (id=" + itoa(r.bindID) + ") addr=" + dash(r.dst) + "\n")
	if r.back != nil {
		c.Print("  backend=" + r.back.Name + " (id=" + itoa(r.back.ID) + " mode=" + r.back.Mode.String() + ")\n")
	} else {
		c.Print("  backend=<NONE> (id=-1 mode=-)\n")
	}
	if r.srv != nil {
		a := r.srv.State.Address(r.srv)
		c.Print("  server=" + r.srv.Name + " (id=" + itoa(r.srv.ID) + ") addr=" + addrText(&a) + ":" + itoa(a.Port) + "\n")
	} else {
		c.Print("  server=<NONE> (id=-1)\n")
	}
	c.Print("  task: state=" + r.state + " age=" + r.seconds() + "\n")
	c.Print("  client: in=" + strconv.FormatInt(r.in, 10) + " out=" + strconv.FormatInt(r.out, 10) + "\n")
}

func shutdownSession(c *engine.CLI, args []string) error {
	id, ok := idOf(first(args))
	if !ok {
		return engine.Refuse("Session pointer expected (use 'show sess').\n")
	}
	found := false
	c.RT.Proc.Streams.Each(func(s *engine.Stream) {
		if s.ID == id {
			found = true
			s.Kill('K')
		}
	})
	clis.mu.Lock()
	for s, r := range clis.all {
		if r.id == id && of(c) != s {
			found = true
			s.c.Interrupt()
		}
	}
	clis.mu.Unlock()
	if !found {
		return engine.Refuse("No such session (use 'show sess').\n")
	}
	return nil
}
