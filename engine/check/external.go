package check

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"time"

	"hawser/engine"
	"hawser/parser/diag"
)

// external checks with a program (configuration manual, "external-check command").
type external struct {
	command, path string
	keepEnv       bool
}

type globalConf struct{ external, keepEnv bool }

var global = engine.NewSlot[*engine.Runtime, globalConf]("external-check")

func parseExternalGlobal(b *engine.Build, l *engine.Line) error {
	g := global.Edit(b.RT)
	g.external = true
	if len(l.Words) > 1 {
		if l.Words[1].Text != "preserve-env" {
			return diag.Errorf(l.Words[1].Pos, "'external-check' only supports 'preserve-env' as an argument, found '%s'.", l.Words[1].Text)
		}
		g.keepEnv = true
	}
	return nil
}

func parseExternal(b *engine.Build, l *engine.Line) error {
	if len(l.Words) < 2 {
		return diag.Errorf(l.Words[0].Pos, "missing argument after 'external-check'.")
	}
	c := confs.Edit(b.Px)
	field := map[string]*string{"command": &c.command, "path": &c.path}[l.Words[1].Text]
	if field == nil {
		return diag.Errorf(l.Words[1].Pos, "'external-check' only supports 'command' and 'path'. but got '%s'.", l.Words[1].Text)
	}
	if len(l.Words) < 3 {
		return diag.Errorf(l.Words[1].Pos, "missing argument after '%s'.", l.Words[1].Text)
	}
	*field = l.Words[2].Text
	return nil
}

// check runs the program: it is told the addresses and all about the server, and
// its exit code is the answer.
func (x *external) check(ctx context.Context, srv *engine.Server, p *plan) *result {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	px := srv.Px
	paddr, pport := "NOT_USED", "NOT_USED"
	if len(px.Binds) > 0 {
		a := &px.Binds[0].Addr
		if a.Path != "" {
			paddr, pport = a.Path, "NOT_USED"
		} else {
			paddr, pport = a.IP.String(), strconv.Itoa(a.Port)
		}
	}
	addr, port := srv.Addr.IP.String(), strconv.Itoa(srv.Addr.Port)
	if srv.Addr.Path != "" {
		addr, port = srv.Addr.Path, "NOT_USED"
	}
	if srv.CheckPort != 0 {
		port = strconv.Itoa(srv.CheckPort)
	}
	cmd := exec.CommandContext(ctx, x.command, paddr, pport, addr, port)
	path := x.path
	if path == "" {
		path = os.Getenv("PATH")
	}
	if x.keepEnv {
		cmd.Env = os.Environ()
	}
	st := srv.State
	cmd.Env = append(cmd.Env, "PATH="+path,
		"HAPROXY_PROXY_NAME="+px.Name, "HAPROXY_PROXY_ID="+strconv.Itoa(px.ID), "HAPROXY_PROXY_ADDR="+paddr, "HAPROXY_PROXY_PORT="+pport,
		"HAPROXY_SERVER_NAME="+srv.Name, "HAPROXY_SERVER_ID="+strconv.Itoa(srv.ID), "HAPROXY_SERVER_ADDR="+addr, "HAPROXY_SERVER_PORT="+port,
		"HAPROXY_SERVER_MAXCONN="+strconv.Itoa(int(st.MaxConn.Load())), "HAPROXY_SERVER_CURCONN="+strconv.FormatInt(st.Served.Load(), 10),
		"HAPROXY_SERVER_SSL="+map[bool]string{true: "1", false: "0"}[srv.SSL], "HAPROXY_SERVER_PROTO=tcp")
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &result{ok: true, status: "PROCOK", code: 0}
	case ctx.Err() != nil:
		return &result{status: "PROCTOUT", code: -1}
	case errors.As(err, &exit):
		return &result{status: "PROCERR", code: exit.ExitCode()}
	}
	return &result{status: "SOCKERR", code: -1, desc: err.Error()}
}
