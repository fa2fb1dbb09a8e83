package command

import (
	"strconv"

	"hawser/engine"
)

func init() {
	engine.AddCommands(
		engine.Command{Words: "get weight", Usage: "<bk>/<srv>: report a server's current weight", Run: getWeight},
		engine.Command{Words: "set weight", Level: engine.LevelAdmin, Usage: "<bk>/<srv>  (DEPRECATED): change a server's weight (use 'set server' instead)", Run: setWeight},
	)
}

func getWeight(c *engine.CLI, args []string) error {
	srv, err := serverOf(c, args)
	if err != nil {
		return err
	}
	c.Print(strconv.Itoa(int(srv.State.UWeight.Load())) + " (initial " + strconv.Itoa(srv.Weight) + ")\n")
	return nil
}

func setWeight(c *engine.CLI, args []string) error {
	srv, err := serverOf(c, args)
	if err != nil {
		return err
	}
	return changeWeight(srv, args[1:])
}

// changeWeight takes an absolute weight, or a percentage of the configured one.
func changeWeight(srv *engine.Server, args []string) error {
	if len(args) == 0 || args[0] == "" {
		return engine.Refuse("Require <weight> or <weight%>.\n")
	}
	n, rest, ok := number(args[0])
	percent := rest == "%"
	switch {
	case !ok:
		return engine.Refuse("Empty weight string empty or preceded by garbage\n")
	case rest != "" && !percent:
		return engine.Refuse("Trailing garbage in weight string\n")
	case percent && n < 0:
		return engine.Refuse("Relative weight must be positive.\n")
	case !percent && (n < 0 || n > 256):
		return engine.Refuse("Absolute weight can only be between 0 and 256 inclusive.\n")
	case percent:
		n = min(n*srv.Weight/100, 256)
	}
	if static(srv.Px) && n != 0 && n != srv.Weight {
		return engine.Refuse("Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.\n")
	}
	srv.SetWeight(n)
	return nil
}

// static reports whether the backend's algorithm cannot change weights while it
// runs (configuration manual, "balance" and "hash-type").
func static(px *engine.Proxy) bool {
	if len(px.Balance.Words) == 0 {
		return false
	}
	row, _ := engine.Balances.Get(px.Balance.Words[0].Text)
	types := px.Balance.HashType
	return row != nil && (row.Fixed || row.Keyed && (len(types) == 0 || types[0].Text == "map-based"))
}

// number reads a signed integer at the beginning of s.
func number(s string) (n int, rest string, ok bool) {
	i := 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	first := i
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i == first {
		return 0, s, false
	}
	n, err := strconv.Atoi(s[:i])
	return n, s[i:], err == nil
}
