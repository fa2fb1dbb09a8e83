package mailer

import (
	"bufio"
	"net"
	"strings"
	"testing"
	"time"

	"hawser/engine"
)

// peer is a mail server that keeps what it is told; refuse are words that it
// answers with 550.
func peer(t *testing.T, refuse string) (addr string, heard <-chan string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	out := make(chan string, 100)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			talk(c, refuse, out)
		}
	}()
	return ln.Addr().String(), out
}

func talk(c net.Conn, refuse string, out chan<- string) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	c.Write([]byte("220-mx\r\n220 ESMTP\r\n"))
	body := false
	for r := bufio.NewReader(c); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSuffix(line, "\r\n")
		out <- line
		switch {
		case body && line != ".":
		case refuse != "" && strings.HasPrefix(line, refuse):
			c.Write([]byte("550 no\r\n"))
		case line == "DATA":
			body = true
			c.Write([]byte("354 go on\r\n"))
		case line == "QUIT":
			c.Write([]byte("221 bye\r\n"))
			return
		default:
			body = false
			c.Write([]byte("250 ok\r\n"))
		}
	}
}

func proxyWith(sec *section, level int) *engine.Proxy {
	px := &engine.Proxy{Name: "be", Kind: "backend", Side: engine.Back}
	*confs.Edit(px) = conf{from: "a@x", to: "b@y", host: "proxy", level: level, sec: sec}
	return px
}

func TestLetter(t *testing.T) {
	addr, heard := peer(t, "")
	sec := &section{servers: []server{{"m", "tcp", addr}}, timeout: 5 * time.Second}
	rt := &engine.Runtime{}
	all.Edit(rt).byName = map[string]*section{"m": sec}
	start(rt, nil)
	defer stop(rt, nil)
	px := proxyWith(sec, 0)
	mail(px, 5, "is UP: not sent at the level of alerts.")
	mail(px, 1, "Server be/s1 is DOWN. 0 left.")
	want := []string{"HELO proxy", "MAIL FROM:<a@x>", "RCPT TO:<b@y>", "DATA", "From: a@x", "To: b@y", "Date: ",
		"Subject: [HAProxy Alert] Server be/s1 is DOWN. 0 left", "", "Server be/s1 is DOWN. 0 left", "", ".", "QUIT"}
	for _, w := range want {
		select {
		case got := <-heard:
			if got != w && !(w == "Date: " && strings.HasPrefix(got, w)) {
				t.Errorf("heard %q, want %q", got, w)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("nothing heard, want %q", w)
		}
	}
}

// TestRefused: a mail server that refuses ends the letter, not the sender.
func TestRefused(t *testing.T) {
	addr, heard := peer(t, "RCPT")
	m := letter{host: "h", from: "a", to: "b", text: "x", when: time.Now()}
	if err := m.send(server{"m", "tcp", addr}, time.Second); err != errRefused {
		t.Errorf("the error is %v", err)
	}
	if got := <-heard; got != "HELO h" {
		t.Errorf("heard %q", got)
	}
}

func TestLevels(t *testing.T) {
	sec := &section{}
	queues[sec] = make(chan letter, 10)
	defer delete(queues, sec)
	for _, c := range []struct{ conf, level, want int }{{0, 1, 1}, {0, 5, 0}, {5, 5, 1}, {5, 6, 0}, {6, 6, 1}} {
		mail(proxyWith(sec, c.conf), c.level, "x")
		if n := len(queues[sec]); n != c.want {
			t.Errorf("email-alert level %d: a message of level %d is sent %d times", c.conf, c.level, n)
		}
		for len(queues[sec]) > 0 {
			<-queues[sec]
		}
	}
}
