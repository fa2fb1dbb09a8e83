package mailer

import (
	"bufio"
	"cmp"
	"errors"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"hawser/engine"
)

func init() {
	engine.Mail = mail
	engine.OnStart(start)
	engine.OnStop(stop)
}

// letter is a message on its way.
type letter struct {
	host, from, to, text string
	when                 time.Time
}

// waiting is how many letters a section holds; more are dropped, since servers
// that flap must not fill the memory.
const waiting = 128

var (
	mu     sync.Mutex
	queues = map[*section]chan letter{}
)

// start opens the queues of a generation.
func start(rt, _ *engine.Runtime) {
	each(rt, func(sec *section) {
		q := make(chan letter, waiting)
		queues[sec] = q
		go sec.serve(q)
	})
}

// stop closes them: what is waiting is still sent.
func stop(rt, _ *engine.Runtime) {
	each(rt, func(sec *section) {
		if q := queues[sec]; q != nil {
			close(q)
			delete(queues, sec)
		}
	})
}

// each calls f for the sections of a generation, with mu held.
func each(rt *engine.Runtime, f func(sec *section)) {
	set := all.Get(rt)
	if set == nil {
		return
	}
	mu.Lock()
	defer mu.Unlock()
	for _, sec := range set.byName {
		f(sec)
	}
}

// mail takes a message about a server of px.
func mail(px *engine.Proxy, level int, text string) {
	c := confs.Get(px)
	if c == nil || c.sec == nil || level > cmp.Or(c.level, 1) {
		return
	}
	host := c.host
	if host == "" {
		host, _ = os.Hostname()
	}
	mu.Lock()
	defer mu.Unlock()
	select {
	case queues[c.sec] <- letter{host, c.from, c.to, strings.TrimSuffix(text, "."), time.Now()}:
	default: // no queue, or a full one
	}
}

// serve sends each letter to each mail server of the section.
func (sec *section) serve(q <-chan letter) {
	for m := range q {
		for _, srv := range sec.servers {
			for range 2 { // once more for a server that was just restarted
				if m.send(srv, sec.timeout) == nil {
					break
				}
			}
		}
	}
}

var errRefused = errors.New("the mail server refused")

// send speaks SMTP with a mail server.
func (m *letter) send(srv server, limit time.Duration) error {
	c, err := net.DialTimeout(srv.network, srv.addr, limit)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(limit))
	r := bufio.NewReader(c)
	for _, turn := range []struct{ say, want string }{
		{"", "220"},
		{"HELO " + m.host + "\r\n", "250"},
		{"MAIL FROM:<" + m.from + ">\r\n", "250"},
		{"RCPT TO:<" + m.to + ">\r\n", "250"},
		{"DATA\r\n", "354"},
		{m.body(), "250"},
		{"QUIT\r\n", "221"},
	} {
		if _, err := c.Write([]byte(turn.say)); err != nil {
			return err
		}
		if err := answer(r, turn.want); err != nil {
			return err
		}
	}
	return nil
}

func (m *letter) body() string {
	return "From: " + m.from + "\r\nTo: " + m.to + "\r\nDate: " + m.when.Format("Mon, 2 Jan 2006 15:04:05 -0700 (MST)") +
		"\r\nSubject: [HAProxy Alert] " + m.text + "\r\n\r\n" + m.text + "\r\n\r\n.\r\n"
}

// answer reads a reply, of several lines perhaps.
func answer(r *bufio.Reader, want string) error {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		if !strings.HasPrefix(line, want) {
			return errRefused
		}
		if len(line) < 4 || line[3] != '-' {
			return nil
		}
	}
}
