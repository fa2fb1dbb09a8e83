package keyword

import (
	"os/user"
	"strconv"
	"time"

	"hawser/engine"
	"hawser/engine/conn"
	"hawser/parser/unit"
)

// knownBind are the options that HAProxy has and Hawser lacks.
var knownBind = map[string]bool{"ca-sign-pass": true}

type bindParse = func(b *engine.Build, bind *engine.Bind, name engine.Word, args []engine.Word) error

func init() {
	engine.AddBindKeywords(
		engine.BindKeyword{Name: "name", Args: 1, Missing: "'name' : missing name", Usage: "name <name>: the listener's name in statistics", Parse: bindString(func(bd *engine.Bind) *string { return &bd.Name })},
		engine.BindKeyword{Name: "id", Args: 1, Missing: "'id' : expects an integer argument", Usage: "id <number>: the listener's number in statistics", Parse: parseBindID},
		engine.BindKeyword{Name: "guid-prefix", Args: 1, Flags: engine.NoEffect, Missing: "'guid-prefix' : expects an argument", Usage: "guid-prefix <text>: unique names serve HAProxy's statistics file only", Parse: bindString(func(bd *engine.Bind) *string { return &bd.GUIDPrefix })},
		engine.BindKeyword{Name: "label", Args: 1, Flags: engine.NoEffect, Usage: "label <text>: no command of Hawser shows it", Parse: bindString(func(bd *engine.Bind) *string { return &bd.Label })},
		engine.BindKeyword{Name: "interface", Args: 1, Missing: "'interface' : missing interface name", Usage: "interface <name>: listen on one network interface only", Parse: bindString(func(bd *engine.Bind) *string { return &bd.Interface })},
		engine.BindKeyword{Name: "maxconn", Args: 1, Missing: "'maxconn' : missing value", Usage: "maxconn <number>: limit of connections of the listener", Parse: bindInt(func(bd *engine.Bind) *int { return &bd.MaxConn }, "'maxconn' : invalid value %d, must be > 0")},
		engine.BindKeyword{Name: "backlog", Args: 1, Missing: "'backlog' : missing value", Usage: "backlog <number>: connections that the system may hold before they are accepted", Parse: bindInt(func(bd *engine.Bind) *int { return &bd.Backlog }, "'backlog' : invalid value %d, must be > 0")},
		engine.BindKeyword{Name: "nice", Args: 1, Flags: engine.NoEffect, Missing: "'nice' : missing value", Usage: "nice <number>: the priority of tasks, which Go's scheduler does not have", Parse: bindInt(func(bd *engine.Bind) *int { return &bd.Nice }, "")},
		engine.BindKeyword{Name: "mss", Args: 1, Missing: "'mss' : missing MSS value", Usage: "mss <bytes>: the largest TCP segment to announce", Parse: parseMSS},
		engine.BindKeyword{Name: "tcp-ss", Args: 1, Missing: saveSYN, Usage: "tcp-ss { 0 | 1 | 2 }: keep the SYN packet of each connection for fc_saved_syn, without (1) or with (2) its Ethernet header", Parse: parseSaveSYN},
		engine.BindKeyword{Name: "tcp-md5sig", Args: 1, Missing: "'tcp-md5sig' : missing TCP MD5 signature password", Usage: "tcp-md5sig <password>: every TCP segment is signed with it (RFC 2385)", Parse: parseBindMD5},
		engine.BindKeyword{Name: "transparent", Usage: "transparent: accept connections to addresses that are not local", Parse: bindFlag(func(bd *engine.Bind) *bool { return &bd.Transparent })},
		engine.BindKeyword{Name: "v4v6", Usage: "v4v6: an IPv6 socket takes IPv4, too", Parse: bindFlag(func(bd *engine.Bind) *bool { return &bd.V4V6 })},
		engine.BindKeyword{Name: "v6only", Usage: "v6only: an IPv6 socket takes only IPv6", Parse: bindFlag(func(bd *engine.Bind) *bool { return &bd.V6Only })},
		engine.BindKeyword{Name: "accept-proxy", Usage: "accept-proxy: connections begin with a PROXY header", Parse: bindFlag(func(bd *engine.Bind) *bool { return &bd.AcceptProxy })},
		engine.BindKeyword{Name: "accept-netscaler-cip", Args: 1, Missing: "'accept-netscaler-cip' : missing magic number value", Usage: "accept-netscaler-cip <magic>: connections begin with a NetScaler client IP header", Parse: parseCIP},
		engine.BindKeyword{Name: "defer-accept", Usage: "defer-accept: accept connections once data came", Parse: bindFlag(func(bd *engine.Bind) *bool { return &bd.DeferAccept })},
		engine.BindKeyword{Name: "tfo", Usage: "tfo: TCP Fast Open", Parse: bindFlag(func(bd *engine.Bind) *bool { return &bd.TFO })},
		engine.BindKeyword{Name: "tcp-ut", Args: 1, Missing: "'tcp-ut' : missing TCP User Timeout value", Usage: "tcp-ut <time>: TCP user timeout", Parse: parseBindUT},
		engine.BindKeyword{Name: "mode", Args: 1, Missing: "'mode' : missing or invalid mode '' (octal integer expected)", Usage: "mode <octal>: permissions of a UNIX socket", Parse: parseBindMode},
		engine.BindKeyword{Name: "uid", Args: 1, Missing: "'uid' : missing value", Usage: "uid <number>: owner of a UNIX socket", Parse: bindInt(func(bd *engine.Bind) *int { return &bd.UID }, "")},
		engine.BindKeyword{Name: "gid", Args: 1, Missing: "'gid' : missing value", Usage: "gid <number>: group of a UNIX socket", Parse: bindInt(func(bd *engine.Bind) *int { return &bd.GID }, "")},
		engine.BindKeyword{Name: "user", Args: 1, Missing: "'user' : missing user name", Usage: "user <name>: owner of a UNIX socket", Parse: parseBindUser},
		engine.BindKeyword{Name: "group", Args: 1, Missing: "'group' : missing group name", Usage: "group <name>: group of a UNIX socket", Parse: parseBindGroup},
		engine.BindKeyword{Name: "level", Args: 1, Missing: "'level' : missing level", Usage: "level { user | operator | admin }: rights of a stats socket", Parse: parseLevel},
		engine.BindKeyword{Name: "severity-output", Args: 1, Missing: "'severity-output' : missing severity-output", Usage: "severity-output { none | number | string }: how a stats socket marks messages", Parse: parseSeverity},
		engine.BindKeyword{Name: "expose-fd", Args: 1, Missing: "'expose-fd' : missing fd type", Usage: "expose-fd listeners: a stats socket hands its listeners over", Parse: parseExposeFD},
		engine.BindKeyword{Name: "proto", Args: 1, Missing: "'proto' : missing value", Usage: "proto { h1 | none }: the protocol, not negotiated", Parse: parseBindProto},
		engine.BindKeyword{Name: "thread", Args: 1, Flags: engine.NoEffect, Missing: "'thread' : missing set", Usage: "thread <set>: all threads serve all listeners", Parse: bindIgnore},
		engine.BindKeyword{Name: "shards", Args: 1, Flags: engine.NoEffect, Usage: "shards <number>: one socket serves all threads", Parse: parseShards},
		engine.BindKeyword{Name: "process", Args: 1, Flags: engine.Legacy, Usage: "process <set>: gone since HAProxy 2.5; there is one process", Parse: parseBindProcess},
		engine.BindKeyword{Name: "nbconn", Args: 1, Flags: engine.NoEffect, Usage: "nbconn <number>: of reverse HTTP only", Parse: bindIgnore},
		engine.BindKeyword{Name: "cc", Args: 1, Usage: "cc <name>: TCP congestion control of its connections", Parse: bindString(func(bd *engine.Bind) *string { return &bd.CC })},
		engine.BindKeyword{Name: "idle-ping", Args: 1, Flags: engine.NoEffect, Usage: "idle-ping <time>: of HTTP/2 only, which does not exist here yet", Parse: bindIgnore},
	)
}

func bindIgnore(*engine.Build, *engine.Bind, engine.Word, []engine.Word) error { return nil }

func bindString(field func(*engine.Bind) *string) bindParse {
	return func(_ *engine.Build, bd *engine.Bind, _ engine.Word, args []engine.Word) error {
		*field(bd) = args[0].Text
		return nil
	}
}

func bindFlag(field func(*engine.Bind) *bool) bindParse {
	return func(_ *engine.Build, bd *engine.Bind, _ engine.Word, _ []engine.Word) error {
		*field(bd) = true
		return nil
	}
}

func bindInt(field func(*engine.Bind) *int, positive string) bindParse {
	return func(b *engine.Build, bd *engine.Bind, name engine.Word, args []engine.Word) error {
		n, err := number(b, args[0], "'%s' : invalid value '%s', an integer is expected", name.Text, args[0].Text)
		if err != nil {
			return err
		}
		if positive != "" && n < 0 {
			return fail(args[0], positive, n)
		}
		*field(bd) = n
		return nil
	}
}

func parseBindID(b *engine.Build, bd *engine.Bind, _ engine.Word, args []engine.Word) error {
	n, _ := digits(args[0].Text)
	if n <= 0 {
		return fail(args[0], "'id' : custom id has to be > 0")
	}
	if b.Px != nil {
		for _, o := range b.Px.Binds {
			if o.ID == n { // those without the option have none yet
				return fail(args[0], "'id' : custom id %d already used at %s ('%s')", n, o.Pos, firstWords(o.Line)).WithRelated(o.Pos, "the first one")
			}
		}
	}
	bd.ID = n
	return nil
}

func firstWords(line string) string {
	n := 0
	for i := range len(line) {
		if line[i] == ' ' {
			if n++; n == 2 {
				return line[:i]
			}
		}
	}
	return line
}

func parseMSS(b *engine.Build, bd *engine.Bind, _ engine.Word, args []engine.Word) error {
	n, err := number(b, args[0], "'mss' : expects an MSS with and absolute value between 1 and 65535")
	if err == nil && (n == 0 || n > 65535 || n < -65535) {
		err = fail(args[0], "'mss' : expects an MSS with and absolute value between 1 and 65535")
	}
	bd.MSS = n
	return err
}

const saveSYN = "'tcp-ss' : TCP Save SYN option expects an integer argument from 0 to 2"

func parseSaveSYN(_ *engine.Build, bd *engine.Bind, _ engine.Word, args []engine.Word) error {
	n, err := strconv.Atoi(args[0].Text)
	if err != nil || n < 0 || n > 2 {
		return fail(args[0], "%s", saveSYN)
	}
	bd.SaveSYN = n
	return nil
}

func parseBindMD5(_ *engine.Build, bd *engine.Bind, _ engine.Word, args []engine.Word) error {
	if len(args[0].Text) > conn.MaxMD5Key {
		return fail(args[0], "'tcp-md5sig' : password too long (at most %d characters expected)", conn.MaxMD5Key)
	}
	bd.MD5Sig = args[0].Text
	return nil
}

func parseCIP(_ *engine.Build, bd *engine.Bind, _ engine.Word, args []engine.Word) error {
	n, err := strconv.ParseUint(args[0].Text, 0, 32)
	if err != nil || n == 0 {
		return fail(args[0], "'accept-netscaler-cip' : invalid magic number '%s'", args[0].Text)
	}
	bd.AcceptCIP, bd.CIPMagic = true, uint32(n)
	return nil
}

func parseBindUT(_ *engine.Build, bd *engine.Bind, _ engine.Word, args []engine.Word) error {
	d, err := unit.Time(args[0].Text, time.Millisecond)
	if err != nil {
		return fail(args[0], "'tcp-ut' : expects a positive delay in milliseconds")
	}
	bd.TCPUserTimeout = d
	return nil
}

func parseBindMode(_ *engine.Build, bd *engine.Bind, _ engine.Word, args []engine.Word) error {
	n, err := strconv.ParseUint(args[0].Text, 8, 32)
	if err != nil || n > 0o7777 {
		return fail(args[0], "'mode' : missing or invalid mode '%s' (octal integer expected)", args[0].Text)
	}
	bd.Mode = uint32(n)
	return nil
}

func parseBindUser(_ *engine.Build, bd *engine.Bind, _ engine.Word, args []engine.Word) error {
	u, err := user.Lookup(args[0].Text)
	if err != nil {
		return fail(args[0], "'user' : unknown user name '%s'", args[0].Text)
	}
	bd.UID, _ = strconv.Atoi(u.Uid)
	return nil
}

func parseBindGroup(_ *engine.Build, bd *engine.Bind, _ engine.Word, args []engine.Word) error {
	g, err := user.LookupGroup(args[0].Text)
	if err != nil {
		return fail(args[0], "'group' : unknown group name '%s'", args[0].Text)
	}
	bd.GID, _ = strconv.Atoi(g.Gid)
	return nil
}

func parseLevel(_ *engine.Build, bd *engine.Bind, _ engine.Word, args []engine.Word) error {
	switch args[0].Text {
	case "user", "operator", "admin":
		bd.Level = args[0].Text
		return nil
	}
	return fail(args[0], "'level' only supports 'user', 'operator', and 'admin' (got '%s')", args[0].Text)
}

func parseSeverity(_ *engine.Build, bd *engine.Bind, _ engine.Word, args []engine.Word) error {
	switch args[0].Text {
	case "none", "number", "string":
		bd.Severity = args[0].Text
		return nil
	}
	return fail(args[0], "'severity-output' only supports 'none', 'number', and 'string' (got '%s')", args[0].Text)
}

func parseExposeFD(_ *engine.Build, bd *engine.Bind, _ engine.Word, args []engine.Word) error {
	if args[0].Text != "listeners" {
		return fail(args[0], "'expose-fd' only supports 'listeners' (got '%s')", args[0].Text)
	}
	bd.ExposeFD = true
	return nil
}

func parseBindProto(_ *engine.Build, bd *engine.Bind, _ engine.Word, args []engine.Word) error {
	switch args[0].Text {
	case "h1", "none":
		bd.Proto = args[0].Text
		return nil
	case "h2", "quic", "spop", "fcgi":
		return fail(args[0], "'proto' : the protocol '%s' is known to HAProxy but not supported by Hawser yet", args[0].Text)
	}
	return fail(args[0], "'proto' :  unknown MUX protocol '%s'", args[0].Text)
}

func parseShards(_ *engine.Build, _ *engine.Bind, _ engine.Word, args []engine.Word) error {
	switch args[0].Text {
	case "by-process", "by-group", "by-thread":
		return nil
	}
	if n, i := digits(args[0].Text); i != len(args[0].Text) || n < 1 || n > 1000 {
		return fail(args[0], "'shards' : invalid value '%s' (expected integer in the range 1..1000, 'by-group', or 'by-thread')", args[0].Text)
	}
	return nil
}

func parseBindProcess(b *engine.Build, _ *engine.Bind, name engine.Word, args []engine.Word) error {
	b.Warn(name.Pos, "'process %s' on 'bind' lines is not supported anymore: remove it (HAProxy asks for 'thread').", args[0].Text)
	return nil
}

func itoa(n int) string { return strconv.Itoa(n) }
