package balance

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// write keeps a table as text: the version, the answers, then a line for each
// scene and pass.
func (p table) write(file, version string, scenes []scene) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%d\n", version, len(p.answers))
	for _, a := range p.answers {
		fmt.Fprintf(&b, "%q\n", a)
	}
	for i, s := range scenes {
		for n, picked := range p.picks[i] {
			fmt.Fprintf(&b, "%d %s|%d|%s\n", i, s.name, n, picked)
		}
	}
	return os.WriteFile(file, []byte(b.String()), 0o644)
}

// read is the way back, for the same scenes.
func read(file string, scenes []scene) (p table, version string, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return p, "", err
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	many, err := strconv.Atoi(lines[1])
	if err != nil {
		return p, "", err
	}
	for _, l := range lines[2 : 2+many] {
		a, err := strconv.Unquote(l)
		if err != nil {
			return p, "", err
		}
		p.answers = append(p.answers, a)
	}
	picks := map[string][]string{}
	for _, l := range lines[2+many:] {
		name, rest, _ := strings.Cut(l, "|")
		_, picked, _ := strings.Cut(rest, "|")
		picks[name] = append(picks[name], picked)
	}
	for i, s := range scenes {
		name := fmt.Sprintf("%d %s", i, s.name)
		if picks[name] == nil {
			return p, "", fmt.Errorf("%s tells nothing of %q: go test -run Newer -record", file, name)
		}
		p.picks = append(p.picks, picks[name])
	}
	return p, lines[0], nil
}
