// Package auth holds the users of userlist sections with their groups and
// passwords, clear or encrypted as crypt(3) does (configuration manual, 12.2). It
// owns nothing at run time but a memory of passwords that were right, so that the
// same credentials are not encrypted again for every request.
package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"sync"

	"hawser/engine"
	"hawser/parser/diag"
)

// list is a userlist section. Immutable after build, but for good.
type list struct {
	name   string
	pos    diag.Pos
	users  map[string]*user
	groups map[string]*group
}

type user struct {
	pass   string
	clear  bool
	groups []string
	mu     sync.Mutex
	good   map[[32]byte]bool // guarded by mu: digests of right passwords
}

type group struct {
	pos   diag.Pos
	users []engine.Word
}

// maxGood bounds the remembered digests of one user.
const maxGood = 8

type lists struct{ byName map[string]*list }

var all = engine.NewSlot[*engine.Runtime, lists]("userlist")

func init() {
	engine.AddSection(engine.SectionKeyword{Name: "userlist", Parse: parse,
		Usage: "userlist <name>: users and groups for http_auth"})
	engine.FindUserList = func(b *engine.Build, name string) engine.UserList {
		if set := all.Get(b.RT); set != nil && set.byName[name] != nil {
			return set.byName[name]
		}
		return nil
	}
}

func fail(w engine.Word, format string, args ...any) *diag.Diagnostic {
	return diag.Errorf(w.Pos, format, args...)
}

func parse(b *engine.Build, s *engine.Section) error {
	if len(s.Args) == 0 {
		return fail(s.Kind, "'userlist' expects <name> as arguments.").AsTight()
	}
	set := all.Edit(b.RT)
	if set.byName == nil {
		set.byName = map[string]*list{}
	}
	name := s.Args[0]
	if o := set.byName[name.Text]; o != nil {
		b.Warn(name.Pos, "ignoring duplicated userlist '%s'.", name.Text).AsTight().WithRelated(o.pos, "the first one")
		return nil
	}
	l := &list{name: name.Text, pos: s.Kind.Pos, users: map[string]*user{}, groups: map[string]*group{}}
	set.byName[name.Text] = l
	for _, line := range s.Lines {
		b.Report(line.Words[0].Pos, l.line(b, line))
	}
	l.join(b, name.Text)
	return nil
}

func (l *list) line(b *engine.Build, line *engine.Line) error {
	switch w := line.Words[0]; w.Text {
	case "group":
		return l.parseGroup(b, line)
	case "user":
		return l.parseUser(b, line)
	default:
		d := fail(w, "unknown keyword '%s' in 'userlist' section", w.Text).AsTight()
		near, _ := engine.NearestOf(w.Text, []string{"group", "user"})
		return d.WithHint(near)
	}
}

// declared is the name that a line gives to a user or group; one that is known
// already is warned of and stays as it was.
func declared[T any](b *engine.Build, l *list, line *engine.Line, known map[string]*T) (name engine.Word, isNew bool, err error) {
	kind := line.Words[0]
	if len(line.Words) < 2 {
		return name, false, fail(kind, "'%s' expects <name> as arguments.", kind.Text).AsTight()
	}
	name = line.Words[1]
	if known[name.Text] != nil {
		b.Warn(name.Pos, "ignoring duplicated %s '%s' in userlist '%s'.", kind.Text, name.Text, l.name).AsTight()
		return name, false, nil
	}
	return name, true, nil
}

func (l *list) parseGroup(b *engine.Build, line *engine.Line) error {
	name, isNew, err := declared(b, l, line, l.groups)
	if !isNew {
		return err
	}
	g := &group{pos: name.Pos}
	l.groups[name.Text] = g
	for i := 2; i+1 < len(line.Words); i += 2 {
		if line.Words[i].Text != "users" {
			return fail(line.Words[i], "'group' only supports 'users' option.").AsTight()
		}
		v := line.Words[i+1]
		from := 0
		for u := range strings.SplitSeq(v.Text, ",") {
			g.users = append(g.users, v.Slice(from, from+len(u)))
			from += len(u) + 1
		}
	}
	return nil
}

func (l *list) parseUser(b *engine.Build, line *engine.Line) error {
	name, isNew, err := declared(b, l, line, l.users)
	if !isNew {
		return err
	}
	u := &user{good: map[[32]byte]bool{}}
	l.users[name.Text] = u
	for i := 2; i < len(line.Words); i += 2 {
		w, arg := line.Words[i], engine.Word{Pos: line.Words[i].Pos}
		if i+1 < len(line.Words) {
			arg = line.Words[i+1]
		}
		switch w.Text {
		case "password":
			if !known(arg.Text) {
				b.Warn(arg.Pos, "the password of user '%s' has no form of crypt(3) that Hawser knows: nobody gets in with it.", name.Text).
					WithAdvice("$1$, $5$, $6$, $2a$, $2b$, $2y$, $y$, $7$, $sha1$ and $md5 are known, DES is not; a password that is not encrypted stands behind 'insecure-password'")
			}
			u.pass = arg.Text
		case "insecure-password":
			u.pass, u.clear = arg.Text, true
		case "groups":
			u.groups = append(u.groups, strings.Split(arg.Text, ",")...)
		default:
			return fail(w, "'user' only supports 'password', 'insecure-password' and 'groups' options.").AsTight()
		}
	}
	return nil
}

// join gives users the groups that name them, and checks both ways.
func (l *list) join(b *engine.Build, name string) {
	for gname, g := range l.groups {
		for _, w := range g.users {
			u := l.users[w.Text]
			if u == nil {
				b.Alert(w.Pos, "userlist '%s': no such user '%s' specified in group '%s'", name, w.Text, gname).AsLate()
				continue
			}
			u.groups = append(u.groups, gname)
		}
	}
	for uname, u := range l.users {
		for _, g := range u.groups {
			if l.groups[g] == nil {
				b.Alert(l.pos, "userlist '%s': no such group '%s' specified in user '%s'", name, g, uname).AsLate()
			}
		}
	}
}

// Check implements engine.UserList.
func (l *list) Check(name, pass []byte) bool {
	u := l.users[string(name)]
	if u == nil || u.pass == "" {
		return false
	}
	if u.clear {
		return subtle.ConstantTimeCompare([]byte(u.pass), pass) == 1
	}
	sum := sha256.Sum256(pass)
	u.mu.Lock()
	known := u.good[sum]
	u.mu.Unlock()
	if known {
		return true
	}
	if !verify(u.pass, pass) {
		return false
	}
	u.mu.Lock()
	if len(u.good) < maxGood {
		u.good[sum] = true
	}
	u.mu.Unlock()
	return true
}

// Member implements engine.UserList.
func (l *list) Member(name []byte, grp string) bool {
	u := l.users[string(name)]
	if u == nil {
		return false
	}
	for _, g := range u.groups {
		if g == grp {
			return true
		}
	}
	return grp == ""
}

// Groups implements engine.UserList.
func (l *list) Groups(dst, name []byte) []byte {
	if u := l.users[string(name)]; u != nil {
		for _, g := range u.groups {
			dst = append(append(dst, g...), ',')
		}
	}
	return dst
}
