package keyword

import (
	"net/netip"
	"os"

	"hawser/engine"
	"hawser/parser/unit"
)

func init() {
	engine.AddKeywords(engine.Keyword{Name: "source", In: engine.InAllBE, Max: -1,
		Usage: "source <address>[:<port>] [usesrc { <address>[:<port>] | client | clientip | hdr_ip(<header>[,<nth>]) }] [interface <name>]: the address that connections to servers come from", Parse: parseSource})
}

const sourceOnServer = "'source' expects <addr>[:<port>[-<port>]], and optionally 'usesrc' <addr>, and 'interface' <name> as argument."

func parseSource(b *engine.Build, l *engine.Line) error {
	w := word(l, 1)
	if w.Text == "" {
		return fail(w, "'source' expects <addr>[:<port>], and optionally 'usesrc' <addr>, and 'interface' <name>.")
	}
	spec := &engine.SourceSpec{Words: l.Words[1:]}
	if err := sourceAddr(spec, w, unit.SourceWant); err != nil {
		return err
	}
	n, err := sourceOptions(spec, rest(l, 2))
	if err != nil {
		return err
	}
	if n+2 < len(l.Words) {
		return fail(l.Words[n+2], "'source' only supports optional keywords 'interface' and 'usesrc'.")
	}
	b.Px.Source = spec
	return nil
}

// parseServerSource reads the same on a server line.
func parseServerSource(_ *engine.Build, srv *engine.Server, name engine.Word, rest []engine.Word) (int, error) {
	if len(rest) == 0 {
		return 0, fail(name, sourceOnServer)
	}
	spec := &engine.SourceSpec{}
	if err := sourceAddr(spec, rest[0], unit.RangeWant); err != nil {
		return 0, err
	}
	n, err := sourceOptions(spec, rest[1:])
	spec.Words = rest[:1+n]
	srv.Source = spec
	return 1 + n, err
}

func sourceAddr(spec *engine.SourceSpec, w engine.Word, want unit.Want) error {
	want.Env = os.LookupEnv
	a, err := unit.ParseAddr(w.Text, want)
	if err != nil {
		return fail(w, "'source' : %s", err.Error())
	}
	if err := resolveHost(&a); err != nil || !a.IsIP() {
		return fail(w, "'source' : invalid address: '%s' in '%s'", a.Host, w.Text)
	}
	spec.IP, spec.Port, spec.PortHigh = a.IP, a.Port, a.PortHigh
	return nil
}

// sourceOptions reads usesrc and interface and says how many words they took.
func sourceOptions(spec *engine.SourceSpec, words []engine.Word) (n int, err error) {
	for n < len(words) {
		arg := engine.Word{Pos: words[n].Pos}
		if n+1 < len(words) {
			arg = words[n+1]
		}
		switch words[n].Text {
		case "usesrc":
			if err := useSrc(spec, arg); err != nil {
				return n, err
			}
		case "interface":
			if arg.Text == "" {
				return n, fail(arg, "'source' : missing interface name.")
			}
			spec.Interface = arg.Text
		default:
			return n, nil
		}
		n += 2
	}
	return n, nil
}

func useSrc(spec *engine.SourceSpec, w engine.Word) error {
	switch {
	case w.Text == "":
		return fail(w, "'usesrc' expects <addr>[:<port>], 'client', or 'clientip' as argument.")
	case w.Text == "client", w.Text == "clientip":
		spec.UseSrc = w.Text
		return nil
	case len(w.Text) > 7 && w.Text[:7] == "hdr_ip(" && w.Text[len(w.Text)-1] == ')':
		spec.UseSrc = w.Text
		return nil
	}
	a, err := unit.ParseAddr(w.Text, unit.SourceWant)
	if err != nil || !a.IP.IsValid() {
		return fail(w, "'usesrc' : invalid address '%s'", w.Text)
	}
	spec.UseSrc, spec.UseSrcIP = w.Text, netip.AddrPortFrom(a.IP, uint16(a.Port))
	return nil
}
