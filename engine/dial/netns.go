package dial

import (
	"runtime"

	"golang.org/x/sys/unix"

	"hawser/engine"
	"hawser/parser/diag"
)

// nsDir is where "ip netns" names network namespaces.
const nsDir = "/var/run/netns/"

func init() {
	engine.AddServerKeywords(engine.ServerKeyword{Name: "namespace", Args: 1, Missing: "'namespace' : expects <name> as argument", Parse: parseNamespace,
		Usage: "namespace { <name> | * }: connect from within a network namespace; '*' is the client's, which is ours here"})
	engine.AddBindKeywords(engine.BindKeyword{Name: "namespace", Args: 1, Missing: "'namespace' : missing namespace id", Parse: parseBindNamespace,
		Usage: "namespace <name>: listen in a network namespace"})
}

func parseBindNamespace(_ *engine.Build, bind *engine.Bind, _ engine.Word, args []engine.Word) error {
	if err := unix.Access(nsDir+args[0].Text, unix.R_OK); err != nil {
		return diag.Errorf(args[0].Pos, "Cannot open namespace '%s'.", args[0].Text)
	}
	bind.Namespace = args[0].Text
	return nil
}

func parseNamespace(b *engine.Build, srv *engine.Server, name engine.Word, args []engine.Word) error {
	if args[0].Text == "*" {
		b.Notice(args[0].Pos, "'namespace *' has no effect in Hawser: PROXY headers carry no namespaces yet.")
		return nil
	}
	if err := unix.Access(nsDir+args[0].Text, unix.R_OK); err != nil {
		return diag.Errorf(args[0].Pos, "Cannot open namespace '%s'", args[0].Text)
	}
	sockets.Edit(srv).netns = args[0].Text
	return nil
}

// NewSocket makes a stream socket in a network namespace, which it keeps; "" is ours.
// The thread goes there and back; one that cannot come back is given up.
func NewSocket(ns string, family, proto int) (fd int, err error) {
	const flags = unix.SOCK_STREAM | unix.SOCK_NONBLOCK | unix.SOCK_CLOEXEC
	if ns == "" {
		return unix.Socket(family, flags, proto)
	}
	there, err := unix.Open(nsDir+ns, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(there)
	runtime.LockOSThread()
	here, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		runtime.UnlockOSThread()
		return -1, err
	}
	defer unix.Close(here)
	if err := unix.Setns(there, unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return -1, err
	}
	fd, err = unix.Socket(family, flags, proto)
	if unix.Setns(here, unix.CLONE_NEWNET) == nil {
		runtime.UnlockOSThread()
	}
	return fd, err
}
