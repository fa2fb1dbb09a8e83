package checks

import (
	"fmt"
	"os"
	"strings"
)

// scene is a backend with one server and what happened to it.
type scene struct {
	name    string
	lines   []string // of the backend
	options string   // of the server
	acts    []string // what the server does on each connection; the last one again for those that follow
	seen    []string // what was recorded, one observation a line
	got     []string // what this run has seen
	differs string   // why Hawser is seen to do otherwise
}

// readScenes is the way back from write.
func readScenes(file string) (list []*scene, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		kind, rest, _ := strings.Cut(line, " ")
		if kind == "#" {
			list = append(list, &scene{name: rest})
			continue
		}
		if len(list) == 0 {
			return nil, fmt.Errorf("%s:%d: a scene begins with #", file, i+1)
		}
		s := list[len(list)-1]
		switch kind {
		case ":":
			s.lines = append(s.lines, rest)
		case "@":
			s.options = rest
		case "!":
			s.acts = append(s.acts, rest)
		case "<":
			s.seen = append(s.seen, rest)
		case "~":
			s.differs = rest
		default:
			return nil, fmt.Errorf("%s:%d: unknown kind of line %q", file, i+1, kind)
		}
	}
	return list, nil
}

func writeScenes(file string, list []*scene) error {
	var b strings.Builder
	for _, s := range list {
		fmt.Fprintf(&b, "# %s\n", s.name)
		if s.differs != "" {
			fmt.Fprintf(&b, "~ %s\n", s.differs)
		}
		for _, l := range s.lines {
			fmt.Fprintf(&b, ": %s\n", l)
		}
		fmt.Fprintf(&b, "@ %s\n", s.options)
		for _, l := range s.acts {
			fmt.Fprintf(&b, "! %s\n", l)
		}
		for _, l := range s.seen {
			fmt.Fprintf(&b, "< %s\n", l)
		}
	}
	return os.WriteFile(file, []byte(b.String()), 0o644)
}

// connections is how many connections one check makes at most.
func (s *scene) connections() int {
	n := 0
	for _, l := range s.lines {
		if strings.Contains(l, "-check connect") {
			n++
		}
	}
	return max(n, 1)
}

// leaves tells of a scene whose last rule is something that HAProxy does not wait for:
// whether the server sees it is a matter of chance.
func (s *scene) leaves() bool {
	last := ""
	for _, kind := range s.kinds() {
		last = kind
	}
	return last == "send" || last == "connect"
}

// hurries tells of a scene that opens a connection without having waited for anything
// on the one before: which of them the server sees first is a matter of chance, too.
func (s *scene) hurries() bool {
	waited := true
	for _, kind := range s.kinds() {
		if kind == "connect" && !waited {
			return true
		}
		waited = kind == "expect"
	}
	return false
}

// kinds are those of the rules of tcp-check that do something with a connection.
func (s *scene) kinds() (list []string) {
	for _, l := range s.lines {
		for _, kind := range []string{"connect", "send", "expect"} {
			if strings.HasPrefix(l, "tcp-check "+kind) {
				list = append(list, kind)
			}
		}
	}
	return list
}

// known tells of a scene of which fewer than n connections were recorded.
func (s *scene) known(n int) bool {
	for _, l := range s.seen {
		if strings.HasPrefix(l, "PORT") {
			n--
		}
	}
	return len(s.seen) > 0 && n > 0
}
