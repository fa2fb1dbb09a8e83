package keyword

import (
	"os/user"
	"path/filepath"
	"strconv"

	"hawser/engine"
)

func init() {
	engine.AddKeywords(
		engine.Keyword{Name: "daemon", In: engine.InGlobal, Usage: "daemon: run in the background", Parse: flagOn(func(g *engine.Global) *bool { return &g.Daemon })},
		engine.Keyword{Name: "h1-accept-payload-with-any-method", In: engine.InGlobal, Usage: "h1-accept-payload-with-any-method: HTTP/1.0 requests may have a body with GET, HEAD and DELETE", Parse: flagOn(func(g *engine.Global) *bool { return &g.AnyPayload })},
		engine.Keyword{Name: "h1-do-not-close-on-insecure-transfer-encoding", In: engine.InGlobal, Usage: "h1-do-not-close-on-insecure-transfer-encoding: keep connections after requests with both Content-Length and Transfer-Encoding", Parse: flagOn(func(g *engine.Global) *bool { return &g.KeepInsecureTE })},
		engine.Keyword{Name: "harden.reject-privileged-ports.tcp", In: engine.InGlobal, Max: 1, Usage: "harden.reject-privileged-ports.tcp { on | off }: refuse connections from ports below 1024", Parse: parseRejectPorts},
		engine.Keyword{Name: "quiet", In: engine.InGlobal, Usage: "quiet: print nothing at start", Parse: flagOn(func(g *engine.Global) *bool { return &g.Quiet })},
		engine.Keyword{Name: "zero-warning", In: engine.InGlobal, Usage: "zero-warning: refuse to start when there are warnings", Parse: flagOn(func(g *engine.Global) *bool { return &g.ZeroWarning })},
		engine.Keyword{Name: "nosplice", In: engine.InGlobal, Usage: "nosplice: do not move data inside the kernel", Parse: flagOn(func(g *engine.Global) *bool { return &g.NoSplice })},
		engine.Keyword{Name: "insecure-fork-wanted", In: engine.InGlobal, Flags: engine.TakesNo, Usage: "insecure-fork-wanted: allow features that start processes (external checks)", Parse: flagOn(func(g *engine.Global) *bool { return &g.InsecureFork })},
		engine.Keyword{Name: "expose-experimental-directives", In: engine.InGlobal, Usage: "expose-experimental-directives: allow directives that are marked experimental", Parse: flagOn(func(g *engine.Global) *bool { return &g.Experimental })},
		engine.Keyword{Name: "user", In: engine.InGlobal, Max: 1, Usage: "user <name>: run as this user once started", Parse: parseUser},
		engine.Keyword{Name: "uid", In: engine.InGlobal, Max: 1, Usage: "uid <number>: run with this user ID once started", Parse: parseUID},
		engine.Keyword{Name: "group", In: engine.InGlobal, Max: 1, Usage: "group <name>: run with this group once started", Parse: parseGroup},
		engine.Keyword{Name: "gid", In: engine.InGlobal, Max: 1, Usage: "gid <number>: run with this group ID once started", Parse: parseGID},
		engine.Keyword{Name: "chroot", In: engine.InGlobal, Max: 1, Flags: engine.NoEffect, Usage: "the process stays able to read its files for reloads; confine it with systemd or a container", Parse: once("'chroot' expects a directory as an argument.", func(g *engine.Global) *string { return &g.Chroot })},
		engine.Keyword{Name: "pidfile", In: engine.InGlobal, Max: 1, Usage: "pidfile <file>: write the process ID there", Parse: once("'pidfile' expects a file name as an argument.", func(g *engine.Global) *string { return &g.PidFile })},
		engine.Keyword{Name: "localpeer", In: engine.InGlobal, Max: 1, Usage: "localpeer <name>: this process's name in peers sections", Parse: once("'localpeer' expects a name as an argument.", func(g *engine.Global) *string { return &g.LocalPeer })},
		engine.Keyword{Name: "node", In: engine.InGlobal, Usage: "node <name>: this node's name, shown in statistics", Parse: parseNode, Max: 1},
		engine.Keyword{Name: "description", In: engine.InGlobal, Max: -1, Usage: "description <text>: shown in statistics", Parse: parseGlobalDescription},
		engine.Keyword{Name: "server-state-base", In: engine.InGlobal, Max: 1, Usage: "server-state-base <directory>: where server state files are", Parse: once("'server-state-base' expects one argument: a directory path.", func(g *engine.Global) *string { return &g.ServerStateBase })},
		engine.Keyword{Name: "server-state-file", In: engine.InGlobal, Max: 1, Usage: "server-state-file <file>: where the state of all servers is read from at start", Parse: once("'server-state-file' expect one argument: a file path.", func(g *engine.Global) *string { return &g.ServerStateFile })},
		engine.Keyword{Name: "default-path", In: engine.InGlobal, Max: 2, Usage: "default-path { current | config | parent | origin <path> }: what relative file names start from", Parse: parseDefaultPath},
		engine.Keyword{Name: "http-err-codes", In: engine.InGlobal, Max: -1, Usage: "http-err-codes [+-]<range>[,...]: statuses that count as client errors", Parse: codes(func(g *engine.Global) *engine.CodeSet { return &g.HTTPErrCodes })},
		engine.Keyword{Name: "http-fail-codes", In: engine.InGlobal, Max: -1, Usage: "http-fail-codes [+-]<range>[,...]: statuses that count as server failures", Parse: codes(func(g *engine.Global) *engine.CodeSet { return &g.HTTPFailCodes })},
	)
}

func flagOn(field func(*engine.Global) *bool) func(*engine.Build, *engine.Line) error {
	return func(b *engine.Build, l *engine.Line) error {
		*field(&b.RT.Global) = !l.No
		return nil
	}
}

// once reads a setting that may be given one time; a second one is ignored with
// a warning.
func once(missing string, field func(*engine.Global) *string) func(*engine.Build, *engine.Line) error {
	return func(b *engine.Build, l *engine.Line) error {
		w := word(l, 1)
		if w.Text == "" {
			return fail(w, "%s", missing)
		}
		f := field(&b.RT.Global)
		if *f != "" {
			b.Warn(w.Pos, "'%s' already specified. Continuing.", l.Words[0].Text)
			return nil
		}
		*f = w.Text
		return nil
	}
}

func parseUser(b *engine.Build, l *engine.Line) error {
	g, w := &b.RT.Global, word(l, 1)
	if g.UID >= 0 {
		return fail(w, "user/uid already specified. Continuing.")
	}
	u, err := user.Lookup(w.Text)
	if err != nil {
		return fail(w, "cannot find user id for '%s' (0:Success)", w.Text)
	}
	g.User = w.Text
	g.UID, _ = strconv.Atoi(u.Uid)
	return nil
}

func parseGroup(b *engine.Build, l *engine.Line) error {
	g, w := &b.RT.Global, word(l, 1)
	if g.GID >= 0 {
		return fail(w, "gid/group was already specified. Continuing.")
	}
	gr, err := user.LookupGroup(w.Text)
	if err != nil {
		return fail(w, "cannot find group id for '%s' (0:Success)", w.Text)
	}
	g.Group = w.Text
	g.GID, _ = strconv.Atoi(gr.Gid)
	return nil
}

func parseUID(b *engine.Build, l *engine.Line) error {
	return parseID(b, l, &b.RT.Global.UID, "user/uid already specified. Continuing.", "user")
}

func parseGID(b *engine.Build, l *engine.Line) error {
	return parseID(b, l, &b.RT.Global.GID, "group/gid already specified. Continuing.", "group")
}

func parseID(b *engine.Build, l *engine.Line, into *int, twice, byName string) error {
	w := word(l, 1)
	if *into >= 0 {
		b.Warn(w.Pos, "%s", twice)
		return nil
	}
	if w.Text == "" {
		return fail(w, "'%s' expects an integer argument.", l.Words[0].Text)
	}
	n, err := strconv.Atoi(w.Text)
	if err != nil || n < 0 {
		b.Warn(w.Pos, "%s: string '%s' is not a number.", l.Words[0].Text, w.Text).
			WithAdvice("You might want to use the '%s' parameter to use a system %s name.", byName, byName)
		return nil
	}
	*into = n
	return nil
}

func parseNode(b *engine.Build, l *engine.Line) error {
	w := word(l, 1)
	ok := w.Text != ""
	for i := range len(w.Text) {
		c := w.Text[i]
		ok = ok && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.')
	}
	if !ok {
		return fail(w, "'node' requires valid node name - non-empty string with digits(0-9), letters(A-Z, a-z), dot(.), hyphen(-) or underscode(_).").AsTight()
	}
	b.RT.Global.Node = w.Text
	return nil
}

func parseGlobalDescription(b *engine.Build, l *engine.Line) error {
	if len(l.Words) < 2 {
		return fail(l.Words[0], "'description' expects a string argument.").AsTight()
	}
	b.RT.Global.Description = join(l.Words[1:])
	return nil
}

func join(words []engine.Word) string {
	var s string
	for i, w := range words {
		if i > 0 {
			s += " "
		}
		s += w.Text
	}
	return s
}

// codes reads status ranges that are put into or taken out of a set.
func codes(field func(*engine.Global) *engine.CodeSet) func(*engine.Build, *engine.Line) error {
	return func(b *engine.Build, l *engine.Line) error {
		if len(l.Words) < 2 {
			return fail(l.Words[0], "'%s' expects one or more HTTP status codes ranges.", l.Words[0].Text)
		}
		set := *field(&b.RT.Global)
		for _, w := range l.Words[1:] {
			if err := editCodes(&set, w, l.Words[0].Text); err != nil {
				return err
			}
		}
		*field(&b.RT.Global) = set
		return nil
	}
}

// editCodes applies "[+-]low[-high][,...]"; without a sign the first range
// starts the set anew.
func editCodes(set *engine.CodeSet, w engine.Word, keyword string) error {
	s, at := w.Text, 0
	for at < len(s) {
		start, add, fresh := at, true, true
		if s[at] == '+' || s[at] == '-' {
			add, fresh, at = s[at] == '+', false, at+1
		}
		low, n := digits(s[at:])
		at += n
		high := low
		if n > 0 && at < len(s) && s[at] == '-' {
			var m int
			high, m = digits(s[at+1:])
			if m == 0 {
				n = 0
			}
			at += m + 1
		}
		if n == 0 || low < 100 || high > 599 || low > high || at < len(s) && s[at] != ',' {
			return fail(w, "Invalid status codes range '%s' in '%s' at position %d. Ranges must be in the form [+-]{low[-{high}]}[,...].", s, keyword, start)
		}
		if fresh && start == 0 {
			*set = engine.CodeSet{}
		}
		for c := low; c <= high; c++ {
			if add {
				set.Add(c)
			} else {
				set.Remove(c)
			}
		}
		at++
	}
	return nil
}

func digits(s string) (n, i int) {
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9' && i < 9; i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n, i
}

func parseDefaultPath(b *engine.Build, l *engine.Line) error {
	w := word(l, 1)
	switch w.Text {
	case "current", "config", "parent", "origin":
		b.Dir = ""
		switch dir := filepath.Dir(w.Pos.File); w.Text {
		case "config":
			b.Dir = dir
		case "parent":
			b.Dir = filepath.Join(dir, "..")
		case "origin":
			if len(l.Words) < 3 {
				return fail(w, "'default-path origin' expects a directory as an argument.")
			}
			b.Dir = l.Words[2].Text
		}
		return nil
	}
	return fail(w, "'default-path' expects either 'current', 'config', 'parent' or 'origin <path>' as argument.")
}

func parseRejectPorts(b *engine.Build, l *engine.Line) error {
	w := word(l, 1)
	switch w.Text {
	case "on", "off":
		b.RT.Global.RejectPrivileged = w.Text == "on"
		return nil
	}
	return fail(l.Words[0], "'%s' expects either 'on' or 'off' but got '%s'.", l.Words[0].Text, w.Text)
}
