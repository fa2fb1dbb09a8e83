package command

import (
	"slices"
	"strings"

	"hawser/engine"
)

func init() {
	engine.AddCommands(
		engine.Command{Words: "help", Usage: "[<command>]: list matching or all commands", Run: help},
	)
}

// trailing are the commands that end each list.
var trailing = []string{"help", "prompt", "quit"}

func help(c *engine.CLI, args []string) error {
	c.Print("The following commands are valid at this level:\n")
	list(c, visible(c), args)
	return nil
}

// unknown answers a line that no command fits.
func (s *session) unknown(words []string) {
	s.mark(6)
	s.cli.Print("Unknown command: '" + words[0] + "', but maybe one of the following ones is a better match:\n")
	list(&s.cli, visible(&s.cli), words)
}

// visible lists the commands that the connection may run, in order.
func visible(c *engine.CLI) []*engine.Command {
	serves := func(row *engine.Command) bool { return row.Worker }
	if s := of(c); s != nil {
		serves = s.serves
	}
	var rows []*engine.Command
	for name, row := range engine.Commands.All() {
		if serves(row) && !row.Hidden && row.Level <= c.Level && (!row.Expert || c.Expert) && !slices.Contains(trailing, name) {
			rows = append(rows, row)
		}
	}
	return rows
}

// list prints the commands that begin with words, or else those that are the
// likest.
func list(c *engine.CLI, rows []*engine.Command, words []string) {
	for _, row := range choose(rows, words) {
		printRow(c, row)
	}
	for _, name := range trailing {
		if row, ok := engine.Commands.Get(name); ok {
			printRow(c, row)
		}
	}
}

func printRow(c *engine.CLI, row *engine.Command) {
	args, text, ok := strings.Cut(row.Usage, ": ")
	if !ok {
		args, text = "", row.Usage
	}
	left, args := row.Words, strings.TrimRight(args, " ")
	if args != "" && !strings.HasPrefix(args, row.Words) {
		left += " " + args
	} else if args != "" {
		left = args
	}
	c.Print("  " + left)
	if n := 40 - len(left); n > 0 {
		c.Print(strings.Repeat(" ", n))
	}
	c.Print(": " + text + "\n")
}

// most is how many likely commands are shown.
const most = 5

func choose(rows []*engine.Command, words []string) []*engine.Command {
	if len(words) == 0 {
		return rows
	}
	var exact []*engine.Command
	for _, row := range rows {
		if have := strings.Fields(row.Words); len(have) >= len(words) && slices.Equal(have[:len(words)], words) {
			exact = append(exact, row)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	rows = sameStart(rows, words)
	type scored struct {
		row  *engine.Command
		cost int
	}
	all := make([]scored, 0, len(rows))
	for _, row := range rows {
		all = append(all, scored{row, distance(strings.Fields(row.Words), words)})
	}
	slices.SortStableFunc(all, func(a, b scored) int { return a.cost - b.cost })
	all = all[:min(len(all), most)]
	slices.SortFunc(all, func(a, b scored) int { return strings.Compare(a.row.Words, b.row.Words) })
	near := make([]*engine.Command, len(all))
	for i := range all {
		near[i] = all[i].row
	}
	return near
}

// sameStart keeps the rows that share the most first words with what was typed,
// if any do.
func sameStart(rows []*engine.Command, words []string) []*engine.Command {
	for n := len(words) - 1; n > 0; n-- {
		var some []*engine.Command
		for _, row := range rows {
			if have := strings.Fields(row.Words); len(have) > n && slices.Equal(have[:n], words[:n]) {
				some = append(some, row)
			}
		}
		if len(some) > 0 {
			return some
		}
	}
	return rows
}

// distance is how unlike the words of a command and those typed are: the edits
// of each word, where an earlier word weighs more.
func distance(have, typed []string) int {
	sum := 0
	for i := range max(len(have), len(typed)) {
		var a, b string
		if i < len(have) {
			a = have[i]
		}
		if i < len(typed) {
			b = typed[i]
		}
		weight := max(4-i, 1)
		if i >= len(have) { // arguments, most likely
			continue
		}
		sum += weight * edits(a, b)
	}
	return sum
}

// edits is the edit distance; a common beginning makes it smaller.
func edits(a, b string) int {
	if a == b {
		return 0
	}
	b = b[:min(len(b), 32)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = 2 * j
	}
	for i := 1; i <= len(a); i++ {
		prev := row[0]
		row[0] = 2 * i
		for j := 1; j <= len(b); j++ {
			cost := prev
			if a[i-1] != b[j-1] {
				cost += 3
			}
			prev = row[j]
			row[j] = min(cost, row[j]+2, row[j-1]+2)
		}
	}
	return row[len(b)] + 1
}
