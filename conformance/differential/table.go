package differential

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// group is what one connection is asked: one frontend, one input.
type group struct {
	scene    string   // request, response, session, log; tcp and answer without HTTP
	input    string   // what the client sends
	response string   // what the server sends, in scenes that have one
	front    []string // further lines of the frontend
	asks     []ask
	newer    bool // not for HAProxy 2.6, whatever is asked

	// With TLS: what the bind and server lines say, and how client and server behave.
	bind, server   string
	client, origin shake
}

// ask is an expression (or, with cond, a condition) and how its value is looked at.
type ask struct {
	text  string
	cond  bool
	shape bool // numbers count as equal
}

func (a ask) String() string {
	switch {
	case a.cond:
		return "? " + a.text
	case a.shape:
		return "~ " + a.text
	}
	return a.text
}

const (
	someRequest  = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"
	someResponse = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	chunk        = 40 // expressions on one log line
)

// readTable reads a table: "= scene" begins a group, "< text" is the client's
// input and "> text" the server's (Go's escapes), "| line" a line of the frontend,
// "newer" says that HAProxy 2.6 does not know one of these,
// "? words" a condition, "~ expression" one whose numbers may differ; "bind", "client",
// "server" and "origin" begin the lines of a TLS group (see shake); every other line
// is an expression, or in scene log an alias.
func readTable(file string) ([]group, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var out []group
	for n, line := range strings.Split(string(data), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if scene, ok := strings.CutPrefix(line, "= "); ok {
			out = append(out, group{scene: scene, input: someRequest, response: someResponse})
			continue
		}
		if len(out) == 0 {
			return nil, fmt.Errorf("%s:%d: no scene yet", file, n+1)
		}
		if err := out[len(out)-1].add(line); err != nil {
			return nil, fmt.Errorf("%s:%d: %v", file, n+1, err)
		}
	}
	return split(out), nil
}

func (g *group) add(line string) error {
	var err error
	mark, rest, _ := strings.Cut(line, " ")
	switch mark {
	case "<":
		g.input, err = strconv.Unquote(`"` + rest + `"`)
	case ">":
		g.response, err = strconv.Unquote(`"` + rest + `"`)
	case "|":
		g.front = append(g.front, rest)
	case "newer":
		g.newer = true
	case "bind":
		g.bind = rest
	case "server":
		g.server = rest
	case "client":
		g.client = readShake(rest)
	case "origin":
		g.origin = readShake(rest)
	case "?":
		g.asks = append(g.asks, ask{text: rest, cond: true})
	case "~":
		g.asks = append(g.asks, ask{text: rest, shape: true})
	default:
		g.asks = append(g.asks, ask{text: line})
	}
	return err
}

// idle tells whether nothing is left to ask of a newer group.
func (g *group) idle(i int, refused map[place]string) bool {
	for k := range g.asks {
		if refused[place{i, k}] == "" {
			return false
		}
	}
	return g.newer
}

// notForOlder are the expressions of newer groups.
func notForOlder(groups []group) map[place]string {
	out := map[place]string{}
	for i, g := range groups {
		for k := range g.asks {
			if g.newer {
				out[place{i, k}] = "newer"
			}
		}
	}
	return out
}

// split cuts groups into pieces that fit on a log line.
func split(all []group) (out []group) {
	for _, g := range all {
		for len(g.asks) > chunk {
			part := g
			part.asks, g.asks = g.asks[:chunk], g.asks[chunk:]
			out = append(out, part)
		}
		out = append(out, g)
	}
	return out
}
