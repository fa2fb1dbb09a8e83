package cache

import (
	"errors"
	"math"
	"strconv"

	"hawser/engine"
	"hawser/parser/diag"
)

func init() {
	engine.AddSection(engine.SectionKeyword{Name: "cache", Parse: parseSection,
		Usage: "cache <name>: total-max-size <MB>, max-object-size <bytes>, max-age <seconds>, process-vary { on | off }, max-secondary-entries <number>, early-hints { on | off | only } [ratio <percent>]: a cache of responses"})
}

// section is a cache section. Immutable after build, but for its store.
type section struct {
	name string
	pos  diag.Pos
	params
	store *store
}

// params are what must be the same for a store to be kept over a reload.
type params struct {
	total    int64 // bytes
	object   int64 // largest object, bytes
	maxAge   int64 // seconds
	vary     bool
	variants int // max-secondary-entries
	hints    hintMode
	ratio    int64 // percent of the total for hints
}

type hintMode uint8

const (
	noHints hintMode = iota
	withHints
	onlyHints
)

// sections are those of a generation.
type sections struct {
	byName map[string]*section
	order  []*section
}

var all = engine.NewSlot[*engine.Runtime, sections]("cache")

func find(rt *engine.Runtime, name string) *section {
	if set := all.Get(rt); set != nil {
		return set.byName[name]
	}
	return nil
}

func parseSection(b *engine.Build, s *engine.Section) error {
	if len(s.Args) == 0 {
		return diag.Errorf(s.Kind.Pos, "'cache' expects a <name> argument")
	}
	if len(s.Args) > 1 {
		return diag.Errorf(s.Args[1].Pos, "'cache' cannot handle unexpected argument '%s'.", s.Args[1].Text)
	}
	name := s.Args[0]
	set := all.Edit(b.RT)
	if set.byName == nil {
		set.byName = map[string]*section{}
	}
	if o := set.byName[name.Text]; o != nil {
		return diag.Errorf(name.Pos, "Duplicate cache name '%s'.", name.Text).AsTight().WithRelated(o.pos, "the first one")
	}
	c := &section{name: name.Text, pos: name.Pos, params: params{maxAge: 60, variants: 10, ratio: 25}}
	set.byName[c.name] = c
	set.order = append(set.order, c)
	for _, l := range s.Lines {
		b.Report(l.Words[0].Pos, c.line(b, l))
	}
	c.complete(b)
	b.At(engine.StageFinish, func() { c.open(b) })
	return nil
}

func (c *section) complete(b *engine.Build) {
	half := c.total / 2
	switch {
	case c.total == 0:
		b.Alert(c.pos, "Size not specified for cache '%s'", c.name).AsBare()
	case c.object == 0:
		c.object = c.total / 256
	case c.object > half:
		b.Alert(c.pos, "\"max-object-size\" is limited to an half of \"total-max-size\" => %d", half).AsBare()
	}
}

// open takes the store of the generation before over, or makes one.
func (c *section) open(b *engine.Build) {
	if b.Old != nil {
		if old := find(b.Old, c.name); old != nil && old.params == c.params && old.store != nil {
			c.store = old.store
			return
		}
	}
	c.store = newStore(c.params)
}

// lines are the directives of the section.
var lines = map[string]func(c *section, b *engine.Build, l *engine.Line, arg engine.Word) error{
	"total-max-size":        (*section).lineTotal,
	"max-object-size":       (*section).lineObject,
	"max-age":               (*section).lineAge,
	"process-vary":          (*section).lineVary,
	"max-secondary-entries": (*section).lineVariants,
	"early-hints":           (*section).lineHints,
}

func (c *section) line(b *engine.Build, l *engine.Line) error {
	w := l.Words[0]
	parse := lines[w.Text]
	if parse == nil {
		names := make([]string, 0, len(lines))
		for n := range lines {
			names = append(names, n)
		}
		d := diag.Errorf(w.Pos, "unknown keyword '%s' in 'cache' section", w.Text)
		if near, ok := engine.NearestOf(w.Text, names); ok {
			d.WithHint(near)
		}
		return d
	}
	if len(l.Words) > 2 && w.Text != "early-hints" {
		return diag.Errorf(l.Words[2].Pos, "'%s' cannot handle unexpected argument '%s'.", w.Text, l.Words[2].Text)
	}
	arg := engine.Word{Pos: w.Pos}
	if len(l.Words) > 1 {
		arg = l.Words[1]
	}
	return parse(c, b, l, arg)
}

func wrong(b *engine.Build, l *engine.Line, arg engine.Word) {
	b.Warn(arg.Pos, "%s wrong value '%s'", l.Words[0].Text, arg.Text).AsTight().AsFatal()
}

// readNumber reads 32 bits as C does: a negative number counts from their end, one
// that is too large is the largest.
func readNumber(s string) (n uint32, ok bool) {
	v, err := strconv.ParseInt(s, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange) || err == nil && v > math.MaxUint32:
		return math.MaxUint32, true
	}
	return uint32(v), err == nil
}

func (c *section) lineTotal(b *engine.Build, l *engine.Line, arg engine.Word) error {
	n, ok := readNumber(arg.Text)
	switch {
	case !ok:
		wrong(b, l, arg)
	case n > 4095:
		b.Warn(arg.Pos, "\"total-max-size\" (%d) must not be greater than 4095", int32(n)).AsTight().AsFatal()
	default:
		c.total = int64(n) << 20
	}
	return nil
}

func (c *section) lineObject(b *engine.Build, l *engine.Line, arg engine.Word) error {
	if arg.Text == "" {
		b.Warn(arg.Pos, "'max-object-size' expects a maximum file size parameter in bytes.").AsTight()
	}
	n, ok := readNumber(arg.Text)
	if !ok {
		wrong(b, l, arg)
		return nil
	}
	c.object = int64(n)
	return nil
}

// lineAge: what is not a number is 0, which keeps nothing.
func (c *section) lineAge(b *engine.Build, _ *engine.Line, arg engine.Word) error {
	if arg.Text == "" {
		b.Warn(arg.Pos, "'max-age' expects an age parameter in seconds.").AsTight()
	}
	n, digits := int64(0), 0
	for digits < len(arg.Text) && arg.Text[digits] >= '0' && arg.Text[digits] <= '9' && n < 1<<40 {
		n = n*10 + int64(arg.Text[digits]-'0')
		digits++
	}
	if digits < len(arg.Text) {
		b.Warn(arg.Pos, "'%s' is not a number of seconds: %d is taken, as HAProxy does.", arg.Text, n)
	}
	c.maxAge = min(n, 1<<31)
	return nil
}

func (c *section) lineVary(b *engine.Build, _ *engine.Line, arg engine.Word) error {
	switch arg.Text {
	case "on", "off":
		c.vary = arg.Text == "on"
	default:
		b.Warn(arg.Pos, "'process-vary' expects \"on\" or \"off\" (enable or disable vary processing).").AsTight()
	}
	return nil
}

func (c *section) lineVariants(b *engine.Build, l *engine.Line, arg engine.Word) error {
	if arg.Text == "" {
		b.Warn(arg.Pos, "'max-secondary-entries' expects a strictly positive number.").AsTight()
	}
	n, err := strconv.ParseUint(arg.Text, 10, 31)
	if err != nil || n == 0 {
		wrong(b, l, arg)
		return nil
	}
	c.variants = int(n)
	return nil
}

func (c *section) lineHints(b *engine.Build, l *engine.Line, arg engine.Word) error {
	switch arg.Text {
	case "on":
		c.hints = withHints
	case "only":
		c.hints = onlyHints
	case "off":
		c.hints = noHints
	default:
		b.Warn(arg.Pos, "'early-hints' expects \"on\", \"off\" or \"only\" (enable or disable HTTP 103 Early Hints support, or store only hints).").AsTight()
		return nil
	}
	if len(l.Words) < 3 {
		return nil
	}
	if l.Words[2].Text != "ratio" {
		return diag.Errorf(l.Words[2].Pos, "'early-hints' cannot handle unexpected argument '%s'.", l.Words[2].Text)
	}
	if len(l.Words) < 4 {
		return diag.Errorf(l.Words[2].Pos, "'early-hints ratio' expects an integer argument between 1 and 99.").AsTight()
	}
	n, err := strconv.Atoi(l.Words[3].Text)
	if err != nil || n < 1 || n > 99 {
		return diag.Errorf(l.Words[3].Pos, "'early-hints ratio' expects an integer argument between 1 and 99, got '%s'.", l.Words[3].Text).AsTight()
	}
	c.ratio = int64(n)
	return nil
}
