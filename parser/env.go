package parser

import (
	"maps"
	"os"
	"slices"
	"strings"
)

// Env is the environment that a configuration sees and changes. It is owned by one goroutine.
type Env struct{ vars map[string]string }

// NewEnv makes an environment from "NAME=value" strings.
func NewEnv(environ []string) *Env {
	e := &Env{vars: make(map[string]string, len(environ))}
	for _, kv := range environ {
		if name, value, ok := strings.Cut(kv, "="); ok && name != "" {
			e.vars[name] = value
		}
	}
	return e
}

// SystemEnv is the process's environment.
func SystemEnv() *Env { return NewEnv(os.Environ()) }

// Get looks a variable up.
func (e *Env) Get(name string) (string, bool) {
	v, ok := e.vars[name]
	return v, ok
}

// Set gives a variable its value.
func (e *Env) Set(name, value string) { e.vars[name] = value }

// Preset sets a variable that does not exist yet.
func (e *Env) Preset(name, value string) {
	if _, ok := e.vars[name]; !ok {
		e.vars[name] = value
	}
}

// Unset removes a variable.
func (e *Env) Unset(name string) { delete(e.vars, name) }

// Reset removes all variables but those named.
func (e *Env) Reset(keep ...string) {
	maps.DeleteFunc(e.vars, func(name, _ string) bool { return !slices.Contains(keep, name) })
}

// Clone is a copy that changes by itself.
func (e *Env) Clone() *Env { return &Env{vars: maps.Clone(e.vars)} }

// Environ lists "NAME=value" in byte order.
func (e *Env) Environ() []string {
	list := make([]string, 0, len(e.vars))
	for name, value := range e.vars {
		list = append(list, name+"="+value)
	}
	slices.Sort(list)
	return list
}

// applyEnv carries out the four keywords of the global section that change the environment while it is read; their
// rows in the engine check them again and report mistakes.
func applyEnv(env *Env, words []Word) {
	args := words[1:]
	switch words[0].Text {
	case "setenv":
		if len(args) == 2 && validName(args[0].Text) {
			env.Set(args[0].Text, args[1].Text)
		}
	case "presetenv":
		if len(args) == 2 && validName(args[0].Text) {
			env.Preset(args[0].Text, args[1].Text)
		}
	case "unsetenv":
		for _, a := range args {
			env.Unset(a.Text)
		}
	case "resetenv":
		keep := make([]string, len(args))
		for i, a := range args {
			keep[i] = a.Text
		}
		env.Reset(keep...)
	}
}

func validName(name string) bool { return name != "" && !strings.Contains(name, "=") }
