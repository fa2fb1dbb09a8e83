package testbed

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Process is a running proxy.
type Process struct {
	cmd   *exec.Cmd
	out   output
	ended chan struct{}
}

// output is what the proxy printed so far; mu guards buf.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// TempDir is short, for UNIX socket paths end near 97 characters.
func TempDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hw")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// Run writes text as a configuration file beside nothing else, starts bin on
// it in directory cwd and waits until all ports listen. Stop ends it.
func Run(bin Binary, cwd, tmp string, plan *Plan, env ...string) (*Process, error) {
	file := filepath.Join(tmp, "run.cfg")
	if err := os.WriteFile(file, []byte(plan.Text), 0o644); err != nil {
		return nil, err
	}
	p := &Process{cmd: exec.Command(bin.Path, "-db", "-f", file), ended: make(chan struct{})}
	p.cmd.Dir = cwd
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.cmd.Wait(); close(p.ended) }()
	var ports []int
	for _, f := range plan.Fronts {
		ports = append(ports, portOf(f.Addr))
	}
	if err := p.waitPorts(ports); err != nil {
		p.Stop()
		return nil, err
	}
	return p, nil
}

// Start starts bin with args in directory cwd and waits for nothing.
func Start(bin Binary, cwd string, args []string, env ...string) (*Process, error) {
	p := &Process{cmd: exec.Command(bin.Path, args...), ended: make(chan struct{})}
	p.cmd.Dir = cwd
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.cmd.Wait(); close(p.ended) }()
	return p, nil
}

// WaitAddrs returns when the TCP ports of addrs listen.
func (p *Process) WaitAddrs(addrs ...string) error {
	var ports []int
	for _, a := range addrs {
		ports = append(ports, portOf(a))
	}
	return p.waitPorts(ports)
}

// Ended is closed when the process has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Signal sends a signal to the process.
func (p *Process) Signal(sig syscall.Signal) error { return p.cmd.Process.Signal(sig) }

// Exit waits for the end of the process and returns its status, 128 and the
// signal's number where one ended it, -1 when it runs on.
func (p *Process) Exit(limit time.Duration) int {
	select {
	case <-p.ended:
	case <-time.After(limit):
		return -1
	}
	st := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if st.Signaled() {
		return 128 + int(st.Signal())
	}
	return st.ExitStatus()
}

// waitPorts looks into /proc instead of connecting: a connection would take a
// turn of the balance algorithm.
func (p *Process) waitPorts(ports []int) error {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		open := listening()
		missing := 0
		for _, n := range ports {
			if !open[n] {
				missing = n
			}
		}
		if missing == 0 {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("it ended at once: %s", strings.TrimSpace(p.out.String()))
		case <-time.After(4 * time.Millisecond):
		}
	}
	return fmt.Errorf("not all of the ports %v listen after 10 s: %s", ports, p.out.String())
}

// listening is the set of TCP ports in LISTEN state.
func listening() map[int]bool {
	set := map[int]bool{}
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(file)
		if err != nil {
			continue
		}
		for sc := bufio.NewScanner(f); sc.Scan(); {
			w := strings.Fields(sc.Text())
			if len(w) > 3 && w[3] == "0A" {
				_, hex, _ := strings.Cut(w[1], ":")
				n, _ := strconv.ParseUint(hex, 16, 16)
				set[int(n)] = true
			}
		}
		f.Close()
	}
	return set
}

// Output is what the proxy printed so far.
func (p *Process) Output() string { return p.out.String() }

// Pid is the process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Stop ends the proxy and returns an error when it had crashed.
func (p *Process) Stop() error {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(3 * time.Second):
		p.cmd.Process.Kill()
		<-p.ended
	}
	if out := p.out.String(); strings.Contains(out, "panic:") || strings.Contains(out, "\ngoroutine ") {
		return fmt.Errorf("it panicked: %s", out)
	}
	return nil
}

// Check runs -c on a file in directory cwd: exit status and all output.
func Check(bin Binary, cwd, file string, env ...string) (int, string) {
	cmd := exec.Command(bin.Path, "-c", "-f", file)
	cmd.Dir = cwd
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		return -1, err.Error()
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// Ask sends one command to a runtime socket and returns the answer.
func Ask(socket, command string) (string, error) {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return "", err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := fmt.Fprintln(c, command); err != nil {
		return "", err
	}
	var b bytes.Buffer
	_, err = b.ReadFrom(c)
	return b.String(), err
}

func portOf(addr string) int {
	_, p, _ := net.SplitHostPort(addr)
	n, _ := strconv.Atoi(p)
	return n
}
