package daemon

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"hawser/engine"
	"hawser/engine/listen"

	"golang.org/x/sys/unix"
)

// The hand-over of listening sockets to a newer process (-x): the command
// "_getsocks" of a UNIX runtime socket sends them as ancillary data. The first
// line of the answer is handOverHello and their number, then each message holds
// one line per descriptor that comes with it: the socket's identity.

const (
	handOverHello = "hawser-sockets 1 "
	perMessage    = 50
)

// What commands need of the daemon: its sockets, and what its last load said.
var (
	handOver atomic.Pointer[listen.Listeners]
	startup  atomic.Value // string
)

func init() {
	engine.AddCommands(engine.Command{
		Words: "_getsocks", Level: engine.LevelAdmin, Hidden: true,
		Usage: "send the listening sockets to a newer process (-x)",
		Run:   getSocks,
	})
}

func getSocks(c *engine.CLI, _ []string) error {
	sess, l := c.Sess, handOver.Load()
	if sess == nil || l == nil || sess.Src.IsValid() {
		return engine.Refuse("Sockets can only be had over a UNIX socket.")
	}
	if !sess.Bind.ExposeFD {
		return engine.Refuse("This socket lacks 'expose-fd listeners'.")
	}
	return sess.Conn.Socket().Control(func(to int) error { return send(to, l.Sockets()) })
}

// send writes the answer; the peer reads at once, so that a full buffer clears.
func send(to int, all map[string]*listen.Socket) error {
	if err := write(to, fmt.Appendf(nil, "%s%d\n", handOverHello, len(all)), nil); err != nil {
		return err
	}
	var text []byte
	var fds []int
	var failed error
	flush := func() {
		if len(fds) > 0 && failed == nil {
			failed = write(to, text, unix.UnixRights(fds...))
		}
		for _, fd := range fds {
			unix.Close(fd)
		}
		text, fds = nil, nil
	}
	for key, sk := range all {
		sk.Control(func(fd int) {
			if dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0); err == nil {
				fds = append(fds, dup)
				text = append(append(text, key...), '\n')
			}
		})
		if len(fds) == perMessage {
			flush()
		}
	}
	flush()
	return failed
}

func write(to int, text, oob []byte) error {
	for {
		err := unix.Sendmsg(to, text, oob, nil, unix.MSG_NOSIGNAL)
		if err != unix.EAGAIN {
			return err
		}
		p := []unix.PollFd{{Fd: int32(to), Events: unix.POLLOUT}}
		if n, _ := unix.Poll(p, 2000); n == 0 {
			return errors.New("the new process does not read")
		}
	}
}

// TakeOver gets the listening sockets of the process that serves the runtime API
// at path and keeps them for Start, which uses those that it needs.
func (d *Daemon) TakeOver(path string) error {
	nc, err := net.DialTimeout("unix", path, 2*time.Second)
	if err != nil {
		return err
	}
	defer nc.Close()
	uc := nc.(*net.UnixConn)
	uc.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := uc.Write([]byte("_getsocks\n")); err != nil {
		return err
	}
	fds, err := receive(uc)
	d.listeners.Hand(fds)
	return err
}

func receive(uc *net.UnixConn) (map[string]int, error) {
	got := map[string]int{}
	want := -1
	var keys []string
	var fds []int
	text, oob := make([]byte, 64<<10), make([]byte, unix.CmsgSpace(4*perMessage))
	rest := ""
	for want < 0 || len(got) < want {
		n, on, _, _, err := uc.ReadMsgUnix(text, oob)
		fds = append(fds, rights(oob[:on])...)
		if n == 0 || err != nil {
			return got, fmt.Errorf("the old process sent %d of %d sockets: %w", len(got), max(want, 0), errors.Join(err, errors.New("end of data")))
		}
		lines := strings.Split(rest+string(text[:n]), "\n")
		rest = lines[len(lines)-1]
		for _, line := range lines[:len(lines)-1] {
			if want < 0 {
				number, ok := strings.CutPrefix(line, handOverHello)
				if want, err = strconv.Atoi(number); !ok || err != nil {
					return got, fmt.Errorf("the process there does not hand its sockets over: %.80q", line)
				}
				continue
			}
			keys = append(keys, line)
		}
		for len(keys) > 0 && len(fds) > 0 {
			got[keys[0]] = fds[0]
			keys, fds = keys[1:], fds[1:]
		}
	}
	return got, nil
}

func rights(oob []byte) (fds []int) {
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil
	}
	for i := range msgs {
		got, _ := unix.ParseUnixRights(&msgs[i])
		for _, fd := range got {
			unix.CloseOnExec(fd)
		}
		fds = append(fds, got...)
	}
	return fds
}
