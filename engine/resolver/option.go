package resolver

import (
	"net/netip"
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
)

// conf is what a server line says of resolution.
type conf struct {
	prefer4 bool
	nets    []netip.Prefix
	dupOK   bool // allow-dup-ip
	noWght  bool // ignore-weight
}

var confs = engine.NewSlot[*engine.Server, conf]("resolve options")

func init() {
	engine.AddServerKeywords(
		engine.ServerKeyword{Name: "resolvers", Args: 1, Missing: "'resolvers' expects <name> as argument", Parse: parseResolvers,
			Usage: "resolvers <name>: ask this section's name servers for the server's address while running"},
		engine.ServerKeyword{Name: "resolve-prefer", Args: 1, Missing: "'resolve-prefer' expects either ipv4 or ipv6 as argument.", Parse: parsePrefer,
			Usage: "resolve-prefer { ipv4 | ipv6 }: which family to take when a name has both"},
		engine.ServerKeyword{Name: "resolve-net", Args: 1, Missing: "'resolve-net' expects a list of networks.", Parse: parseNet,
			Usage: "resolve-net <network>[,...]: prefer addresses of these networks"},
		engine.ServerKeyword{Name: "resolve-opts", Args: 1, Missing: "'resolve-opts' expects a list of options.", Parse: parseOpts,
			Usage: "resolve-opts { allow-dup-ip | ignore-weight | prevent-dup-ip }[,...]: how answers are used"},
	)
	engine.OnFinish(check)
}

func parseResolvers(_ *engine.Build, srv *engine.Server, _ engine.Word, args []engine.Word) error {
	srv.Resolvers = args[0]
	return nil
}

func parsePrefer(_ *engine.Build, srv *engine.Server, _ engine.Word, args []engine.Word) error {
	switch args[0].Text {
	case "ipv4", "ipv6":
		confs.Edit(srv).prefer4 = args[0].Text == "ipv4"
		return nil
	}
	return fail(args[0], "'resolve-prefer' expects either ipv4 or ipv6 as argument.")
}

func parseNet(_ *engine.Build, srv *engine.Server, _ engine.Word, args []engine.Word) error {
	c := confs.Edit(srv)
	for n := range strings.SplitSeq(args[0].Text, ",") {
		p, err := netip.ParsePrefix(n)
		if err != nil {
			ip, aerr := netip.ParseAddr(n)
			if aerr != nil {
				return fail(args[0], "'resolve-net' invalid network '%s'.", n)
			}
			p = netip.PrefixFrom(ip, ip.BitLen())
		}
		c.nets = append(c.nets[:len(c.nets):len(c.nets)], p.Masked())
	}
	return nil
}

func parseOpts(_ *engine.Build, srv *engine.Server, _ engine.Word, args []engine.Word) error {
	c := confs.Edit(srv)
	for o := range strings.SplitSeq(args[0].Text, ",") {
		switch o {
		case "allow-dup-ip":
			c.dupOK = true
		case "ignore-weight":
			c.noWght = true
		case "prevent-dup-ip":
			c.dupOK = false
		default:
			return fail(args[0], "'resolve-opts' : unknown resolve-opts option '%s', supported methods are 'allow-dup-ip', 'ignore-weight', and 'prevent-dup-ip'.", o)
		}
	}
	return nil
}

// check finds the section of each server.
func check(b *engine.Build, px *engine.Proxy) {
	implicit(b)
	set := all.Get(b.RT)
	for _, srv := range px.Servers {
		name := srv.Resolvers
		if name.Text == "" || set.named(name.Text) != nil {
			continue
		}
		d := b.Alert(name.Pos, "backend '%s', server '%s': unable to find required resolvers '%s'", px.Name, srv.Name, name.Text).AsLate()
		if set != nil {
			var names []string
			for _, r := range set.list {
				names = append(names, r.name)
			}
			near, _ := engine.NearestOf(name.Text, names)
			d.WithHint(near)
		}
	}
}

const implicitName = "default"

// implicit makes the section "default" of the system's name servers, when the file
// has none and the system has some.
func implicit(b *engine.Build) {
	set := all.Edit(b.RT)
	if set.named(implicitName) != nil {
		return
	}
	r := newSection(implicitName, diag.Pos{})
	if r.readSystem() && len(r.servers) > 0 {
		set.list = append(set.list, r)
	}
}
