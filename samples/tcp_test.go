package samples

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

// holder makes the origins keep /hold requests until release is closed; busy
// tells which origin got one.
func holder(release chan bool, busy chan string) func(string, *testbed.Origin) {
	return func(name string, o *testbed.Origin) {
		o.Answer = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/hold" {
				busy <- name
				<-release
			}
			return false
		}
	}
}

// thrice asks three times in a row.
func thrice(ask func() string) []string { return []string{ask(), ask(), ask()} }

func all(got []string, want string) bool {
	return !slices.ContainsFunc(got, func(s string) bool { return s != want })
}

func nlb(t *testing.T, bin testbed.Binary) {
	l := open(t, bin, "nlb")
	flows := l.spread("flows", 4)
	if len(flows) != 1 {
		t.Fatalf("one client went to %v", flows)
	}
	for name := range flows {
		if n := l.origins[name].PROXYs.Load(); n != 4 {
			t.Errorf("%d PROXY headers for 4 connections", n)
		}
		l.origins["901"+name[3:]].Fail.Store(true)
		l.until("flows leave a dead target", func() bool {
			a, err := l.try("flows", "/")
			return err == nil && a.origin() != name
		})
	}
}

func kubernetes(t *testing.T, bin testbed.Binary) {
	l := open(t, bin, "kubernetes")
	ask := func() string {
		c, err := tls.Dial("tcp", l.addr("apiserver"), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
		if err != nil {
			return err.Error()
		}
		a, err := exchange(c, "/version")
		if err != nil {
			return err.Error()
		}
		return a.origin()
	}
	count := map[string]int{}
	for range 6 {
		count[ask()]++
	}
	l.same("in turn", count, map[string]int{"16443": 2, "26443": 2, "36443": 2})
	l.origins["16443"].Fail.Store(true)
	l.until("a node that is not ready is left out", func() bool { return !slices.Contains(thrice(ask), "16443") })
}

// greet is a node that says its name and stays.
func greet(o *testbed.Origin) func(net.Conn, *bufio.Reader) {
	return func(c net.Conn, r *bufio.Reader) {
		fmt.Fprintln(c, o.Name)
		io.Copy(io.Discard, r)
	}
}

// hello connects and reads the node's name; the connection stays open.
func (l *lab) hello(proxy string) (string, net.Conn) {
	c, err := net.Dial("tcp", l.addr(proxy))
	if err != nil {
		return err.Error(), nil
	}
	l.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(8 * time.Second))
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return err.Error(), c
	}
	return strings.TrimSpace(line), c
}

func galera(t *testing.T, bin testbed.Binary) {
	l := newLab(t)
	l.prepare = func(port string, o *testbed.Origin) {
		if len(port) == 5 {
			o.Raw = greet(o)
		}
	}
	l.start(bin, "galera.cfg")
	name, c := l.hello("galera_write")
	if again, _ := l.hello("galera_write"); name != "13306" || again != "13306" {
		t.Errorf("writes went to %s and %s", name, again)
	}
	read := map[string]int{}
	for range 3 {
		name, _ := l.hello("galera_read")
		read[name]++
	}
	if len(read) != 3 {
		t.Errorf("reads went to %v", read)
	}
	l.origins["9201"].Fail.Store(true)
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the writer of a dead node was not cut off")
	}
	l.until("writes move to the next node", func() bool { name, _ := l.hello("galera_write"); return name == "23306" })
}

// pgFake answers the start of a login with "authentication ok", then its name.
func pgFake(o *testbed.Origin) func(net.Conn, *bufio.Reader) {
	return func(c net.Conn, r *bufio.Reader) {
		head := make([]byte, 8)
		if _, err := io.ReadFull(r, head); err != nil {
			return
		}
		io.CopyN(io.Discard, r, int64(head[3])-8)
		c.Write([]byte{'R', 0, 0, 0, 8, 0, 0, 0, 0})
		fmt.Fprintln(c, o.Name)
		io.Copy(io.Discard, r)
	}
}

// pgHello logs in and reads the node's name.
func (l *lab) pgHello(proxy string) string {
	c, err := net.Dial("tcp", l.addr(proxy))
	if err != nil {
		return err.Error()
	}
	l.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(8 * time.Second))
	c.Write([]byte("\x00\x00\x00\x10\x00\x03\x00\x00user\x00a\x00\x00"))
	r := bufio.NewReader(c)
	r.Discard(9)
	line, _ := r.ReadString('\n')
	return strings.TrimSpace(line)
}

func postgresql(t *testing.T, bin testbed.Binary) {
	l := newLab(t)
	l.prepare = func(port string, o *testbed.Origin) {
		if len(port) == 5 {
			o.Raw = pgFake(o)
		}
		if port == "8009" {
			o.Fail.Store(true) // a replica
		}
	}
	l.start(bin, "postgresql.cfg")
	l.until("the primary alone", func() bool {
		return all(thrice(func() string { return l.pgHello("primary") }), "15432")
	})
	reads := map[string]int{}
	for range 4 {
		reads[l.pgHello("reads")]++
	}
	l.same("reads", reads, map[string]int{"15432": 2, "25432": 2})
	l.origins["8008"].Fail.Store(true)
	l.origins["8009"].Fail.Store(false)
	l.until("the new primary", func() bool { return l.pgHello("primary") == "25432" })
}

// redisFake speaks as much as the check asks; CLIENT gets its name.
func redisFake(o *testbed.Origin) func(net.Conn, *bufio.Reader) {
	return func(c net.Conn, r *bufio.Reader) {
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			switch strings.TrimSpace(line) {
			case "PING":
				io.WriteString(c, "+PONG\r\n")
			case "info replication":
				role := "master"
				if o.Fail.Load() {
					role = "slave"
				}
				fmt.Fprintf(c, "$20\r\n# Replication\r\nrole:%s\r\n", role)
			case "QUIT":
				io.WriteString(c, "+OK\r\n")
				return
			default:
				fmt.Fprintf(c, "+%s\r\n", o.Name)
			}
		}
	}
}

func redis(t *testing.T, bin testbed.Binary) {
	l := newLab(t)
	l.prepare = func(port string, o *testbed.Origin) {
		o.Raw = redisFake(o)
		o.Fail.Store(port == "26379")
	}
	l.start(bin, "redis.cfg")
	master := func() string {
		c, err := net.Dial("tcp", l.addr("redis"))
		if err != nil {
			return err.Error()
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(2 * time.Second))
		io.WriteString(c, "CLIENT\r\n")
		line, _ := bufio.NewReader(c).ReadString('\n')
		return strings.TrimSpace(line)
	}
	l.until("the master alone", func() bool { return all(thrice(master), "+16379") })
	l.origins["16379"].Fail.Store(true)
	l.origins["26379"].Fail.Store(false)
	l.until("after the fail-over", func() bool { return master() == "+26379" })
}
