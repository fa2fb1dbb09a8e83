package keyword

import (
	"os/user"
	"strconv"

	"hawser/engine"
)

// unused are the global settings that steer what Hawser does not have; they are
// accepted with a notice that says why.
var unused = map[string]string{
	"busy-polling": "the kernel's poller is Go's", "noepoll": "the kernel's poller is Go's", "noevports": "the kernel's poller is Go's",
	"nokqueue": "the kernel's poller is Go's", "nopoll": "the kernel's poller is Go's",
	"nogetaddrinfo": "names are resolved by Go",
	"noktls":        "TLS runs in the process", "no-memory-trimming": "memory is Go's", "prealloc-fd": "descriptors are the kernel's",
	"set-dumpable": "the process stays as the system made it", "strict-limits": "limits that cannot be had are always an error",
	"numa-cpu-mapping": "threads are Go's", "cpu-map": "threads are Go's", "cpu-policy": "threads are Go's", "cpu-set": "threads are Go's",
	"cpu-affinity": "threads are Go's", "thread-groups": "threads are Go's", "thread-group": "threads are Go's",
	"thread-hard-limit": "see nbthread", "max-threads-per-group": "threads are Go's",
	"profiling.memory": "see 'show activity'", "profiling.tasks": "see 'show activity'",
	"limited-quic":        "QUIC is not spoken yet",
	"mworker-max-reloads": "reloads do not make new processes", "warn-blocked-traffic-after": "no stream blocks another",
	"h2-workaround-bogus-websocket-clients": "HTTP/2 is not spoken yet", "stress-level": "of HAProxy's own tests",
	"insecure-setuid-wanted": "external checks start as the process is", "expose-deprecated-directives": "none is hidden",
	"anonkey": "of 'show anon' only", "debug.counters": "see 'show activity'", "force-cfg-parser-pause": "of HAProxy's own tests",
	"httpclient.resolvers.disabled": "there is no client for Lua or OCSP", "httpclient.resolvers.id": "there is no client for Lua or OCSP",
	"httpclient.resolvers.prefer": "there is no client for Lua or OCSP", "httpclient.retries": "there is no client for Lua or OCSP",
	"httpclient.ssl.ca-file": "there is no client for Lua or OCSP", "httpclient.ssl.verify": "there is no client for Lua or OCSP",
	"httpclient.timeout.connect": "there is no client for Lua or OCSP",
	"cluster-secret":             "of QUIC and peers only",
	"debug":                      "start with -d instead",
	"shm-stats-file":             "statistics are kept over reloads anyway", "shm-stats-file-max-objects": "statistics are kept over reloads anyway",
	"harden.reject-privileged-ports.quic": "QUIC is not spoken yet",
	"ocsp-update.disable":                 "OCSP responses are not fetched", "ocsp-update.maxdelay": "OCSP responses are not fetched", "ocsp-update.mindelay": "OCSP responses are not fetched",
	"ocsp-update.httpproxy": "OCSP responses are not fetched", "ocsp-update.mode": "OCSP responses are not fetched",
	"stats-file": "counters begin at zero",
	"setcap":     "give the capabilities to the binary instead",
}

func init() {
	for name, why := range unused {
		flags := engine.NoEffect
		switch name {
		case "busy-polling", "set-dumpable", "strict-limits", "numa-cpu-mapping":
			flags |= engine.TakesNo
		}
		engine.AddKeywords(engine.Keyword{Name: name, In: engine.InGlobal, Max: -1, Flags: flags, Usage: why, Parse: nothing})
	}
	engine.AddKeywords(
		engine.Keyword{Name: "setenv", In: engine.InGlobal, Max: 2, Usage: "setenv <name> <value>: set an environment variable", Parse: parseSetenv},
		engine.Keyword{Name: "presetenv", In: engine.InGlobal, Max: 2, Usage: "presetenv <name> <value>: set an environment variable that is not set", Parse: parseSetenv},
		engine.Keyword{Name: "unsetenv", In: engine.InGlobal, Max: -1, Usage: "unsetenv <name>...: remove environment variables", Parse: parseUnsetenv},
		engine.Keyword{Name: "resetenv", In: engine.InGlobal, Max: -1, Usage: "resetenv [<name>...]: remove all other environment variables", Parse: nothing},
		engine.Keyword{Name: "unix-bind", In: engine.InGlobal, Max: -1, Usage: "unix-bind [prefix <path>] [mode <octal>] [user <name>] [uid <id>] [group <name>] [gid <id>]: what UNIX sockets of bind lines start with", Parse: parseUnixBind},
		globalFlag("noreuseport", "bind without SO_REUSEPORT: no other process can listen on our addresses", func(g *engine.Global) *bool { return &g.NoReusePort }),
		globalFlag("pp2-never-send-local", "checks of servers with send-proxy-v2 send PROXY instead of LOCAL, as before HAProxy 2.2", func(g *engine.Global) *bool { return &g.NeverSendLocal }),
		engine.Keyword{Name: "nbproc", In: engine.InGlobal, Max: -1, Flags: engine.Legacy, Usage: "nbproc <number>: gone since HAProxy 2.5; remove it", Parse: parseNbproc},
		engine.Keyword{Name: "master-worker", In: engine.InGlobal, Max: -1, Flags: engine.Legacy, Usage: "master-worker: start with -W instead", Parse: parseMasterWorker},
		engine.Keyword{Name: "stats bind-process", In: engine.InGlobal, Max: -1, Flags: engine.Legacy, Usage: "stats bind-process: gone since HAProxy 2.5; remove it", Parse: formerGlobal},
	)
}

func globalFlag(name, usage string, field func(*engine.Global) *bool) engine.Keyword {
	return engine.Keyword{Name: name, In: engine.InGlobal, Usage: name + ": " + usage, Parse: func(b *engine.Build, _ *engine.Line) error {
		*field(&b.RT.Global) = true
		return nil
	}}
}

func nothing(*engine.Build, *engine.Line) error { return nil }

// parseSetenv checks what the parser carried out while reading.
func parseSetenv(_ *engine.Build, l *engine.Line) error {
	kw := l.Words[0].Text
	switch len(l.Words) {
	case 1:
		return fail(l.Words[0], "'%s' expects an environment variable name.", kw)
	case 2:
		return fail(l.Words[1], "'%s' expects environment variable value for '%s'.", kw, l.Words[1].Text)
	}
	return nil
}

func parseUnsetenv(_ *engine.Build, l *engine.Line) error {
	if len(l.Words) < 2 {
		return fail(l.Words[0], "'unsetenv' expects at least one variable name.")
	}
	return nil
}

// unixDefaults is what UNIX sockets of bind lines start with.
type unixDefaults struct {
	set      bool
	prefix   string
	mode     uint32
	uid, gid int
}

var unixBind = engine.NewSlot[*engine.Runtime, unixDefaults]("unix-bind")

func parseUnixBind(b *engine.Build, l *engine.Line) error {
	d := unixBind.Edit(b.RT)
	if !d.set {
		d.set, d.uid, d.gid = true, -1, -1
	}
	for i := 1; i < len(l.Words); i += 2 {
		w, arg := l.Words[i], word(l, i+1)
		if err := d.option(w, arg); err != nil {
			return err
		}
	}
	return nil
}

func (d *unixDefaults) option(w, arg engine.Word) error {
	switch w.Text {
	case "prefix":
		d.prefix = arg.Text
	case "mode":
		n, err := strconv.ParseUint(arg.Text, 8, 32)
		if err != nil {
			return fail(arg, "'mode' : missing or invalid mode '%s' (octal integer expected)", arg.Text)
		}
		d.mode = uint32(n)
	case "uid":
		d.uid, _ = digits(arg.Text)
	case "gid":
		d.gid, _ = digits(arg.Text)
	case "user":
		u, err := user.Lookup(arg.Text)
		if err != nil {
			return fail(arg, "'unix-bind user' : unknown user '%s'", arg.Text)
		}
		d.uid, _ = strconv.Atoi(u.Uid)
	case "group":
		g, err := user.LookupGroup(arg.Text)
		if err != nil {
			return fail(arg, "'unix-bind group' : unknown group '%s'", arg.Text)
		}
		d.gid, _ = strconv.Atoi(g.Gid)
	default:
		return fail(w, "'unix-bind' only supports the 'prefix', 'mode', 'uid', 'gid', 'user' and 'group' options.")
	}
	return nil
}

func parseNbproc(b *engine.Build, l *engine.Line) error {
	b.Warn(l.Words[0].Pos, "nbproc is not supported any more since HAProxy 2.5. Threads will automatically be used on multi-processor machines if available: remove the line.")
	return nil
}

func parseMasterWorker(b *engine.Build, l *engine.Line) error {
	b.Warn(l.Words[0].Pos, "support for 'master-worker' was removed in version 3.5. Use -W or -Ws in the startup script instead; Hawser obeys it.")
	b.RT.Global.MasterWorker = true
	return nil
}

func formerGlobal(b *engine.Build, l *engine.Line) error {
	b.Warn(l.Words[0].Pos, "'%s' has no meaning any more: remove it.", join(l.Words))
	return nil
}
