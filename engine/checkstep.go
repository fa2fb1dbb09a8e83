package engine

import (
	"context"

	"hawser/engine/conn"
	"hawser/engine/registry"
)

// CheckConn is a check under way.
type CheckConn struct {
	Srv  *Server
	Conn *conn.Conn // nil until connected
	Vars VarStore
	Env  Env
	In   []byte // received and not yet consumed
	Step int
}

// CheckResult is what a step found.
type CheckResult struct {
	OK     bool
	Status string // L4CON, L7STS …
	Code   int
	Desc   string
}

// CheckStep is one step of a check.
type CheckStep interface {
	Run(ctx context.Context, c *CheckConn) CheckResult
}

// CheckKeyword is a kind of check that the user can name.
type CheckKeyword struct {
	Name  string
	Usage string
	Parse func(b *Build, words []Word) ([]CheckStep, error)
}

// CheckKeywords is the table of kinds of checks.
var CheckKeywords = registry.New[*CheckKeyword]("check")
