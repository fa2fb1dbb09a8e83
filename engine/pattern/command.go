package pattern

import (
	"strconv"
	"strings"
	"unsafe"

	"hawser/engine"
)

func init() {
	for _, isMap := range []bool{false, true} {
		k := kindCommands{isMap: isMap, name: "acl", title: "ACL"}
		if isMap {
			k.name, k.title = "map", "map"
		}
		engine.AddCommands(
			engine.Command{Words: "show " + k.name, Level: engine.LevelUser, Usage: "[@<ver>] [<" + k.name + ">]: list all, or the entries of one", Run: k.show},
			engine.Command{Words: "get " + k.name, Level: engine.LevelUser, Usage: "<" + k.name + "> <value>: what a value matches", Run: k.get},
			engine.Command{Words: "add " + k.name, Level: engine.LevelAdmin, Usage: "[@<ver>] <" + k.name + "> <key> [<value>]: add an entry, or many as payload", Run: k.add},
			engine.Command{Words: "del " + k.name, Level: engine.LevelAdmin, Usage: "<" + k.name + "> { <key> | #<ref> }: remove entries", Run: k.del},
			engine.Command{Words: "clear " + k.name, Level: engine.LevelAdmin, Usage: "[@<ver>] <" + k.name + ">: remove all entries", Run: k.clear},
			engine.Command{Words: "prepare " + k.name, Level: engine.LevelAdmin, Usage: "<" + k.name + ">: open a new version to fill", Run: k.prepare},
			engine.Command{Words: "commit " + k.name, Level: engine.LevelAdmin, Usage: "@<ver> <" + k.name + ">: put a prepared version in force", Run: k.commit},
		)
		if isMap {
			engine.AddCommands(engine.Command{Words: "set map", Level: engine.LevelAdmin, Usage: "<map> { <key> | #<ref> } <value>: change an entry's value", Run: k.set})
		}
	}
}

// kindCommands are the commands of ACLs or those of maps.
type kindCommands struct {
	isMap       bool
	name, title string
}

func (k kindCommands) mine(r *Ref) bool { return r.IsMap == k.isMap }

// find returns the set that a command names.
func (k kindCommands) find(c *engine.CLI, id string) (*Ref, error) {
	bad := engine.Refuse("Unknown " + k.title + " identifier. Please use #<id> or <file>.\n")
	rs := refSlot.Get(c.RT)
	if rs == nil || id == "" {
		return nil, bad
	}
	if id[0] == '#' {
		n, err := strconv.Atoi(id[1:])
		if err != nil {
			return nil, bad
		}
		for _, r := range rs.all {
			if r.ID == n && k.mine(r) {
				return r, nil
			}
		}
		return nil, bad
	}
	if r := rs.files[id]; r != nil && k.mine(r) {
		return r, nil
	}
	return nil, bad
}

// version takes "@n" off the arguments.
func version(args []string) (gen uint32, given bool, rest []string, err error) {
	if len(args) == 0 || !strings.HasPrefix(args[0], "@") {
		return 0, false, args, nil
	}
	v, perr := strconv.ParseUint(args[0][1:], 10, 32)
	if perr != nil {
		v = 0
	}
	return uint32(v), true, args[1:], nil
}

func (k kindCommands) show(c *engine.CLI, args []string) error {
	gen, given, args, err := version(args)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		k.list(c)
		return nil
	}
	r, err := k.find(c, args[0])
	if err != nil {
		return err
	}
	if !given {
		gen, _, _ = r.Versions()
	}
	for _, en := range r.Snapshot(gen) {
		c.Out = en.append(c.Out, r.IsMap)
		if len(c.Out) > 32<<10 && c.Flush != nil {
			if err := c.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (en *Entry) append(dst []byte, isMap bool) []byte {
	dst = append(dst, "0x"...)
	dst = strconv.AppendUint(dst, en.pointer(), 16)
	dst = append(append(dst, ' '), en.Key...)
	if isMap {
		dst = append(append(dst, ' '), en.Val...)
	}
	return append(dst, '\n')
}

func (en *Entry) pointer() uint64 { return uint64(uintptr(unsafe.Pointer(en))) }

func (k kindCommands) list(c *engine.CLI) {
	c.Print("# id (file) description\n")
	rs := refSlot.Get(c.RT)
	if rs == nil {
		return
	}
	byID := map[int]*Ref{}
	for _, r := range rs.all {
		byID[r.ID] = r
	}
	for id := 0; len(byID) > 0 && id <= rs.last+len(rs.ids)+1; id++ {
		r := byID[id]
		if r == nil || !k.mine(r) {
			continue
		}
		curr, next, n := r.Versions()
		c.Print(strconv.Itoa(r.ID) + " (" + r.File + ") " + r.describe() + ". curr_ver=" + strconv.Itoa(int(curr)) +
			" next_ver=" + strconv.Itoa(int(next)) + " entry_cnt=" + strconv.Itoa(n) + "\n")
	}
}

func (k kindCommands) get(c *engine.CLI, args []string) error {
	if len(args) < 2 {
		return engine.Refuse("Missing " + k.title + " identifier and/or key.\n")
	}
	r, err := k.find(c, args[0])
	if err != nil {
		return err
	}
	r.mu.RLock()
	views := append([]*View(nil), r.views...)
	r.mu.RUnlock()
	e := &engine.Env{RT: c.RT, Final: true}
	for _, v := range views {
		c.Print(v.describe(e, args[1]) + "\n")
	}
	return nil
}

// describe tells what a text matches in a view.
func (v *View) describe(e *engine.Env, text string) string {
	sense := "sensitive"
	if v.fold {
		sense = "insensitive"
	}
	out := "type=" + v.kind + ", case=" + sense
	s := engine.Str([]byte(text))
	var it *item
	if e.Cast(&s, v.method.in) {
		it = v.find(e, &s)
	}
	found, what := "match", "pattern"
	if v.ref.IsMap {
		found, what = "found", "key"
	}
	if it == nil {
		return out + ", " + found + "=no"
	}
	idx := "list"
	switch v.kind {
	case "str", "beg":
		if !v.fold {
			idx = "tree"
		}
	case "ip":
		if it.net.bits >= 0 {
			idx = "tree"
		}
	}
	out += ", " + found + "=yes, idx=" + idx + ", " + what + "=\"" + it.Key + "\""
	if v.ref.IsMap {
		t := v.out.String()
		if v.out == engine.TAddr {
			t = it.val.Type.String()
		}
		out += ", value=\"" + it.Val + "\", type=\"" + t + "\""
	}
	return out
}

func (k kindCommands) add(c *engine.CLI, args []string) error {
	gen, given, args, err := version(args)
	if err != nil {
		return err
	}
	want := 2
	usage := "'add acl' expects two parameters: ACL identifier and pattern.\n"
	if k.isMap {
		want, usage = 3, "'add map' expects three parameters (map identifier, key and value) or one parameter (map identifier) and a payload\n"
	}
	payload := c.Payload != "" && len(args) == 1
	if len(args) < want && !payload {
		return engine.Refuse(usage)
	}
	r, err := k.find(c, args[0])
	if err != nil {
		return err
	}
	if !given {
		gen, _, _ = r.Versions()
	}
	if payload {
		return k.addMany(r, gen, c.Payload)
	}
	val := ""
	if k.isMap {
		val = args[2]
	}
	return refused(r.Add(gen, args[1], val))
}

func refused(err error) error {
	if err != nil {
		return engine.Refuse(err.Error() + ".\n")
	}
	return nil
}

func (k kindCommands) addMany(r *Ref, gen uint32, text string) error {
	for _, line := range strings.Split(text, "\n") {
		line = strings.Trim(line, " \t\r")
		if line == "" {
			continue
		}
		key, val := line, ""
		if k.isMap {
			i := strings.IndexAny(line, " \t")
			if i < 0 {
				return engine.Refuse("Missing value for key '" + line + "'.\n")
			}
			key, val = line[:i], strings.TrimLeft(line[i:], " \t")
		}
		if err := refused(r.Add(gen, key, val)); err != nil {
			return err
		}
	}
	return nil
}

// fits reads a key or "#0x…" (an entry by its reference).
func fits(r *Ref, key string) (func(*Entry) bool, error) {
	gen, _, _ := r.Versions()
	if strings.HasPrefix(key, "#") {
		p, err := strconv.ParseUint(strings.TrimPrefix(key[1:], "0x"), 16, 64)
		if err != nil {
			return nil, engine.Refuse("Malformed identifier. Please use #<id> or <file>.\n")
		}
		return func(en *Entry) bool { return en.pointer() == p }, nil
	}
	return func(en *Entry) bool { return en.Key == key && en.Gen == gen }, nil
}

func (k kindCommands) del(c *engine.CLI, args []string) error {
	if len(args) < 2 {
		return engine.Refuse("This command expects two parameters: " + k.title + " identifier and key.\n")
	}
	r, err := k.find(c, args[0])
	if err != nil {
		return err
	}
	fit, err := fits(r, args[1])
	if err != nil {
		return err
	}
	if !r.Delete(fit) {
		return engine.Refuse("Key not found.\n")
	}
	return nil
}

func (k kindCommands) set(c *engine.CLI, args []string) error {
	if len(args) < 3 {
		return engine.Refuse("'set map' expects three parameters: map identifier, key and value.\n")
	}
	r, err := k.find(c, args[0])
	if err != nil {
		return err
	}
	fit, err := fits(r, args[1])
	if err != nil {
		return err
	}
	found, err := r.Set(fit, args[2])
	if err != nil {
		return refused(err)
	}
	if !found {
		return engine.Refuse("entry not found.\n")
	}
	return nil
}

func (k kindCommands) clear(c *engine.CLI, args []string) error {
	gen, given, args, err := version(args)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return engine.Refuse("Missing " + k.title + " identifier.\n")
	}
	r, err := k.find(c, args[0])
	if err != nil {
		return err
	}
	if !given {
		gen, _, _ = r.Versions()
	}
	r.Delete(func(en *Entry) bool { return en.Gen == gen })
	return nil
}

func (k kindCommands) prepare(c *engine.CLI, args []string) error {
	id := ""
	if len(args) > 0 {
		id = args[0]
	}
	r, err := k.find(c, id)
	if err != nil {
		return err
	}
	c.Print("New version created: " + strconv.Itoa(int(r.Prepare())) + "\n")
	return nil
}

func (k kindCommands) commit(c *engine.CLI, args []string) error {
	gen, given, args, err := version(args)
	if err != nil {
		return err
	}
	if !given {
		return engine.Refuse("Missing version number.\n")
	}
	id := ""
	if len(args) > 0 {
		id = args[0]
	}
	r, err := k.find(c, id)
	if err != nil {
		return err
	}
	if !r.Commit(gen) {
		return engine.Refuse("Version number out of range.\n")
	}
	return nil
}
