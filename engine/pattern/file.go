package pattern

import (
	"context"
	"hash/fnv"
	"net"
	"strconv"
	"strings"
	"time"

	"hawser/engine"
	"hawser/parser/diag"
)

// lookup resolves host names in patterns at load.
var lookup = func(name string) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return net.DefaultResolver.LookupHost(ctx, name)
}

// refs are the pattern sets of one generation.
type refs struct {
	files map[string]*Ref
	all   []*Ref
	ids   map[int]bool
	last  int
	done  bool
}

var refSlot = engine.NewSlot[*engine.Runtime, refs]("pattern sets")

func refsOf(b *engine.Build) *refs {
	rs := refSlot.Edit(b.RT)
	if rs.files == nil {
		rs.files, rs.ids = map[string]*Ref{}, map[int]bool{}
		b.At(engine.StageMake, rs.numberRest)
	}
	return rs
}

// number enters a Ref without a file; unique is its -u.
func (rs *refs) number(r *Ref, unique string) error {
	r.ID = -1
	if unique != "" {
		id, err := strconv.Atoi(unique)
		if err != nil {
			return errText("the argument of -u must be an integer")
		}
		if rs.ids[id] {
			return errText("the id is already used")
		}
		r.ID, rs.ids[id] = id, true
	}
	rs.all = append(rs.all, r)
	if rs.done && r.ID < 0 {
		rs.numberRest()
	}
	return nil
}

// numberRest gives a number to every set that has none, in the order of files.
func (rs *refs) numberRest() {
	rs.done = true
	for _, r := range rs.all {
		if r.ID >= 0 {
			continue
		}
		for rs.ids[rs.last] {
			rs.last++
		}
		r.ID = rs.last
		rs.ids[rs.last] = true
	}
}

// load puts an entry in while the configuration is read.
func (r *Ref) load(key, val string, line int) {
	r.entries = append(r.entries, &Entry{ID: r.nextID.Add(1), Key: key, Val: val, Line: line})
}

// at says where an entry that does not parse stands.
func (r *Ref) at(en *Entry, err error) error {
	if r.File == "" || en.Line == 0 {
		return err
	}
	return errText(err.Error() + " at line " + strconv.Itoa(en.Line) + " of file '" + r.File + "'")
}

// fileRef returns the Ref of a file, read on first use. On reload that of the
// generation in force goes on if the file is the same.
func fileRef(b *engine.Build, name string, isMap bool) (*Ref, error) {
	rs := refsOf(b)
	if r := rs.files[name]; r != nil {
		if isMap && !r.IsMap {
			return nil, errText("The pattern reference '" + name + "' was already used as ACL; it can't be used as map")
		}
		return r, nil
	}
	data, err := readRef(b, name)
	if err != nil {
		return nil, err
	}
	return newRef(b, name, isMap, data)
}

// newRef enters a set with the contents of its file.
func newRef(b *engine.Build, name string, isMap bool, data []byte) (*Ref, error) {
	rs := refsOf(b)
	h := fnv.New64a()
	h.Write(data)
	r := oldRef(b, name, isMap, h.Sum64())
	if r == nil {
		r = &Ref{ID: -1, File: name, IsMap: isMap, hash: h.Sum64()}
		if err := r.read(string(data)); err != nil {
			return nil, err
		}
	}
	r.Desc, r.used = "pattern loaded from file '"+name+"'", nil
	rs.files[name] = r
	rs.all = append(rs.all, r)
	if rs.done {
		rs.numberRest()
	}
	return r, nil
}

// usedBy remembers for "show acl" and "show map" where a file is named.
func (r *Ref) usedBy(what string, pos diag.Pos) {
	r.acl = r.acl || what == "acl"
	r.used = append(r.used, "by "+what+" at file '"+pos.File+"' line "+strconv.Itoa(pos.Line))
}

// describe is the description of a set in lists.
func (r *Ref) describe() string {
	if len(r.used) == 0 {
		return r.Desc
	}
	return r.Desc + " used " + strings.Join(r.used, ", ")
}

func oldRef(b *engine.Build, name string, isMap bool, hash uint64) *Ref {
	if b.Old == nil {
		return nil
	}
	old := refSlot.Get(b.Old)
	if old == nil {
		return nil
	}
	if r := old.files[name]; r != nil && r.hash == hash && r.IsMap == isMap {
		return r
	}
	return nil
}

// readRef reads what a name stands for: virt@ is an empty set, opt@ a file that
// may be absent, file@ or nothing a file.
func readRef(b *engine.Build, name string) ([]byte, error) {
	path, optional := name, false
	switch {
	case strings.HasPrefix(name, "virt@"):
		return nil, nil
	case strings.HasPrefix(name, "opt@"):
		path, optional = name[4:], true
	case strings.HasPrefix(name, "file@"):
		path = name[5:]
	}
	data, err := b.ReadFile(path)
	if err != nil && !optional {
		return nil, errText("failed to open pattern file <" + path + ">")
	}
	return data, nil
}

// read splits a file into entries: blank lines and those that begin with a sharp
// are skipped; of a map the first word is the key and the rest the value.
func (r *Ref) read(text string) error {
	for n := 1; text != ""; n++ {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		line = strings.TrimSuffix(line, "\r")
		if line == "" || line[0] == '#' {
			continue
		}
		line = strings.TrimLeft(line, " \t")
		if line == "" {
			continue
		}
		if !r.IsMap {
			r.load(line, "", n)
			continue
		}
		i := strings.IndexAny(line, " \t")
		if i < 0 {
			i = len(line)
		}
		r.load(line[:i], strings.Trim(line[i:], " \t"), n)
	}
	return nil
}

// aclWarning is what an ACL without patterns gets told.
func aclWarning(b *engine.Build, pos diag.Pos, word string) {
	b.Warn(pos, "parsing acl keyword '%s' :\n  no pattern to match against were provided, so this ACL will never match.\n"+
		"  If this is what you intended, please add '--' to get rid of this warning.\n"+
		"  If you intended to match only for existence, please use '-m found'.\n"+
		"  If you wanted to force an int to match as a bool, please use '-m bool'.\n", word)
}
