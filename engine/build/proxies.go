package build

import (
	"hawser/engine"
)

var kinds = map[string]struct {
	side engine.Side
	in   engine.In
}{
	"defaults": {engine.IsDefaults, engine.InDefaults},
	"frontend": {engine.Front, engine.InFrontend},
	"backend":  {engine.Back, engine.InBackend},
	"listen":   {engine.Front | engine.Back, engine.InListen},
}

// proxy opens a proxy or defaults section and reads its lines.
func (w *walker) proxy(s *engine.Section) {
	kind := s.Kind.Text
	k := kinds[kind]
	px := &engine.Proxy{Kind: kind, Side: k.side, Pos: s.Kind.Pos, RT: w.RT, ACLs: map[string]*engine.ACL{}}
	engine.SetProxyDefaults(px)
	w.Px = px
	args := w.header(s, px)
	if k.side != engine.IsDefaults {
		px.State = &engine.ProxyState{}
		w.nextID++
		px.ID = w.nextID
		w.RT.Proxies = append(w.RT.Proxies, px)
		w.legacyAddress(s, args)
	}
	in := k.in
	if k.side == engine.IsDefaults {
		w.defaults = px
		if px.Name != "" {
			w.named[px.Name] = px
			w.RT.Defaults = append(w.RT.Defaults, px)
			in |= engine.InNamedDefaults
		}
	}
	for _, l := range s.Lines {
		w.line(l, in, kind)
	}
}

// header reads the section's name and "from", and takes the defaults over.
func (w *walker) header(s *engine.Section, px *engine.Proxy) (rest []engine.Word) {
	args := s.Args
	if len(args) > 0 && args[0].Text != "from" {
		px.Name = args[0].Text
		w.checkName(s, args[0], px)
		args = args[1:]
	} else if px.Side != engine.IsDefaults {
		w.Alert(s.Kind.Pos, "'%s' expects an <id> argument", px.Kind)
	}
	from := w.defaults
	if px.Side == engine.IsDefaults {
		from = nil
	}
	for i := range args {
		if args[i].Text != "from" {
			continue
		}
		if i+1 >= len(args) {
			w.Alert(args[i].Pos, "'from' expects a 'defaults' section name.").AsTight()
		} else if d := w.named[args[i+1].Text]; d != nil {
			from = d
		} else {
			w.Alert(args[i+1].Pos, "Cannot find defaults section '%s' for %s '%s'.", args[i+1].Text, px.Kind, px.Name)
		}
		args = args[:i]
		break
	}
	if from != nil {
		px.Inherit(from)
	}
	return args
}

func (w *walker) checkName(s *engine.Section, name engine.Word, px *engine.Proxy) {
	if i := badNameByte(name.Text); i >= 0 {
		w.Alert(name.Sub(i, i+1), "character '%c' is not permitted in '%s' name '%s'.", name.Text[i], s.Kind.Text, name.Text)
	}
	for _, p := range w.RT.Proxies {
		if p.Name != name.Text {
			continue
		}
		switch {
		case p.Side&px.Side != 0:
			w.Alert(name.Pos, "%s '%s' has the same name as %s '%s' declared at %s.", px.Kind, px.Name, p.Kind, p.Name, p.Pos).
				WithRelated(p.Pos, "the first one")
		default:
			w.Warn(name.Pos, "%s '%s' has the same name as %s '%s' declared at %s. HAProxy 3.3 and later refuse this; Hawser runs it.", px.Kind, px.Name, p.Kind, p.Name, p.Pos).
				WithRelated(p.Pos, "the first one")
		}
	}
	if d := w.named[name.Text]; px.Side == engine.IsDefaults && d != nil {
		w.Alert(name.Pos, "a defaults section named '%s' was already declared at %s.", name.Text, d.Pos).
			WithRelated(d.Pos, "the first one")
	}
}

func badNameByte(s string) int {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' || c == ':') {
			return i
		}
	}
	return -1
}

// legacyAddress reads "listen name addr:port", which HAProxy has dropped.
func (w *walker) legacyAddress(s *engine.Section, args []engine.Word) {
	if len(args) == 0 {
		return
	}
	if w.Px.Side&engine.Front == 0 {
		w.Alert(args[0].Pos, "'%s' cannot handle unexpected argument '%s'.", s.Kind.Text, args[0].Text)
		return
	}
	w.Warn(args[0].Pos, "the '%s' section takes no address any more: write 'bind %s' inside it.", s.Kind.Text, args[0].Text)
	bind, ok := engine.Keywords.Get("bind")
	if !ok {
		return
	}
	word := s.Kind
	word.Text = "bind"
	w.Report(args[0].Pos, bind.Parse(w.Build, &engine.Line{Words: append([]engine.Word{word}, args...), Pos: s.Pos}))
}
