package conformance

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hawser/conformance/testbed"
)

// Settings of the process that no wire story can see: limits, options of sockets,
// the header of a check. Each on HAProxy and on Hawser; tune.notsent-lowat and
// tune.cli.max-payload-size are of 3.x and on Hawser only.

const settingsFile = `global
    fd-hard-limit 700
    noreuseport
    pp2-never-send-local
    tune.rcvbuf.client 30000
    tune.sndbuf.client 31000
    stats socket %[1]s/stats level admin
%[2]s
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend fe
    bind %[3]s
    default_backend be
backend be
    server s1 %[4]s check inter 200ms send-proxy-v2
`

func TestProcessSettings(t *testing.T) {
	for _, bin := range both(t) {
		t.Run(bin.Name, func(t *testing.T) {
			checks, err := testbed.Listen(testbed.FreeAddr())
			if err != nil {
				t.Fatal(err)
			}
			defer checks.Close()
			dir, addr, newer := testbed.TempDir(t), testbed.FreeAddr(), ""
			if bin.Name == "hawser" {
				newer = "    tune.notsent-lowat.client 20000\n    tune.cli.max-payload-size 200\n"
			}
			file := filepath.Join(dir, "h.cfg")
			if err := os.WriteFile(file, fmt.Appendf(nil, settingsFile, dir, newer, addr, checks.Addr()), 0o644); err != nil {
				t.Fatal(err)
			}
			p, err := testbed.Start(bin, dir, []string{"-db", "-f", file})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Stop()
			if err := p.WaitAddrs(addr); err != nil {
				t.Fatal(err)
			}
			proxyHeader(t, checks)
			limits(t, p, filepath.Join(dir, "stats"))
			if newer != "" {
				payload(t, filepath.Join(dir, "stats"))
			}
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			socketOptions(t, p.Pid(), newer != "")
			if code, _, errs := call(t, bin, dir, "-db", "-f", file); code != 1 || !strings.Contains(errs, "Address already in use") {
				t.Errorf("a second process: status %d, %s", code, errs)
			}
		})
	}
}

// both are HAProxy and Hawser, as far as they are here.
func both(t *testing.T) []testbed.Binary {
	return []testbed.Binary{testbed.HAProxy(t), testbed.Hawser(t)}
}

// proxyHeader looks at the command of a check's PROXY header.
func proxyHeader(t *testing.T, l net.Listener) {
	t.Helper()
	l.(*net.TCPListener).SetDeadline(time.Now().Add(10 * time.Second))
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b := make([]byte, 28)
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.ReadFull(c, b); err != nil || b[12] != 0x21 || b[13] != 0x11 || net.IP(b[16:20]).String() != "127.0.0.1" {
		t.Errorf("the check's header is %x, %v", b, err)
	}
}

func limits(t *testing.T, p *testbed.Process, socket string) {
	t.Helper()
	out, err := testbed.Ask(socket, "show info")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Maxconn", "Ulimit-n"} {
		if !strings.Contains(out, "\n"+name+": ") {
			t.Errorf("show info tells no %s", name)
		}
	}
	for line := range strings.SplitSeq(out, "\n") {
		name, v, _ := strings.Cut(line, ": ")
		n, _ := strconv.Atoi(v)
		switch {
		case name == "Maxconn" && (n < 100 || n > 350), name == "Ulimit-n" && (n < 200 || n > 700):
			t.Errorf("%s with fd-hard-limit 700", line)
		}
	}
}

func payload(t *testing.T, socket string) {
	t.Helper()
	for n, want := range map[int]string{50: "", 500: "Payload is too big"} {
		out, err := testbed.Ask(socket, "add map #0 <<\n"+strings.Repeat("k", n)+" v\n")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out, "too big") != (want != "") {
			t.Errorf("a payload of %d bytes: %q", n, out)
		}
	}
}

// socketOptions looks at the sockets of another process.
func socketOptions(t *testing.T, pid int, lowat bool) {
	t.Helper()
	self, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Skip(err)
	}
	defer unix.Close(self)
	var rcv, snd, low bool
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) { // until the connection is accepted
		if rcv, snd, low = buffers(self, pid); rcv && snd && low == lowat {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("receive buffer %v, send buffer %v, unsent bytes %v", rcv, snd, low)
		}
	}
}

// buffers tells whether some socket of the process has the sizes that were set.
func buffers(self, pid int) (rcv, snd, low bool) {
	fds, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	for _, e := range fds {
		n, _ := strconv.Atoi(e.Name())
		fd, err := unix.PidfdGetfd(self, n, 0)
		if err != nil {
			continue
		}
		is := func(level, option, value int) bool {
			v, err := unix.GetsockoptInt(fd, level, option)
			return err == nil && v == value
		}
		rcv = rcv || is(unix.SOL_SOCKET, unix.SO_RCVBUF, 60000) // the kernel doubles it
		snd = snd || is(unix.SOL_SOCKET, unix.SO_SNDBUF, 62000)
		low = low || is(unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, 20000)
		unix.Close(fd)
	}
	return rcv, snd, low
}
