package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// proxy is a binary that is called as haproxy is.
type proxy struct{ name, path string }

// process is a running proxy on the first core.
type process struct {
	cmd   *exec.Cmd
	out   bytes.Buffer
	ended chan struct{}
}

const pinnedMark = "HAWSER_BENCH_PINNED"

// pinSelf moves this process to the second core by running itself again: the
// Go runtime has started threads by now, and they would stay where they are.
func pinSelf() {
	if os.Getenv(pinnedMark) != "" || runtime.NumCPU() < 2 {
		return
	}
	runtime.LockOSThread()
	if err := setCore(1); err != nil {
		fmt.Println("# not pinned:", err)
		return
	}
	self, err := os.Executable()
	if err == nil {
		err = syscall.Exec(self, os.Args, append(os.Environ(), pinnedMark+"=1"))
	}
	fmt.Println("# not pinned:", err)
}

func setCore(n int) error {
	var set unix.CPUSet
	set.Set(n)
	return unix.SchedSetaffinity(0, &set)
}

// onFirstCore starts cmd with the affinity of the first core, which a child
// inherits from the thread that forks it.
func onFirstCore(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var was unix.CPUSet
	if err := unix.SchedGetaffinity(0, &was); err != nil {
		return err
	}
	if err := setCore(0); err != nil {
		return err
	}
	defer unix.SchedSetaffinity(0, &was)
	return cmd.Start()
}

func (p proxy) command(env []string, args ...string) *exec.Cmd {
	cmd := exec.Command(p.path, args...)
	cmd.Env = append(cmd.Env, env...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "GOMAXPROCS=") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	return cmd
}

func (p proxy) start(env []string, file string) (*process, error) {
	px := &process{cmd: p.command(env, "-db", "-f", file), ended: make(chan struct{})}
	px.cmd.Stdout, px.cmd.Stderr = &px.out, &px.out
	if err := onFirstCore(px.cmd); err != nil {
		return nil, err
	}
	go func() { px.cmd.Wait(); close(px.ended) }()
	return px, nil
}

// waitPort returns once the proxy accepts connections.
func (px *process) waitPort(port int) error {
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			c.Close()
			return nil
		}
		select {
		case <-px.ended:
			return fmt.Errorf("it ended at once: %s", strings.TrimSpace(px.out.String()))
		case <-time.After(5 * time.Millisecond):
		}
	}
	return errors.New("it does not listen after 10 s")
}

// stop asks first, so that a CPU profile gets written.
func (px *process) stop() {
	px.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-px.ended:
	case <-time.After(3 * time.Second):
		px.cmd.Process.Kill()
		<-px.ended
	}
}

// cpu is the CPU time of the process and all its descendants so far.
func (px *process) cpu() time.Duration { return cpuOf(px.cmd.Process.Pid) }

func cpuOf(pid int) time.Duration {
	var sum time.Duration
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	precise := false
	for _, t := range tasks {
		if ns, ok := schedstat(t + "/schedstat"); ok {
			sum += ns
			precise = true
		}
		kids, _ := os.ReadFile(t + "/children")
		for _, k := range strings.Fields(string(kids)) {
			if n, err := strconv.Atoi(k); err == nil {
				sum += cpuOf(n)
			}
		}
	}
	own, waited := statTimes(pid)
	if !precise {
		sum += own
	}
	return sum + waited
}

// schedstat reads nanoseconds on a CPU, which /proc/<pid>/stat has only in ticks.
func schedstat(file string) (time.Duration, bool) {
	b, err := os.ReadFile(file)
	f := strings.Fields(string(b))
	if err != nil || len(f) < 1 {
		return 0, false
	}
	ns, err := strconv.ParseInt(f[0], 10, 64)
	return time.Duration(ns), err == nil && ns > 0
}

// statTimes reads utime+stime and cutime+cstime (children that have ended).
func statTimes(pid int) (own, waited time.Duration) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	if len(f) < 15 {
		return 0, 0
	}
	tick := func(i int) time.Duration {
		n, _ := strconv.ParseInt(f[i], 10, 64)
		return time.Duration(n) * 10 * time.Millisecond
	}
	return tick(11) + tick(12), tick(13) + tick(14)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
