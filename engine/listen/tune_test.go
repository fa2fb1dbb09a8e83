package listen

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hawser/engine"
	_ "hawser/engine/balance"
	"hawser/engine/build"
	_ "hawser/engine/keyword"
)

// load builds a frontend with a bind line.
func load(t *testing.T, text string) *engine.Runtime {
	t.Helper()
	file := filepath.Join(t.TempDir(), "c.cfg")
	os.WriteFile(file, []byte("defaults\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n"+text), 0o600)
	res := build.Load([]string{file}, build.Options{})
	if res.RT == nil {
		t.Fatalf("%v", res.Diags)
	}
	return res.RT
}

// value reads an option of the set's only socket back.
func value(t *testing.T, l *Listeners, level, opt int) (v int) {
	t.Helper()
	for _, sk := range l.sockets {
		sk.raw.Control(func(fd uintptr) {
			var err error
			if v, err = unix.GetsockoptInt(int(fd), level, opt); err != nil {
				t.Error(err)
			}
		})
	}
	return v
}

func apply(t *testing.T, l *Listeners, text string) {
	t.Helper()
	p, err := l.Prepare(load(t, text))
	if err != nil {
		t.Fatal(err)
	}
	if p.Commit(); len(p.Untaken) > 0 {
		t.Error(p.Untaken)
	}
}

// What the kernel refuses is told, and the socket serves.
func TestRefusedOption(t *testing.T) {
	l := New()
	defer l.Stop(false)
	p, err := l.Prepare(load(t, "frontend f\n mode tcp\n bind "+place()+" cc nosuch\n"))
	if err != nil {
		t.Fatal(err)
	}
	p.Commit()
	if got := strings.Join(p.Untaken, ""); !strings.Contains(got, "for frontend f: protocol tcpv4: cannot set TCP congestion control algorithm, (No such file or directory) for ["+place()) {
		t.Error(got)
	}
}

// An open socket follows its bind line over reloads, and goes back to the system's
// own values.
func TestSocketFollows(t *testing.T) {
	l := New()
	defer l.Stop(false)
	front := func(lines string) string { return "frontend f\n bind " + place() + lines + "\n" }
	apply(t, l, front("\n mode tcp"))
	for _, o := range []struct {
		name, lines, without string
		level, opt, want     int
	}{
		{"tcp-ut", " tcp-ut 5s", "", unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 5000},
		{"defer-accept", " defer-accept", "", unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, 1},
		{"tfo", " tfo backlog 77", "", unix.IPPROTO_TCP, unix.TCP_FASTOPEN, 77},
		{"mss", " mss 1000", "", unix.IPPROTO_TCP, unix.TCP_MAXSEG, 1000},
		{"tcp-ss", " tcp-ss 1", "", unix.IPPROTO_TCP, unix.TCP_SAVE_SYN, 1},
		{"clitcpka", "\n option clitcpka", "", unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{"clitcpka-cnt", "\n option clitcpka\n clitcpka-cnt 3", "", unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 3},
		{"clitcpka-idle", "\n option clitcpka\n clitcpka-idle 40s", "", unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 40},
		{"clitcpka-intvl", "\n option clitcpka\n clitcpka-intvl 7s", "", unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 7},
		{"smart accept", "\n mode http", "", unix.IPPROTO_TCP, unix.TCP_QUICKACK, 0},
		{"smart accept of mode tcp", "\n option tcp-smart-accept", "", unix.IPPROTO_TCP, unix.TCP_QUICKACK, 0},
		{"no smart accept", "\n mode http\n no option tcp-smart-accept", "\n mode http", unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1},
	} {
		t.Run(o.name, func(t *testing.T) {
			apply(t, l, front(o.without))
			before := value(t, l, o.level, o.opt)
			apply(t, l, front(o.lines))
			if got := value(t, l, o.level, o.opt); got != o.want || got == before {
				t.Errorf("%d before, then %d, want %d", before, got, o.want)
			}
			apply(t, l, front(o.without))
			if got := value(t, l, o.level, o.opt); got != before {
				t.Errorf("goes back to %d, want %d", got, before)
			}
		})
	}
}

// A descriptor that the process was given does what its bind line says, too.
func TestGivenSocketFollows(t *testing.T) {
	var plain net.ListenConfig
	plain.SetMultipathTCP(false)
	ln, err := plain.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f, err := ln.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ln.Close()
	t.Setenv("LFD", fdText(f))
	l := New()
	apply(t, l, "frontend f\n mode http\n bind fd@${LFD} tcp-ut 5s\n")
	defer func() {
		for _, sk := range l.sockets {
			sk.orphan = -1 // f closes it
		}
		l.Stop(false)
	}()
	if ut, quick := value(t, l, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT), value(t, l, unix.IPPROTO_TCP, unix.TCP_QUICKACK); ut != 5000 || quick != 0 {
		t.Errorf("tcp-ut %d, quick acknowledgements %d", ut, quick)
	}
}

func fdText(f *os.File) string { return strconv.Itoa(int(f.Fd())) }

// place is an address of the loopback that no other process has.
func place() string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d:18080", 1+pid>>16&0x7f, pid>>8&0xff, 1+pid&0x7f)
}
