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

// findAt is find with the version that was given, else with the one in force.
func (k kindCommands) findAt(c *engine.CLI, id string, gen uint32, given bool) (*Ref, uint32, error) {
	r, err := k.find(c, id)
	if err == nil && !given {
		gen, _, _ = r.Versions()
	}
	return r, gen, err
}

// version takes "@n" off the arguments.
func version(args []string) (gen uint32, given bool, rest []string) {
	if len(args) == 0 || !strings.HasPrefix(args[0], "@") {
		return 0, false, args
	}
	v, err := strconv.ParseUint(args[0][1:], 10, 32)
	if err != nil {
		v = 0
	}
	return uint32(v), true, args[1:]
}

func (k kindCommands) show(c *engine.CLI, args []string) error {
	gen, given, args := version(args)
	if len(args) == 0 {
		k.list(c)
		return nil
	}
	r, gen, err := k.findAt(c, args[0], gen, given)
	if err != nil {
		return err
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

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
