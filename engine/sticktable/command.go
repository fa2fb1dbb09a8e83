package sticktable

import (
	"cmp"
	"encoding/hex"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"hawser/engine"
	"hawser/engine/clock"
)

func init() {
	engine.AddCommands(
		engine.Command{Words: "show table", Level: engine.LevelUser, Usage: "[<table> [data.<type> <op> <value>]* | key <key> | ptr <ptr>]: list the stick tables or one's entries", Run: showTable},
		engine.Command{Words: "clear table", Level: engine.LevelAdmin, Usage: "<table> [data.<type> <op> <value> | key <key> | ptr <ptr>]: remove entries", Run: clearTable},
		engine.Command{Words: "set table", Level: engine.LevelAdmin, Usage: "<table> key <key> [data.<type> <value>]*: write an entry", Run: setTable},
	)
}

var typeNames = map[engine.Type]string{engine.TIPv4: "ip", engine.TIPv6: "ipv6", engine.TSint: "integer", engine.TStr: "string", engine.TBin: "binary"}

func (t *table) head() string {
	return "# table: " + t.name + ", type: " + typeNames[t.typ] + ", size:" + strconv.FormatInt(t.size.Load(), 10) + ", used:" + strconv.FormatInt(t.sweep(), 10) + "\n"
}

func showTable(c *engine.CLI, args []string) error {
	ts := tablesOf(c.RT)
	if len(args) == 0 {
		names := slices.Clone(ts.order)
		slices.Reverse(names)
		for _, n := range names {
			c.Print(ts.byName[n].t.head())
		}
		return nil
	}
	cf := ts.byName[args[0]]
	if cf == nil {
		return engine.Refuse("No such table\n")
	}
	fit, err := filter(cf.t, args[1:], "show")
	if err != nil {
		return err
	}
	if len(args) == 1 || strings.HasPrefix(args[1], "data.") {
		c.Print(cf.t.head())
		return dump(c, cf.t, fit)
	}
	var found []*entry
	for _, en := range cf.t.all() {
		if fit(en) {
			found = append(found, en)
		}
	}
	if len(found) == 0 {
		return nil
	}
	c.Print(cf.t.head())
	for _, en := range found {
		c.Out = en.append(c.Out)
	}
	return nil
}

func dump(c *engine.CLI, t *table, fit func(*entry) bool) error {
	for _, en := range t.all() {
		if !fit(en) {
			continue
		}
		c.Out = en.append(c.Out)
		if len(c.Out) > 32<<10 && c.Flush != nil {
			if err := c.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (en *entry) pointer() uint64 { return uint64(uintptr(unsafe.Pointer(en))) }

// append writes an entry as "show table" does.
func (en *entry) append(dst []byte) []byte {
	dst = append(dst, "0x"...)
	dst = strconv.AppendUint(dst, en.pointer(), 16)
	dst = append(dst, ": key="...)
	dst = en.appendKey(dst)
	dst = append(dst, " use="...)
	dst = strconv.AppendInt(dst, int64(en.refs.Load()), 10)
	dst = append(dst, " exp="...)
	dst = strconv.AppendInt(dst, en.left(clock.Now()).Milliseconds(), 10)
	dst = append(dst, " shard=0"...)
	l := &en.t.layout
	for k := range nKinds {
		if !l.has(k) {
			continue
		}
		if k == serverKey {
			key := "-"
			if p := en.srvKey.Load(); p != nil {
				key = *p
			}
			dst = append(append(dst, " server_key="...), key...)
			continue
		}
		for i := range int(l.n[k]) {
			dst = append(append(dst, ' '), label(l, k, i)...)
			v, _ := en.value(k, i)
			dst = strconv.AppendInt(append(dst, '='), v, 10)
		}
	}
	return append(dst, '\n')
}

func label(l *layout, k kind, i int) string {
	n := shapes[k].name
	if shapes[k].array {
		base, rate, _ := strings.Cut(n, "_")
		n = base + strconv.Itoa(i)
		if rate != "" {
			n += "_" + rate
		}
	}
	if shapes[k].rate {
		n += "(" + strconv.FormatInt(l.period[k].Milliseconds(), 10) + ")"
	}
	return n
}

func (en *entry) appendKey(dst []byte) []byte {
	s := en.keySample()
	switch s.Type {
	case engine.TIPv4, engine.TIPv6:
		return s.IP.AppendTo(dst)
	case engine.TSint:
		return strconv.AppendInt(dst, s.Int, 10)
	case engine.TStr:
		return append(dst, s.B...)
	}
	return append(dst, strings.ToUpper(hex.EncodeToString(s.B))...)
}

// parseKey reads a key as a command writes it.
func (t *table) parseKey(text string) ([]byte, bool) {
	e := &engine.Env{}
	var s engine.Sample
	switch t.typ {
	case engine.TIPv4, engine.TIPv6:
		a, err := netip.ParseAddr(text)
		if err != nil {
			return nil, false
		}
		s = engine.IP(a)
	case engine.TSint:
		v, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return nil, false
		}
		s = engine.Sint(int64(v))
	case engine.TBin:
		b, err := hex.DecodeString(text)
		if err != nil {
			return nil, false
		}
		s = engine.Bin(b)
	default:
		s = engine.Str([]byte(text))
	}
	return t.makeKey(e, &s)
}

// filter reads the conditions behind a table's name.
func filter(t *table, args []string, verb string) (func(*entry) bool, error) {
	if len(args) == 0 {
		return func(*entry) bool { return true }, nil
	}
	switch {
	case args[0] == "key" && len(args) >= 2:
		key, ok := t.parseKey(args[1])
		if !ok {
			return nil, engine.Refuse("Invalid key\n")
		}
		return func(en *entry) bool { return en.key == string(key) }, nil
	case args[0] == "ptr" && len(args) >= 2:
		p, err := strconv.ParseUint(strings.TrimPrefix(args[1], "0x"), 16, 64)
		if err != nil {
			return nil, engine.Refuse("Invalid ptr\n")
		}
		return func(en *entry) bool { return en.pointer() == p }, nil
	case strings.HasPrefix(args[0], "data."):
		return dataFilter(t, args)
	}
	return nil, engine.Refuse("Optional argument only supports \"data.<store_data_type>\" <operator> <value> or key <key> or ptr <ptr>\n")
}

var operators = map[string]func(int) bool{
	"eq": func(c int) bool { return c == 0 }, "ne": func(c int) bool { return c != 0 }, "le": func(c int) bool { return c <= 0 },
	"ge": func(c int) bool { return c >= 0 }, "lt": func(c int) bool { return c < 0 }, "gt": func(c int) bool { return c > 0 },
}

func dataFilter(t *table, args []string) (func(*entry) bool, error) {
	type test struct {
		k  kind
		i  int
		op func(int) bool
		v  int64
	}
	var tests []test
	for n := 1; len(args) > 0; n++ {
		at := "Filter entry #" + strconv.Itoa(n) + ": "
		if !strings.HasPrefix(args[0], "data.") {
			return nil, engine.Refuse(at + "Data type expected\n")
		}
		k, i, ok := dataName(args[0][5:])
		if !ok {
			return nil, engine.Refuse(at + "Unknown data type\n")
		}
		if !t.layout.has(k) {
			return nil, engine.Refuse(at + "Data type not stored in this table\n")
		}
		if len(args) < 2 || operators[args[1]] == nil {
			return nil, engine.Refuse(at + "Require and operator among \"eq\", \"ne\", \"le\", \"ge\", \"lt\", \"gt\"\n")
		}
		if len(args) < 3 {
			return nil, engine.Refuse(at + "Require a valid integer value to compare against\n")
		}
		v, err := strconv.ParseInt(args[2], 10, 64)
		if err != nil {
			return nil, engine.Refuse(at + "Require a valid integer value to compare against\n")
		}
		tests = append(tests, test{k, i, operators[args[1]], v})
		args = args[3:]
	}
	return func(en *entry) bool {
		for _, x := range tests {
			v, _ := en.value(x.k, x.i)
			if !x.op(cmp.Compare(v, x.v)) {
				return false
			}
		}
		return true
	}, nil
}

// dataName reads "gpt[1]" or "conn_cnt".
func dataName(s string) (k kind, i int, ok bool) {
	name, index, has := strings.Cut(s, "[")
	if has {
		i, _ = strconv.Atoi(strings.TrimSuffix(index, "]"))
	}
	k, ok = kindOf(name)
	return k, i, ok
}

func find(c *engine.CLI, args []string, usage string) (*table, error) {
	if len(args) == 0 {
		return nil, engine.Refuse(usage)
	}
	cf := tablesOf(c.RT).byName[args[0]]
	if cf == nil {
		return nil, engine.Refuse("No such table\n")
	}
	return cf.t, nil
}

func clearTable(c *engine.CLI, args []string) error {
	t, err := find(c, args, "Required arguments: <table> \"data.<store_data_type>\" <operator> <value> or <table> key <key> or <table> ptr <ptr>\n")
	if err != nil {
		return err
	}
	fit, err := filter(t, args[1:], "clear")
	if err != nil {
		return err
	}
	busy := false
	for _, en := range t.all() {
		if fit(en) && !en.delete() {
			busy = true
		}
	}
	if busy && len(args) > 2 && args[1] == "key" {
		return engine.Refuse("Entry currently in use, cannot remove\n")
	}
	return nil
}

func setTable(c *engine.CLI, args []string) error {
	const usage = "Required arguments: <table> key <key> [data.<store_data_type> <value>]* or <table> ptr <ptr> [data.<store_data_type> <value>]*\n"
	t, err := find(c, args, usage)
	if err != nil {
		return err
	}
	if len(args) < 3 || args[1] != "key" {
		return engine.Refuse(usage)
	}
	key, ok := t.parseKey(args[2])
	if !ok {
		return engine.Refuse("Invalid key\n")
	}
	type change struct {
		k kind
		i int
		v uint64
	}
	var changes []change
	for rest := args[3:]; len(rest) > 0; rest = rest[2:] {
		if !strings.HasPrefix(rest[0], "data.") || len(rest) < 2 {
			return engine.Refuse("\"data.<type>\" followed by a value expected\n")
		}
		k, i, ok := dataName(rest[0][5:])
		if !ok {
			return engine.Refuse("Unknown data type\n")
		}
		if !t.layout.has(k) {
			return engine.Refuse("Data type not stored in this table\n")
		}
		v, err := strconv.ParseInt(rest[1], 10, 64)
		if err != nil {
			return engine.Refuse("Require a valid integer value to store\n")
		}
		changes = append(changes, change{k, i, uint64(v)})
	}
	en := t.get(key, 0)
	if en == nil {
		return engine.Refuse("Unable to allocate a new entry\n")
	}
	for _, x := range changes {
		cl := en.cell(x.k, x.i)
		switch {
		case cl == nil:
		case shapes[x.k].rate:
			cl.f.SetState(clock.Now(), 0, x.v, 0)
		default:
			cl.n.Store(x.v)
		}
	}
	return nil
}
