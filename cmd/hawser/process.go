package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"

	"hawser/engine"

	"golang.org/x/sys/unix"
)

// raiseLimits lifts the limit of open files to what the system allows.
func raiseLimits() {
	var lim syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim) == nil && lim.Cur < lim.Max {
		lim.Cur = lim.Max
		syscall.Setrlimit(syscall.RLIMIT_NOFILE, &lim)
	}
}

// defaultMaxConn is derived from the limit of open files, two for each connection;
// limit is fd-hard-limit, 0: none.
func defaultMaxConn(limit int) int {
	var lim syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim) != nil {
		return 2000
	}
	files := int(lim.Cur)
	if limit > 0 {
		files = min(files, limit)
	}
	return max(files/2-16, 100)
}

// readyFD names the descriptor on which a child tells its parent that it serves.
const readyFD = "HAWSER_READY_FD"

func isChild() bool { return os.Getenv(readyFD) != "" }

// daemonize starts the process again in the background and waits until it
// serves: the exit status tells the caller whether it does.
func daemonize() int {
	r, w, err := os.Pipe()
	if err != nil {
		return 1
	}
	exe, err := os.Executable()
	if err != nil {
		exe = os.Args[0]
	}
	cmd := exec.Command(exe, os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.ExtraFiles = inheritedFiles(w)
	cmd.Env = append(os.Environ(), readyFD+"="+strconv.Itoa(2+len(cmd.ExtraFiles)))
	cmd.Stderr = os.Stderr
	cmd.Stdout = os.Stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	w.Close()
	if msg, _ := io.ReadAll(r); strings.TrimSpace(string(msg)) == "ready" {
		return 0
	}
	cmd.Wait()
	return 1
}

// inheritedFiles keeps the listening sockets that we were started with (fd@N) at
// their numbers and puts last behind them. A nil entry closes its number.
func inheritedFiles(last *os.File) []*os.File {
	var files []*os.File
	n := 0
	for fd := 3; fd < 1024; fd++ {
		var f *os.File
		if listens, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err == nil && listens == 1 {
			f, n = os.NewFile(uintptr(fd), "inherited"), fd-2
		}
		files = append(files, f)
	}
	return append(files[:n], last)
}

// ready tells the parent, and systemd, that we serve.
func ready() {
	if fd, err := strconv.Atoi(os.Getenv(readyFD)); err == nil {
		os.Unsetenv(readyFD)
		f := os.NewFile(uintptr(fd), "ready")
		f.WriteString("ready\n")
		f.Close()
		if null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0); err == nil {
			for std := range 3 {
				unix.Dup3(int(null.Fd()), std, 0)
			}
			null.Close()
		}
	}
	sdNotify("READY=1\nSTATUS=Ready.\nMAINPID=" + strconv.Itoa(os.Getpid()))
}

// sdNotify tells systemd about a change of state (sd_notify(3)).
func sdNotify(state string) {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	if strings.HasPrefix(state, "RELOADING=1") {
		var ts unix.Timespec
		unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
		state += "\nMONOTONIC_USEC=" + strconv.FormatInt(ts.Nano()/1000, 10)
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return
	}
	defer c.Close()
	io.WriteString(c, state)
}

// dropPrivileges becomes the user and group of the global section.
// kept is false when a later reload will have the rights of that user alone.
func dropPrivileges(rt *engine.Runtime) (kept bool, err error) {
	g := &rt.Global
	uid, gid := g.UID, g.GID
	if os.Geteuid() != 0 {
		return true, nil
	}
	if g.Group != "" && gid < 0 {
		grp, err := user.LookupGroup(g.Group)
		if err != nil {
			return false, fmt.Errorf("cannot find group id for '%s'", g.Group)
		}
		gid, _ = strconv.Atoi(grp.Gid)
	}
	if g.User != "" && uid < 0 {
		usr, err := user.Lookup(g.User)
		if err != nil {
			return false, fmt.Errorf("cannot find user id for '%s'", g.User)
		}
		uid, _ = strconv.Atoi(usr.Uid)
	}
	if gid > 0 {
		if err := syscall.Setgroups(nil); err != nil {
			return false, err
		}
		if err := syscall.Setgid(gid); err != nil {
			return false, fmt.Errorf("cannot set gid %d: %w", gid, err)
		}
	}
	if uid <= 0 {
		return true, nil
	}
	if kept, err = keepCapabilities(uid); err != nil {
		err = fmt.Errorf("cannot set uid %d: %w", uid, err)
	}
	return kept, err
}
