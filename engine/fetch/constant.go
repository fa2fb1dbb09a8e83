package fetch

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	mrand "math/rand/v2"
	"net/netip"
	"os"
	"strconv"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/htx"
)

func init() {
	fixed := func(name string, out engine.Type, t engine.ArgType, usage string, read func(engine.Arg) (smp, error)) {
		engine.AddFetches(engine.Fetch{Name: name, Out: out, Args: engine.Args(t), Where: engine.Everywhere, Const: true, Usage: usage,
			Make: func(_ *engine.Build, a args) (engine.FetchFunc, error) {
				s, err := read(a[0])
				return func(env, args) (smp, stat) { return s, found }, err
			}})
	}
	fixed("str", engine.TStr, engine.ArgStr, "(string): the string itself.", func(a engine.Arg) (smp, error) { return engine.Str([]byte(a.Text)), nil })
	fixed("int", engine.TSint, engine.ArgInt, "(integer): the integer itself.", func(a engine.Arg) (smp, error) { return engine.Sint(a.Int), nil })
	fixed("ipv4", engine.TIPv4, engine.ArgIPv4, "(address): the IPv4 address itself.", constIP(netip.Addr.Is4))
	fixed("ipv6", engine.TIPv6, engine.ArgIPv6, "(address): the IPv6 address itself.", constIP(netip.Addr.Is6))
	fixed("meth", engine.TMeth, engine.ArgStr, "(method): the HTTP method itself.", func(a engine.Arg) (smp, error) {
		id := htx.KnownMethod([]byte(a.Text))
		s := smp{Type: engine.TMeth, Int: int64(id)}
		if id == htx.OtherMethod {
			s.B = []byte(a.Text)
		}
		return s, nil
	})
	fixed("bool", engine.TBool, engine.ArgStr, "(bool): true (or 1) or false (or 0).", func(a engine.Arg) (smp, error) {
		switch a.Text {
		case "true", "1":
			return engine.Bool(true), nil
		case "false", "0":
			return engine.Bool(false), nil
		}
		return smp{}, errText("Expects 'true', 'false', '0' or '1'")
	})
	fixed("bin", engine.TBin, engine.ArgStr, "(hex): the bytes written in hexadecimal.", func(a engine.Arg) (smp, error) {
		b, err := hex.DecodeString(a.Text)
		if err != nil {
			if len(a.Text)%2 != 0 {
				return smp{}, errText("an even number of hex digit is expected")
			}
			return smp{}, errText("an hex digit is expected")
		}
		return engine.Bin(b), nil
	})
	fixed("env", engine.TStr, engine.ArgStr, "(name): the value of an environment variable.", func(a engine.Arg) (smp, error) {
		return engine.Str([]byte(os.Getenv(a.Text))), nil
	})
	everywhere := func(name string, out engine.Type, usage string, f engine.FetchFunc) {
		engine.AddFetches(row(name, out, engine.Everywhere, usage, f))
	}
	everywhere("always_true", engine.TBool, "True.", func(env, args) (smp, stat) { return boolean(true) })
	everywhere("always_false", engine.TBool, "False.", func(env, args) (smp, stat) { return boolean(false) })
	everywhere("pid", engine.TSint, "The process's number.", func(env, args) (smp, stat) { return sint(int64(os.Getpid())) })
	everywhere("nbproc", engine.TSint, "How many processes serve: always 1.", func(env, args) (smp, stat) { return sint(1) })
	everywhere("proc", engine.TSint, "The number of this process: always 1.", func(env, args) (smp, stat) { return sint(1) })
	everywhere("thread", engine.TSint, "The number of the thread, which streams here do not have: 0.", func(env, args) (smp, stat) { return sint(0) })
	everywhere("tgroup", engine.TSint, "The number of the thread group: always 1.", func(env, args) (smp, stat) { return sint(1) })
	everywhere("quic_enabled", engine.TBool, "True if QUIC listeners are enabled: never.", func(env, args) (smp, stat) { return boolean(false) })
	everywhere("date_us", engine.TSint, "The microseconds of the current date.", func(env, args) (smp, stat) {
		return sint(clock.WallNano() / 1e3 % 1e6)
	})
	everywhere("hostname", engine.TStr, "The system's host name.", func(e env, _ args) (smp, stat) { return text(e, hostname) })
	everywhere("uptime", engine.TSint, "Seconds since the process began.", func(e env, _ args) (smp, stat) {
		if e.RT == nil || e.RT.Proc == nil {
			return none()
		}
		return sint(int64(clock.Wall().Sub(e.RT.Proc.Started) / time.Second))
	})
	engine.AddFetches(
		checked(1, withArgs(engine.OptArgs(0, engine.ArgInt, engine.ArgStr), row("date", engine.TSint, engine.Everywhere,
			"([offset[,unit]]): the current date in seconds since the epoch, or in ms or us, plus the offset.", date))),
		withArgs(engine.OptArgs(0, engine.ArgInt), row("rand", engine.TSint, engine.Everywhere,
			"([range]): a random integer below the range, 2^32 by default.", random)),
		engine.Fetch{Name: "uuid", Out: engine.TStr, Where: engine.Everywhere, Args: engine.OptArgs(0, engine.ArgInt), Usage: "([version]): a UUID of version 4 (default) or 7.",
			Check: func(_ *engine.Build, a []engine.Arg) error {
				if given(a, 0) && a[0].Int != 4 && a[0].Int != 7 {
					return errText("Unsupported UUID version: '" + strconv.FormatInt(a[0].Int, 10) + "'")
				}
				return nil
			}, Eval: uuid},
	)
}

// checked holds the i-th argument to the units of dates.
func checked(i int, f engine.Fetch) engine.Fetch {
	f.Check = func(_ *engine.Build, a []engine.Arg) error {
		if !given(a, i) || a[i].Text == "s" || a[i].Text == "ms" || a[i].Text == "us" {
			return nil
		}
		return errText("expects 's', 'ms' or 'us', got '" + a[i].Text + "'")
	}
	return f
}

var hostname, _ = os.Hostname()

func constIP(family func(netip.Addr) bool) func(engine.Arg) (smp, error) {
	return func(a engine.Arg) (smp, error) {
		if !family(a.IP) {
			return smp{}, errText("'" + a.Text + "' is of the other family")
		}
		if a.IP.Is4() {
			return engine.IP(a.IP), nil
		}
		return smp{Type: engine.TIPv6, IP: a.IP.WithZone("")}, nil
	}
}

func date(_ env, a args) (smp, stat) {
	ns := clock.WallNano()
	if given(a, 1) {
		switch a[1].Text {
		case "ms":
			return sint(ns/1e6 + a[0].Int)
		case "us":
			return sint(ns/1e3 + a[0].Int)
		}
	}
	v := ns / 1e9
	if given(a, 0) {
		v += a[0].Int
	}
	return sint(v)
}

func random(_ env, a args) (smp, stat) {
	if given(a, 0) && a[0].Int > 0 {
		return sint(mrand.Int64N(a[0].Int))
	}
	return sint(int64(mrand.Uint32()))
}

func uuid(e env, a args) (smp, stat) {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	if given(a, 0) && a[0].Int == 7 {
		ms := uint64(clock.WallNano() / 1e6)
		var t [8]byte
		binary.BigEndian.PutUint64(t[:], ms)
		copy(b[:6], t[2:])
		b[6] = b[6]&0x0f | 0x70
	}
	b[8] = b[8]&0x3f | 0x80
	m := e.Mark()
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			e.Tmp = append(e.Tmp, '-')
		}
		e.Tmp = append(e.Tmp, hexDigits[c>>4], hexDigits[c&15])
	}
	return str(e.Since(m))
}

const hexDigits = "0123456789abcdef"
