package engine

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hawser/parser/diag"
)

// Build is a configuration being compiled: what a row's Parse function gets. It
// belongs to one goroutine and is dropped when the Runtime is ready.
type Build struct {
	RT    *Runtime
	Diags *diag.List
	// Px is the proxy or defaults section that the present line belongs to; nil
	// in global and in sections of features.
	Px *Proxy
	// Old is the generation in force on a reload, nil at start.
	Old *Runtime
	// Getenv looks an environment variable up as the global section left it.
	Getenv func(name string) (string, bool)
	// CheckOnly is -c: nothing may be opened for good.
	CheckOnly bool
	// Dir is the directory that relative file names start from; "" the current one.
	Dir string

	later  [NBuildStages][]func()
	stage  BuildStage // the one that is being run
	use    usedBy
	files  map[string]bool
	varIdx map[string]int32
	live   bool // compiles something that joins a running generation
}

// BuildStage orders the work that waits for the end of the files.
type BuildStage uint8

// The stages: names are resolved first, then what uses them is compiled, then
// defaults are filled in and cross-checked, then what needs everything (balancers,
// checkers, TLS contexts) is made.
const (
	StageResolve BuildStage = iota
	StageCompile
	StageFinish
	StageMake
	NBuildStages
)

// NewBuild begins a compilation.
func NewBuild(rt *Runtime, diags *diag.List) *Build {
	return &Build{RT: rt, Diags: diags, files: map[string]bool{}, varIdx: map[string]int32{}, Getenv: os.LookupEnv}
}

// Later has f called once all sections are read, with b.Px as it is now.
func (b *Build) Later(f func()) { b.At(StageResolve, f) }

// At has f called in the given stage, or in the present one if that is over.
func (b *Build) At(st BuildStage, f func()) {
	px := b.Px
	st = max(st, b.stage)
	b.later[st] = append(b.later[st], func() {
		b.Px = px
		f()
	})
}

// RunStages calls what Later and At collected. A function may add to its own
// stage or a later one.
func (b *Build) RunStages() {
	for st := range b.later {
		b.stage = BuildStage(st)
		for i := 0; i < len(b.later[st]); i++ {
			b.later[st][i]()
		}
	}
	b.Px = nil
}

// RunStagesQuietly resolves names after errors, so that their diagnostics come in
// the same run, without making anything.
func (b *Build) RunStagesQuietly() {
	for st := range StageFinish {
		b.stage = st
		for i := 0; i < len(b.later[st]); i++ {
			b.later[st][i]()
		}
	}
	b.Px = nil
}

// Report adds err at pos; a nil error is nothing.
func (b *Build) Report(pos diag.Pos, err error) {
	if err != nil {
		b.Diags.AddError(pos, err)
	}
}

// Alert, Warn and Notice add a diagnostic at pos.
func (b *Build) Alert(pos diag.Pos, format string, args ...any) *diag.Diagnostic {
	return b.Diags.Alertf(pos, format, args...)
}

// Warn adds a warning.
func (b *Build) Warn(pos diag.Pos, format string, args ...any) *diag.Diagnostic {
	return b.Diags.Warningf(pos, format, args...)
}

// Notice adds a notice.
func (b *Build) Notice(pos diag.Pos, format string, args ...any) *diag.Diagnostic {
	return b.Diags.Noticef(pos, format, args...)
}

// ReadFile reads a file that the configuration names and remembers it as one to
// watch.
func (b *Build) ReadFile(name string) ([]byte, error) {
	b.Watch(name)
	data, err := os.ReadFile(b.Path(name))
	if err != nil {
		var pe *os.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
	}
	return data, err
}

// Watch remembers a file or directory as part of the configuration.
func (b *Build) Watch(name string) {
	if p := b.Path(name); !b.files[p] {
		b.files[p] = true
		b.RT.Files = append(b.RT.Files, p)
	}
}

// Path returns name relative to the configuration's directory where it is relative.
func (b *Build) Path(name string) string {
	if b.Dir == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(b.Dir, name)
}

// FindBackend returns the backend called name for use at pos, or reports that
// there is none.
func (b *Build) FindBackend(name string) *Proxy {
	for _, p := range b.RT.All() {
		if p.Name == name && p.Side&Back != 0 {
			return p
		}
	}
	return nil
}

// FindFrontend returns the frontend called name.
func (b *Build) FindFrontend(name string) *Proxy {
	for _, p := range b.RT.All() {
		if p.Name == name && p.Side&Front != 0 {
			return p
		}
	}
	return nil
}

// Var resolves a variable's name ("txn.host") and reserves its place.
func (b *Build) Var(name string) (VarRef, error) {
	scope, rest, err := splitVar(name)
	if err != nil {
		return VarRef{}, err
	}
	i, ok := b.varIdx[name]
	if !ok && b.live && scope != VarProc {
		return VarRef{}, diag.Errorf(diag.Pos{}, "variable '%s' is used nowhere in the configuration.", name)
	}
	if !ok {
		names := &b.RT.VarNames[scope]
		if scope == VarProc {
			i = b.RT.ProcVars.Index(rest)
		} else {
			i = int32(len(*names))
			*names = append(*names, rest)
		}
		b.varIdx[name] = i
	}
	return VarRef{Scope: scope, Index: i, Name: name}, nil
}

var varScopes = map[string]VarScope{"proc": VarProc, "sess": VarSess, "txn": VarTxn, "req": VarReq, "res": VarRes, "check": VarCheck,
	"psess": VarParent, "ptxn": VarParent, "preq": VarParent, "pres": VarParent}

func splitVar(name string) (VarScope, string, error) {
	for i := range len(name) {
		c := name[i]
		if c == '.' {
			if sc, ok := varScopes[name[:i]]; ok && i+1 < len(name) && validVar(name[i+1:]) {
				return sc, name[i+1:], nil
			}
			break
		}
	}
	if name == "" {
		return 0, "", errors.New("Empty variable name cannot be accepted")
	}
	if sc, rest, ok := strings.Cut(name, "."); ok && varScopes[sc] != 0 {
		for i := range len(rest) {
			if !validVar(rest[i : i+1]) {
				return 0, "", errors.New("invalid syntax at char '" + rest[i:i+1] + "'")
			}
		}
	}
	return 0, "", diag.Errorf(diag.Pos{}, "invalid variable name '%s'. A variable name must start with its scope. The scope can be 'proc', '(p)sess', '(p)txn', '(p)req', '(p)res' or 'check'.", name)
}

func validVar(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.') {
			return false
		}
	}
	return true
}

// SplitCond parts the words of a rule into those before and from "if" or
// "unless" on.
func SplitCond(words []Word) (args, cond []Word) {
	i := slices.IndexFunc(words, func(w Word) bool { return !w.Quoted && (w.Text == "if" || w.Text == "unless") })
	if i < 0 {
		return words, nil
	}
	return words[:i], words[i:]
}
