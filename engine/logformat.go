package engine

import (
	"hawser/engine/registry"
	"hawser/parser/diag"
)

// LogFlags are the flags of a log-format item (configuration manual, 8.2.6).
type LogFlags uint16

// The flags.
const (
	LogQuote    LogFlags = 1 << iota // +Q
	LogHex                           // +X
	LogEscape                        // +E
	LogMand                          // +M: "-" for what is absent
	LogJSON                          // +json
	LogCBOR                          // +cbor
	LogBin                           // +bin
	LogHTTPText                      // the format makes HTTP text (headers, URIs), not a log line
	LogLine                          // the format makes a log line: blanks are delimiters and are merged
)

// LogItem is one element of a compiled log format: text, an alias or an
// expression.
type LogItem struct {
	Text  []byte
	Alias *LogAlias
	Expr  *Expr
	Flags LogFlags
	Name  string // %(name) for the structured encodings
	As    Type   // %(name:type)
	Pos   diag.Pos
}

// LogFormat is a compiled format.
type LogFormat struct {
	Items []LogItem
	Flags LogFlags // those of the whole format (%{+json}o)
	Text  string
	Pos   diag.Pos
	// Const is the text of a format without variable parts.
	Const   []byte
	IsConst bool
}

// LogAlias is a %alias (configuration manual, 8.2.6).
type LogAlias struct {
	Name  string // without the percent sign
	Usage string
	Out   Type // TAny: text that is written as it is
	Where Where
	HTTP  bool // usable with mode http only
	// Append adds the value without quotes or escapes; nothing means absent.
	Append func(dst []byte, e *Env) []byte
	// Encode, where set, is called instead and does quotes, escapes and
	// encodings itself: for aliases that are not one plain text.
	Encode func(dst []byte, e *Env, f LogFlags) []byte
}

// LogAliases is the table of aliases.
var LogAliases = registry.New[*LogAlias]("log-format alias")

// AddLogAliases registers rows; for init functions.
func AddLogAliases(rows ...LogAlias) {
	for i := range rows {
		LogAliases.Add(rows[i].Name, &rows[i])
	}
}

// Append evaluates the format onto dst.
func (f *LogFormat) Append(dst []byte, e *Env) []byte {
	if f == nil {
		return dst
	}
	if f.IsConst {
		return append(dst, f.Const...)
	}
	if !shares(dst, e.Tmp) {
		return AppendLog(dst, f, e)
	}
	// The expressions in the format write to the same scratch bytes.
	m, out := len(dst), e.out
	e.out = nil
	out = AppendLog(out[:0], f, e)
	dst = append(dst[:m], out...)
	e.out = out
	return dst
}

// shares reports whether both slices lie in the same array.
func shares(a, b []byte) bool {
	return cap(a) > 0 && cap(a) <= cap(b) && &a[:cap(a)][cap(a)-1] == &b[:cap(b)][cap(b)-1]
}

// AppendLog encodes a format with variable parts; the logging feature puts one in
// its place that knows all encodings.
var AppendLog = appendPlain

func appendPlain(dst []byte, f *LogFormat, e *Env) []byte {
	for i := range f.Items {
		it := &f.Items[i]
		switch {
		case it.Alias != nil:
			dst = it.Alias.Append(dst, e)
		case it.Expr != nil:
			m := e.Mark()
			if s, st := it.Expr.EvalAs(e, TStr); st == Found {
				dst = append(dst, s.B...)
			}
			e.Tmp = e.Tmp[:m]
		default:
			dst = append(dst, it.Text...)
		}
	}
	return dst
}
