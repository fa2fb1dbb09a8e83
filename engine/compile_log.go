package engine

import (
	"hawser/parser/diag"
	"hawser/parser/expr"
)

// LogFormat compiles a log format for use at a place.
func (b *Build) LogFormat(w Word, where Where, flags LogFlags) (*LogFormat, error) {
	nodes, d := expr.ParseFormat(w)
	if d != nil {
		return nil, d
	}
	f := &LogFormat{Text: w.Text, Pos: w.Pos, IsConst: true, Flags: flags}
	def := flags
	for i := range nodes {
		n := &nodes[i]
		if n.Kind == expr.NodeText {
			text := []byte(n.Text)
			if flags&LogLine != 0 {
				text = mergeBlanks(text)
			}
			f.Items = append(f.Items, LogItem{Text: text, Pos: n.Pos})
			f.Const = append(f.Const, text...)
			continue
		}
		item := LogItem{Name: n.Name, As: labelType(n.Type), Flags: applyFlags(def, n.Flags), Pos: n.Pos}
		if n.Kind == expr.NodeAlias && n.Alias == "o" {
			def, f.Flags = item.Flags, item.Flags
			continue
		}
		f.IsConst = false
		if err := b.logItem(&item, n, where, flags&LogLine != 0); err != nil {
			return nil, err
		}
		f.Items = append(f.Items, item)
	}
	return f, nil
}

func (b *Build) logItem(item *LogItem, n *expr.Node, where Where, line bool) error {
	if n.Kind == expr.NodeAlias {
		a, ok := LogAliases.Get(n.Alias)
		if !ok {
			d := diag.Errorf(n.Pos, "no such format alias '%s'. If you wanted to emit the '%%' character verbatim, you need to use '%%%%'.", n.Alias)
			if near, ok := LogAliases.Nearest(n.Alias); ok {
				d.WithHint(near)
			}
			return d
		}
		item.Alias = a
		return nil
	}
	b.use = usedBy{where: where, line: line}
	x, err := b.exprTree(n.Expr, "")
	if err != nil {
		return prefixed(n.Pos, err, "failed to parse sample expression <"+n.Rest+"> : ")
	}
	if x.Where&where == 0 {
		return diag.Errorf(n.Pos, "sample fetch <%s> may not be reliably used here because it needs '%s' which is not available here", x.Fetch.Name, x.Fetch.needs())
	}
	item.Expr = x
	return nil
}

var logFlagNames = map[string]LogFlags{"Q": LogQuote, "X": LogHex, "E": LogEscape, "M": LogMand, "json": LogJSON, "cbor": LogCBOR, "bin": LogBin}

func applyFlags(f LogFlags, flags []expr.Flag) LogFlags {
	for _, fl := range flags {
		bit := logFlagNames[fl.Name]
		if fl.Bare {
			continue
		}
		if fl.Add {
			f |= bit
		} else {
			f &^= bit
		}
	}
	return f
}

func labelType(s string) Type {
	switch s {
	case "str":
		return TStr
	case "sint":
		return TSint
	case "bool":
		return TBool
	}
	return TAny
}

// mergeBlanks makes each run of blanks one space: in log lines they delimit.
func mergeBlanks(b []byte) []byte {
	out := b[:0]
	for i, c := range b {
		if c == '\t' {
			c = ' '
		}
		if c != ' ' || i == 0 || len(out) == 0 || out[len(out)-1] != ' ' {
			out = append(out, c)
		}
	}
	return out
}
