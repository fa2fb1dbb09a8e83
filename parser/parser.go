// Package parser reads configuration files into sections, lines and words: manual chapter 2 whole, that is quoting,
// escapes, comments, environment variables, ".if" blocks, messages, the "no" and "default" prefixes, and the places
// of everything.
//
// It knows the names of the sections and nothing of what stands in them; keywords are checked by engine/build. It
// collects all mistakes of all files in one run and prints none. Config and all it holds belong to the caller, and
// nothing writes to them after Parse returned.
package parser

import (
	"hawser/parser/diag"
	"hawser/parser/expr"
)

// Word is one word of a line, after quotes, escapes and variables were resolved.
type Word = diag.Word

// Line is one directive of a section.
type Line struct {
	No, Default bool   // the prefix that stood before it
	Prefix      Word   // "no" or "default" itself
	Words       []Word // at least one, without the prefix
	Pos         diag.Pos
}

// Keyword is the first word's text.
func (l *Line) Keyword() string { return l.Words[0].Text }

// Args are the words after the keyword.
func (l *Line) Args() []Word { return l.Words[1:] }

// Arg is the text of the nth word (0 is the keyword), empty past the end.
func (l *Line) Arg(n int) string {
	if n < len(l.Words) {
		return l.Words[n].Text
	}
	return ""
}

// Section is a section's first line and the lines below it.
type Section struct {
	Kind  Word   // "frontend"
	Args  []Word // its name and what follows it
	Lines []*Line
	Pos   diag.Pos
}

// Name is the section's name, empty when it has none.
func (s *Section) Name() string {
	if len(s.Args) == 0 {
		return ""
	}
	return s.Args[0].Text
}

// Config is all that was read, in the order of the files and of their lines.
type Config struct {
	Sections []*Section
	Files    []string // those read, directories resolved
	Inputs   []string // as given, directories included
	Sources  *diag.Sources
	Env      *Env // as it is after the last "setenv"
}

// Options are what reading depends on besides the files.
type Options struct {
	// Env is changed by setenv and its like while reading; nil starts from the process's environment.
	Env *Env
	// Facts answer the predicates of ".if".
	Facts Facts
	// ReadFile replaces the file system, for tests; inputs are then files only.
	ReadFile func(path string) ([]byte, error)
}

// Parse reads all inputs: files, or directories of which the *.cfg files are taken in byte order. The Config holds
// whatever could be read, also when the list has failed.
func Parse(inputs []string, opt Options) (*Config, *diag.List) {
	if opt.Env == nil {
		opt.Env = SystemEnv()
	}
	cfg := &Config{Inputs: inputs, Sources: new(diag.Sources), Env: opt.Env}
	list := new(diag.List)
	for _, path := range inputFiles(inputs, &opt, list) {
		text, err := readFile(path, &opt)
		if err != nil {
			list.Alertf(diag.Pos{}, "%s", cannotOpen(path, err))
			continue
		}
		cfg.Files = append(cfg.Files, path)
		cfg.Sources.Add(path, text)
		r := newReader(path, text, &opt, list)
		r.run()
		cfg.Sections = append(cfg.Sections, r.sections()...)
	}
	return cfg, list
}

// ParseText reads one text as a file called name.
func ParseText(name, text string, opt Options) (*Config, *diag.List) {
	opt.ReadFile = func(string) ([]byte, error) { return []byte(text), nil }
	return Parse([]string{name}, opt)
}

// EvalCondition evaluates a condition as -cc does: quotes and variables as on a line, '#' as any other byte.
func EvalCondition(text string, opt Options) (bool, error) {
	if opt.Env == nil {
		opt.Env = SystemEnv()
	}
	lx := wordLexer{env: opt.Env.Get, noComment: true}
	words, fault := lx.line(text, diag.Pos{Line: 1})
	if fault != nil {
		return false, conditionError("Syntax Error in condition: " + fault.ccMessage())
	}
	joined := diag.Join(words)
	pred, bad := expr.ParsePred(joined.Text, arity)
	if bad == nil {
		var result bool
		if result, bad = opt.evaluator().pred(pred); bad == nil {
			return result, nil
		}
	}
	return false, conditionError("Failed to evaluate condition: " + bad.Message)
}

type conditionError string

func (e conditionError) Error() string { return string(e) }
