package conformance

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

// The process as scripts and service managers see it: exit codes, messages,
// signals (management manual, 3 and 4). What HAProxy answers was recorded from
// its 3.5 and, where the two agree, checked against the one on this machine.

const processFile = `defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend fe
    bind "${BIND}"
    http-request deny deny_status 429
`

// call runs a binary to its end.
func call(t *testing.T, bin testbed.Binary, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := exec.Command(bin.Path, args...)
	var o, e bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &o, &e
	cmd.Env = append(os.Environ(), "BIND=127.0.0.1:1")
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), o.String(), e.String()
}

func processDir(t *testing.T) string {
	t.Helper()
	dir := testbed.TempDir(t)
	for name, text := range map[string]string{
		"good.cfg": processFile,
		"warn.cfg": strings.Replace(processFile, "    timeout client 30s\n", "", 1),
		"bad.cfg":  strings.Replace(processFile, "mode http", "mode htpp", 1),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestExitCodes compares with HAProxy where there is one.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	dir := processDir(t)
	hawser := testbed.Hawser(t)
	haproxy, have := testbed.HAProxy35()
	for _, tc := range []struct {
		args string
		code int
		out  string // in stdout, or
		err  string // in stderr
	}{
		{"-c -f good.cfg", 0, "", ""},
		{"-c -V -f good.cfg", 0, "Configuration file is valid\n", ""},
		{"-c -V -q -f good.cfg", 0, "", ""},
		{"-c -V -- good.cfg", 0, "Configuration file is valid\n", ""},
		{"-c -f warn.cfg", 0, "", "missing timeouts for frontend 'fe'"},
		{"-c -dW -f warn.cfg", 1, "", "[ALERT]"},
		{"-c -f bad.cfg", 1, "", "bad.cfg:2] : "},
		{"-c -q -f bad.cfg", 1, "", "bad.cfg:2] : "},
		{"-c -f none.cfg", 1, "", "none.cfg : No such file or directory"},
		{"-v", 0, "HAProxy version 3.5", ""},
		{"-vv", 0, "TARGET", ""},
		{"-cc 1", 0, "", ""},
		{"-cc 0", 1, "", ""},
		{"-cc version_atleast(2.4)", 0, "", ""},
		{"-cc !feature(OPENSSL)", 1, "", ""},
		{"-cc nonsense", 2, "", "unparsable conditional expression 'nonsense'"},
		{"-Z", 1, "", "Usage : "},
		{"", 1, "", "Usage : "},
		{"-f", 1, "", ""},
	} {
		t.Run("hawser "+tc.args, func(t *testing.T) {
			args := strings.Fields(tc.args)
			code, out, errs := call(t, hawser, dir, args...)
			if code != tc.code || !strings.Contains(out, tc.out) || !strings.Contains(errs, tc.err) {
				t.Errorf("status %d, want %d\nstdout: %s\nstderr: %s", code, tc.code, out, errs)
			}
			if !have {
				return
			}
			if his, _, _ := call(t, haproxy, dir, args...); his != code {
				t.Errorf("HAProxy's status is %d", his)
			}
		})
	}
	if !have {
		t.Log("no haproxy35 to compare with")
	}
}

func TestVersionLine(t *testing.T) {
	t.Parallel()
	_, out, _ := call(t, testbed.Hawser(t), ".", "-v")
	first, _, _ := strings.Cut(out, "\n")
	if !regexp.MustCompile(`^HAProxy version 3\.5[.-]\S* \d{4}/\d\d/\d\d - https://haproxy\.org/`).MatchString(first) || !strings.Contains(out, "Hawser") {
		t.Errorf("-v: %s", out)
	}
}

// TestCalledAsHAProxy: a link named haproxy behaves the same.
func TestCalledAsHAProxy(t *testing.T) {
	t.Parallel()
	dir := processDir(t)
	link := filepath.Join(dir, "haproxy")
	if err := os.Symlink(testbed.Hawser(t).Path, link); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := call(t, testbed.Binary{Path: link}, dir, "-c", "-V", "-f", "good.cfg"); code != 0 || out != "Configuration file is valid\n" {
		t.Errorf("status %d, %q", code, out)
	}
}

func TestSignals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		flags string
		sigs  []syscall.Signal
		code  int
		says  string
	}{
		{"TERM", "-db", []syscall.Signal{syscall.SIGTERM}, 0, ""},
		{"INT", "-db", []syscall.Signal{syscall.SIGINT}, 0, ""},
		{"INT with -d", "-d", []syscall.Signal{syscall.SIGINT}, 0, ""},
		{"USR1", "-db", []syscall.Signal{syscall.SIGUSR1}, 0, "Proxy fe stopped (cumulated conns: FE: "},
		{"HUP", "-db", []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM}, 0, "SIGHUP: Proxy fe has no servers. Conn: act(FE+BE): "},
		{"TTOU", "-db", []syscall.Signal{syscall.SIGTTOU, syscall.SIGTERM}, 0, "Paused frontend fe."},
		{"USR2", "-db", []syscall.Signal{syscall.SIGUSR2, syscall.SIGTERM}, 0, "Reloading HAProxy"},
		{"master TERM", "-W -db", []syscall.Signal{syscall.SIGTERM}, 0, "Exiting Master process..."},
		{"master INT", "-W", []syscall.Signal{syscall.SIGINT}, 130, "All workers exited. Exiting... (130)"},
		{"master USR1", "-Ws", []syscall.Signal{syscall.SIGUSR1}, 0, "All workers exited. Exiting... (0)"},
		{"master USR2", "-W", []syscall.Signal{syscall.SIGUSR2, syscall.SIGTERM}, 0, "Reloading HAProxy"},
		{"master HUP", "-W", []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM}, 0, "Loading success."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := serveHawser(t, processFile, map[string]string{"BIND": testbed.FreeAddr()}, strings.Fields(tc.flags)...)
			idle := dial(t, s.env0("BIND"))
			idle.get("/")
			for i, sig := range tc.sigs {
				s.p.Signal(sig)
				if i+1 < len(tc.sigs) {
					s.said(tc.says, 1)
				}
			}
			if code := s.p.Exit(2 * time.Second); code != tc.code {
				t.Errorf("status %d after the signals, want %d", code, tc.code)
			}
			if !strings.Contains(s.p.Output(), tc.says) {
				t.Errorf("it did not say %q: %s", tc.says, s.p.Output())
			}
		})
	}
}

// env0 is a variable that the subject was started with.
func (s *subject) env0(name string) string {
	for _, kv := range s.env {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			return v
		}
	}
	return ""
}

// TestDaemon: the parent returns when the child serves; the pid file names it.
func TestDaemon(t *testing.T) {
	t.Parallel()
	dir := testbed.TempDir(t)
	file, pidFile, addr := filepath.Join(dir, "d.cfg"), filepath.Join(dir, "pid"), testbed.FreeAddr()
	text := strings.ReplaceAll(processFile, "\"${BIND}\"", addr)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	bin := testbed.Hawser(t)
	if code, _, errs := call(t, bin, dir, "-D", "-f", file, "-p", pidFile); code != 0 {
		t.Fatalf("status %d: %s", code, errs)
	}
	pid := readPID(t, pidFile)
	t.Cleanup(func() { syscall.Kill(pid, syscall.SIGKILL) })
	if got := dial(t, addr).get("/").StatusCode; got != 429 { // at once: the parent has waited
		t.Errorf("status %d", got)
	}

	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	os.WriteFile(filepath.Join(dir, "taken.cfg"), []byte(strings.ReplaceAll(text, addr, taken.Addr().String())), 0o644)
	code, _, errs := call(t, bin, dir, "-D", "-f", filepath.Join(dir, "taken.cfg"))
	if code != 1 || !strings.Contains(errs, "cannot bind socket (Address already in use)") {
		t.Errorf("status %d where the port is taken: %s", code, errs)
	}

	// A second process takes the place of the first.
	if code, _, errs := call(t, bin, dir, "-D", "-f", file, "-p", pidFile, "-sf", strconv.Itoa(pid)); code != 0 {
		t.Fatalf("-sf: status %d: %s", code, errs)
	}
	next := readPID(t, pidFile)
	t.Cleanup(func() { syscall.Kill(next, syscall.SIGKILL) })
	for end := time.Now().Add(3 * time.Second); syscall.Kill(pid, 0) == nil && !zombie(pid); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("-sf: the old process runs on")
		}
	}
	if got := dial(t, addr).get("/").StatusCode; got != 429 {
		t.Errorf("status %d from the new process", got)
	}
	if got := readPID(t, pidFile); got != next {
		t.Errorf("the pid file holds %d", got)
	}
}

// zombie: nobody reaps the test's grandchildren in some containers.
func zombie(pid int) bool {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return bytes.Contains(stat, []byte(") Z "))
}

func readPID(t *testing.T, file string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// TestNotify: what -Ws tells systemd.
func TestNotify(t *testing.T) {
	t.Parallel()
	path := filepath.Join(testbed.TempDir(t), "notify")
	sock, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer sock.Close()
	next := func() string {
		b := make([]byte, 4096)
		sock.SetReadDeadline(time.Now().Add(5 * time.Second))
		n, err := sock.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
	s := serveHawser(t, processFile, map[string]string{"BIND": testbed.FreeAddr(), "NOTIFY_SOCKET": path}, "-Ws")
	if m := next(); !strings.HasPrefix(m, "READY=1\n") || !strings.Contains(m, fmt.Sprintf("MAINPID=%d", s.p.Pid())) {
		t.Errorf("at start: %q", m)
	}
	s.p.Signal(syscall.SIGUSR2)
	if m := next(); !strings.HasPrefix(m, "RELOADING=1\n") || !strings.Contains(m, "MONOTONIC_USEC=") {
		t.Errorf("at the reload: %q", m)
	}
	if m := next(); !strings.HasPrefix(m, "READY=1\n") {
		t.Errorf("after the reload: %q", m)
	}
	s.p.Signal(syscall.SIGTERM)
	if m := next(); !strings.HasPrefix(m, "STOPPING=1") {
		t.Errorf("at the end: %q", m)
	}
}

// TestInheritedSocket: fd@N, as varnishtest and systemd hand it over.
func TestInheritedSocket(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	f, err := ln.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	dir := testbed.TempDir(t)
	file := filepath.Join(dir, "fd.cfg")
	os.WriteFile(file, []byte(strings.ReplaceAll(processFile, "\"${BIND}\"", "fd@${SOCK}")), 0o644)
	cmd := exec.Command(testbed.Hawser(t).Path, "-db", "-f", file)
	cmd.Env = append(os.Environ(), "SOCK=3")
	cmd.ExtraFiles = []*os.File{f}
	var out bytes.Buffer
	cmd.Stderr = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	defer cmd.Wait()
	defer cmd.Process.Signal(syscall.SIGTERM)
	c := dial(t, addr)
	if got := c.get("/").StatusCode; got != 429 {
		t.Errorf("status %d; %s", got, out.String())
	}
	cmd.Process.Signal(syscall.SIGUSR2) // the descriptor is there for the next generation
	time.Sleep(100 * time.Millisecond)
	if got := dial(t, addr).get("/").StatusCode; got != 429 {
		t.Errorf("after a reload: status %d; %s", got, out.String())
	}
}

// TestUnixSocket: mode and a stale file.
func TestUnixSocket(t *testing.T) {
	t.Parallel()
	addr := testbed.FreeAddr()
	dir := testbed.TempDir(t)
	path := filepath.Join(dir, "s")
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	stale.Close()
	serveHawser(t, strings.Replace(processFile, "bind \"${BIND}\"", "bind \"${BIND}\"\n    bind "+path+" mode 640\n    bind abns@hawser-"+filepath.Base(dir), 1), map[string]string{"BIND": addr}, "-db")
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", st, err)
	}
	for _, name := range []string{path, "@hawser-" + filepath.Base(dir) + strings.Repeat("\x00", 107-len("hawser-"+filepath.Base(dir)))} {
		nc, err := net.Dial("unix", name)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		c := &client{t, nc, bufio.NewReader(nc)}
		if got := c.get("/").StatusCode; got != 429 {
			t.Errorf("status %d over %q", got, name)
		}
	}
}

// TestMasterSocket: -S, its commands and the prefix that asks the worker.
func TestMasterSocket(t *testing.T) {
	t.Parallel()
	sock := filepath.Join(testbed.TempDir(t), "m")
	s := serveHawser(t, processFile, map[string]string{"BIND": testbed.FreeAddr()}, "-W", "-S", sock+",mode,600")
	if st, err := os.Stat(sock); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", st, err)
	}
	for _, tc := range []struct{ command, want string }{
		{"show version", "3.5"},
		{"help", "show proc "},
		{"show proc", fmt.Sprintf("%-15d %-15s %-15s ", s.p.Pid(), "master", "0 [failed: 0]")},
		{"@1 show info", "Pid: " + strconv.Itoa(s.p.Pid()) + "\n"},
		{"show info", "Unknown command"},
		{"reload", "Success=1\n--\n"},
		{"@master show proc", "1 [failed: 0]"},
		{"show startup-logs", "\n"},
	} {
		if got, err := testbed.Ask(sock, tc.command); err != nil || !strings.Contains(got, tc.want) {
			t.Errorf("%s: %v\n%s", tc.command, err, got)
		}
	}
	s.write(strings.Replace(processFile, "mode http", "mode htpp", 1))
	if got, err := testbed.Ask(sock, "reload"); err != nil || !strings.HasPrefix(got, "Success=0\n--\n") || !strings.Contains(got, "haproxy.cfg:2] : ") {
		t.Errorf("reload of a broken file: %v\n%s", err, got)
	}
}

// TestHandOver: a new process takes the sockets of the old one over (-x), which
// then stops; no connection is refused meanwhile.
func TestHandOver(t *testing.T) {
	t.Parallel()
	addr := testbed.FreeAddr()
	dir := testbed.TempDir(t)
	sock, path := filepath.Join(dir, "cli"), filepath.Join(dir, "u")
	text := "global\n    stats socket " + sock + " level admin expose-fd listeners\n" +
		strings.Replace(plainFile, "global\n", "", 1)
	text = strings.Replace(text, "bind \"${BIND}\"", "bind \"${BIND}\"\n    bind "+path, 1)
	env := map[string]string{"BIND": addr, "ORIGIN": echoOrigin(t)}
	old := serveHawser(t, generation(text, 1), env, "-db")
	l := testbed.StartLoad(addr, 0)
	next := serveHawser(t, generation(text, 2), env, "-db", "-x", sock, "-sf", strconv.Itoa(old.p.Pid()))
	if code := old.p.Exit(4 * time.Second); code != 0 {
		t.Errorf("the old process: status %d", code)
	}
	if err := l.Await(2, next.p.Ended()); err != nil {
		t.Error(err)
	}
	l.Stop()
	if n := l.Failed.Load(); n > 0 {
		t.Errorf("%d of %d connections failed: %q", n, l.Fresh.Load(), l.Why())
	}
	nc, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if got := (&client{t, nc, bufio.NewReader(nc)}).get("/").Header.Get("X-Generation"); got != "2" {
		t.Errorf("the UNIX socket is served by %q", got)
	}
}
