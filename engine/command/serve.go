package command

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/conn"
)

// mode says what follows the answer to a line.
type mode uint8

const (
	oneLine     mode = iota // the connection closes
	interactive             // the next line is read
	prompted                // a prompt is shown and the next line is read
)

// session is a connection to the runtime API. Owned by Serve's goroutine.
type session struct {
	cli          engine.CLI
	sess         *engine.Session
	c            *conn.Conn
	r            *reader
	mode         mode
	timed        bool
	severity     string
	experimental bool
	quit         bool
	master       bool  // commands without a prefix are the master's
	broken       error // writing failed
}

// Serve runs a connection to the runtime API to its end.
func Serve(sess *engine.Session) {
	s := open(sess)
	s.enter()
	defer s.leave()
	go s.r.run()
	for in := range s.r.out {
		if !s.input(in) {
			break
		}
	}
	s.close()
}

func open(sess *engine.Session) *session {
	c := sess.Conn
	s := &session{sess: sess, c: c, severity: "none"}
	if b := sess.Bind; b != nil {
		s.cli.Level = levelOf(b.Level)
		if b.Severity != "" {
			s.severity = b.Severity
		}
	}
	s.setTimeout(sess.Front.Timeout.Client)
	s.r = newReader(c, max(sess.RT.Global.Tune.BufSize, 1024), sess.RT.Global.Tune.CLIPayload)
	s.cli.Session, s.cli.Sess = s, sess
	s.master = sess.Bind != nil && sess.Bind.Master
	s.cli.Closed = s.r.gone
	s.cli.Flush = s.flush
	s.cli.Reload = engine.ReloadFunc
	return s
}

func levelOf(name string) engine.Level {
	switch name {
	case "admin":
		return engine.LevelAdmin
	case "user":
		return engine.LevelUser
	}
	return engine.LevelOperator
}

func (s *session) setTimeout(d time.Duration) {
	s.c.SetReadTimeout(conn.Data, d)
	s.c.SetWriteTimeout(conn.Data, d)
}

// linger is how long what the peer still sends is taken in, since unread bytes
// would reset the connection and with it the answer.
const linger = 50 * time.Millisecond

// close ends the connection.
func (s *session) close() {
	close(s.r.done)
	s.r.busy.Store(false)
	if s.broken == nil {
		s.c.CloseWrite()
		s.c.SetReadBy(conn.Data, clock.Precise().Add(linger))
	} else {
		s.c.Interrupt()
	}
	for range s.r.out {
	}
	var waste [4096]byte
	for s.broken == nil {
		_, s.broken = s.c.Read(waste[:])
	}
	s.c.Close()
}

// input runs the commands of a line; false ends the connection.
func (s *session) input(in input) bool {
	switch {
	case in.begun:
		if s.mode == prompted {
			s.cli.Out = append(s.cli.Out, "+ "...)
		}
		return s.flush() == nil
	case in.bad != "":
		s.cli.Out = append(s.cli.Out, in.bad+"\n"...)
		s.flush()
		return false
	}
	s.r.busy.Store(true)
	commands := split(in.line)
	for i, words := range commands {
		s.cli.Payload = ""
		if i == len(commands)-1 {
			s.cli.Payload = in.payload
		}
		s.command(words)
		if s.quit || s.flush() != nil {
			return false
		}
	}
	s.r.busy.Store(false)
	if s.mode == prompted {
		s.cli.Out = s.appendPrompt(s.cli.Out)
		s.flush()
	}
	return s.mode != oneLine && s.broken == nil
}

// flush sends what is in Out.
func (s *session) flush() error {
	if s.broken == nil && len(s.cli.Out) > 0 {
		_, s.broken = s.c.Write(s.cli.Out)
	}
	s.cli.Out = s.cli.Out[:0]
	return s.broken
}

// command runs one command; its answer ends with an empty line.
func (s *session) command(words []string) {
	c := &s.cli
	c.RT = s.sess.RT
	if rt := c.RT.Proc.Current.Load(); rt != nil {
		c.RT = rt
	}
	master := s.master
	if len(words) > 0 && strings.HasPrefix(words[0], "@") { // the process to ask: there is one, which is both
		s.master = s.sess.Bind != nil && s.sess.Bind.Master && words[0] == "@master"
		words = words[1:]
		if len(words) > 0 { // for this command only
			defer func() { s.master = master }()
		}
	}
	sent := &tail{s: s}
	c.Flush = sent.flush
	s.answer(s.run(words))
	if s.quit {
		return
	}
	if n := len(c.Out); n > 0 && c.Out[n-1] != '\n' || n == 0 && sent.open {
		c.Out = append(c.Out, '\n')
	}
	c.Out = append(c.Out, '\n')
}

// tail remembers whether what a command sent so far ended with a line feed.
type tail struct {
	s    *session
	open bool
}

func (t *tail) flush() error {
	if n := len(t.s.cli.Out); n > 0 {
		t.open = t.s.cli.Out[n-1] != '\n'
	}
	return t.s.flush()
}

// run finds the command and runs it.
func (s *session) run(words []string) (err error) {
	if len(words) == 0 {
		return nil
	}
	row, args := s.find(words)
	if row == nil {
		s.unknown(words)
		return nil
	}
	if row.Level > s.cli.Level {
		return engine.Refuse("Permission denied\n")
	}
	if row.Expert && !s.cli.Expert {
		return engine.Refuse("This command is restricted to expert mode only.\n")
	}
	defer func() {
		if p := recover(); p != nil {
			engine.Panicked(s.cli.RT, "a command of the runtime API", p, debug.Stack())
			err = engine.Refuse("Internal error.\n")
		}
	}()
	return row.Run(&s.cli, args)
}

// answer prints what a command returned, with its severity where asked for.
func (s *session) answer(err error) {
	if err == nil {
		return
	}
	level, text := 3, err.Error()
	if e, ok := err.(*engine.CLIError); ok {
		level = e.Severity
	}
	if text != "" {
		s.mark(level)
		s.cli.Print(text)
	}
}

// mark prints the severity of a message where severity-output asks for it.
func (s *session) mark(level int) {
	switch s.severity {
	case "number":
		s.cli.Print("[" + strconv.Itoa(level) + "]: ")
	case "string":
		s.cli.Print("[" + severities[level&7] + "]: ")
	}
}

var severities = [8]string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}

// serves tells whether the process that is asked has the command.
func (s *session) serves(row *engine.Command) bool {
	if s.master {
		return row.Master
	}
	return row.Worker
}

// find returns the row whose words begin the line, the longest one, and the
// words behind.
func (s *session) find(words []string) (*engine.Command, []string) {
	for n := min(len(words), 5); n > 0; n-- {
		row, ok := engine.Commands.Get(strings.Join(words[:n], " "))
		if ok && s.serves(row) {
			return row, words[n:]
		}
	}
	return nil, nil
}

// appendPrompt appends "> ", with the uptime where asked for.
func (s *session) appendPrompt(b []byte) []byte {
	if s.timed {
		up := int(time.Since(s.sess.RT.Proc.Started) / time.Second)
		b = append(b, '[')
		b = strconv.AppendInt(b, int64(up/86400), 10)
		for _, n := range [...]int{up / 3600 % 24, up / 60 % 60, up % 60} {
			b = append(b, ':', byte('0'+n/10), byte('0'+n%10))
		}
		b = append(b, ']')
	}
	if s.sess.Bind != nil && s.sess.Bind.Master {
		if s.master {
			b = append(b, "master"...)
		} else {
			b = strconv.AppendInt(b, int64(os.Getpid()), 10)
		}
	}
	return append(b, "> "...)
}

// of returns the connection that a command came by; nil when it did not come by
// one of ours.
func of(c *engine.CLI) *session {
	s, _ := c.Session.(*session)
	return s
}
