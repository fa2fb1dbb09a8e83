package sticktable

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"hawser/engine"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

func init() {
	engine.AddKeywords(engine.Keyword{Name: "stick-table", In: engine.InProxy, Min: 1, Max: -1,
		Usage: "stick-table type { ip | ipv4 | ipv6 | integer | string [len <n>] | binary [len <n>] } size <size> [expire <time>] [nopurge] [srvkey { name | addr }] [store <type>]...: a table of what is known of clients",
		Parse: parseTable})
	engine.OnCommit(func(rt *engine.Runtime) {
		for _, c := range tablesOf(rt).byName {
			c.t.size.Store(c.size)
			c.t.expire.Store(c.expire.Milliseconds())
			c.t.noPurge.Store(c.noPurge)
		}
	})
}

// conf is a stick-table line.
type conf struct {
	name    string
	pos     diag.Pos
	typ     engine.Type
	keyLen  int
	size    int64
	expire  time.Duration
	noPurge bool
	byAddr  bool
	layout  layout
	store   []stored
	t       *table
}

type stored struct {
	k      kind
	n      int
	period time.Duration
}

// tables are the tables of a generation.
type tables struct {
	byName map[string]*conf
	order  []string
	track  bool // some rule tracks
}

var tableSlot = engine.NewSlot[*engine.Runtime, tables]("stick tables")

func tablesOf(rt *engine.Runtime) *tables {
	if ts := tableSlot.Get(rt); ts != nil {
		return ts
	}
	return &tables{}
}

func edit(rt *engine.Runtime) *tables {
	ts := tableSlot.Edit(rt)
	if ts.byName == nil {
		ts.byName = map[string]*conf{}
	}
	return ts
}

func parseTable(b *engine.Build, l *engine.Line) error {
	ts := edit(b.RT)
	if old := ts.byName[b.Px.Name]; old != nil {
		return diag.Errorf(l.Words[0].Pos, "stick-table name '%s' conflicts with table declared in %s '%s' at %s.", b.Px.Name, b.Px.Kind, old.name, old.pos)
	}
	c := &conf{name: b.Px.Name, pos: l.Words[0].Pos}
	if err := c.parse(b, l); err != nil {
		return err
	}
	ts.byName[c.name] = c
	ts.order = append(ts.order, c.name)
	b.At(engine.StageFinish, func() { c.make(b) })
	return nil
}

// make finds the table of the generation before or makes a new one.
func (c *conf) make(b *engine.Build) {
	c.layout = newLayout()
	for k := range nKinds {
		for _, s := range c.store {
			if s.k == k {
				c.layout.add(k, s.n, s.period)
			}
		}
	}
	if b.Old != nil {
		if old := tablesOf(b.Old).byName[c.name]; old != nil && old.t != nil {
			if old.typ == c.typ && old.keyLen == c.keyLen && old.layout == c.layout {
				c.t = old.t
				return
			}
			b.Warn(c.pos, "stick-table '%s' changed its layout: its entries are lost.", c.name)
		}
	}
	c.t = newTable(c.name, c.typ, c.keyLen, c.layout, c.size)
	c.t.size.Store(c.size)
	c.t.expire.Store(c.expire.Milliseconds())
	c.t.noPurge.Store(c.noPurge)
	c.t.byAddr = c.byAddr
}

var keyTypes = map[string]engine.Type{"ip": engine.TIPv4, "ipv4": engine.TIPv4, "ipv6": engine.TIPv6, "integer": engine.TSint, "string": engine.TStr, "binary": engine.TBin}

func (c *conf) parse(b *engine.Build, l *engine.Line) error {
	w := l.Words[1:]
	fail := func(at engine.Word, format string, a ...any) error {
		return diag.Errorf(at.Pos, "stick-table: "+format, a...)
	}
	for len(w) > 0 {
		name := w[0]
		arg := engine.Word{Pos: name.Pos}
		if len(w) > 1 {
			arg = w[1]
		}
		used := 2
		switch name.Text {
		case "type":
			t, ok := keyTypes[arg.Text]
			if !ok {
				return fail(arg, "unknown type '%s'.", arg.Text)
			}
			c.typ, c.keyLen = t, 32
			if t != engine.TStr && t != engine.TBin {
				c.keyLen = map[engine.Type]int{engine.TIPv4: 4, engine.TIPv6: 16, engine.TSint: 4}[t]
			} else if len(w) > 2 && w[2].Text == "len" {
				n := 0
				if len(w) > 3 {
					n, _ = strconv.Atoi(w[3].Text)
				}
				if n <= 0 {
					return diag.Errorf(w[2].Pos, "'len' expects a positive integer argument.")
				}
				c.keyLen, used = n, 4
			} else if t == engine.TStr {
				c.keyLen = 31 // HAProxy counts the byte behind the text
			}
		case "size":
			n, err := unit.Size(arg.Text)
			if err != nil {
				return fail(arg, "unexpected character '%s' in argument of '%s'.", firstBad(arg.Text), name.Text)
			}
			c.size = int64(n)
		case "expire":
			if arg.Text == "" {
				return fail(name, "missing argument after 'expire'.")
			}
			d, err := unit.Time(arg.Text, time.Millisecond)
			if err != nil {
				return fail(arg, "unexpected character '%s' in argument of 'expire'.", firstBad(arg.Text))
			}
			c.expire = d
		case "nopurge":
			c.noPurge, used = true, 1
		case "recv-only":
			used = 1
			noEffect(b, name)
		case "srvkey":
			if arg.Text != "name" && arg.Text != "addr" {
				return diag.Errorf(arg.Pos, "stick-table : unknown server key type '%s'.", arg.Text)
			}
			c.byAddr = arg.Text == "addr"
		case "peers":
			b.At(engine.StageFinish, func() { knownPeers(b, c.name, arg) })
			b.Notice(arg.Pos, "stick-table '%s' is not synchronized with peers '%s': Hawser does not talk to peers yet.", c.name, arg.Text)
		case "write-to", "brates-factor":
			noEffect(b, name)
		case "store":
			if err := c.stores(b, arg); err != nil {
				return err
			}
		default:
			return fail(name, "unknown argument '%s'.", name.Text)
		}
		w = w[min(used, len(w)):]
	}
	if c.size == 0 {
		return fail(l.Words[0], "missing size.")
	}
	if c.typ == engine.TAny {
		return fail(l.Words[0], "missing type.")
	}
	return nil
}

// firstBad is the first character of a number that is none.
func firstBad(s string) string {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return s[i : i+1]
		}
	}
	return ""
}

// stores reads "conn_cnt,conn_rate(10s),gpc(2)".
func (c *conf) stores(b *engine.Build, w engine.Word) error {
	rest := w.Text
	for rest != "" {
		end, depth := 0, 0
		for end < len(rest) && (rest[end] != ',' || depth > 0) {
			switch rest[end] {
			case '(':
				depth++
			case ')':
				depth--
			}
			end++
		}
		item := strings.TrimSpace(rest[:end])
		rest = rest[min(end+1, len(rest)):]
		if item == "" {
			continue
		}
		if err := c.storeOne(b, w, item); err != nil {
			return err
		}
	}
	return nil
}

func (c *conf) storeOne(b *engine.Build, w engine.Word, item string) error {
	fail := func(format string, a ...any) error { return diag.Errorf(w.Pos, "stick-table: "+format, a...) }
	name, args, _ := strings.Cut(item, "(")
	if name == "server_name" {
		name = "server_key"
	}
	k, ok := kindOf(name)
	if !ok {
		return fail("unknown store option '%s'.", name)
	}
	for _, s := range c.store {
		if s.k == k {
			b.Warn(w.Pos, "stick-table: store option '%s' already enabled, ignored.", name)
			return nil
		}
	}
	s := stored{k: k, n: 1}
	list := strings.Split(strings.TrimSuffix(args, ")"), ",")
	if shapes[k].array {
		n, err := strconv.Atoi(list[0])
		if err != nil || n < 1 || n > 100 {
			return fail("array size is out of allowed range (1-100) for store option '%s'.", name)
		}
		s.n, list = n, list[1:]
	}
	if shapes[k].rate {
		if len(list) == 0 || list[0] == "" {
			return fail("missing argument to store option '%s'.", name)
		}
		d, err := unit.Time(list[0], time.Millisecond)
		if err != nil || d <= 0 {
			return fail("error when processing store option '%s'.", name)
		}
		s.period = d
	}
	c.store = append(c.store, s)
	return nil
}

// need has a table store the server's number, for stick rules.
func (c *conf) need(k kind) {
	for _, s := range c.store {
		if s.k == k {
			return
		}
	}
	c.store = append(c.store, stored{k: k, n: 1})
}

// ref is a table that a rule or a sample names, resolved after all sections.
type ref struct{ c *conf }

func (r *ref) table() *table {
	if r.c == nil {
		return nil
	}
	return r.c.t
}

// lookup resolves a table's name later; the current proxy's own where it is empty.
func lookup(b *engine.Build, name string, pos diag.Pos, who string, found func(*conf)) *ref {
	r := &ref{}
	b.Later(func() {
		n := name
		if n == "" && b.Px != nil {
			n = b.Px.Name
		}
		if r.c = tablesOf(b.RT).byName[n]; r.c == nil {
			px := ""
			if b.Px != nil {
				px = b.Px.Name
			}
			if who == "'stick' rule" {
				b.Alert(pos, "Proxy '%s': unable to find stick-table '%s'.", px, n).AsBare()
				return
			}
			b.Alert(pos, "Proxy '%s': unable to find table '%s' referenced by %s.", px, n, who).AsBare()
			return
		}
		if found != nil {
			found(r.c)
		}
	})
	return r
}

// noEffect tells of a word that is accepted and does nothing yet.
func noEffect(b *engine.Build, w engine.Word) {
	b.Notice(w.Pos, "stick-table: '%s' has no effect in Hawser yet", w.Text)
}

// knownPeers refuses the name of a peers section that is not there.
func knownPeers(b *engine.Build, proxy string, w engine.Word) {
	if !slices.Contains(b.RT.Peers, w.Text) {
		b.Alert(w.Pos, "Proxy '%s': unable to find sync peers '%s'.", proxy, w.Text).AsBare()
	}
}
