package servers

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

// absent counts the tests that were skipped for want of a program.
var absent atomic.Int32

// program is a server that a test starts, stops and starts again on one address.
type program struct {
	t    testing.TB
	name string
	addr string
	dir  string // belongs to the user that the program runs as
	args []string
	env  []string
	end  syscall.Signal // ends it at once

	cmd *exec.Cmd
	out bytes.Buffer
}

// nobody is who programs run as that refuse to be root.
const nobody = 65534

// need finds a program or skips the test.
func need(t testing.TB, name string, places ...string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, pattern := range places {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[len(found)-1]
		}
	}
	absent.Add(1)
	t.Skipf("no %s here", name)
	return ""
}

func newProgram(t testing.TB, name string) *program {
	p := &program{t: t, name: name, addr: testbed.FreeAddr(), dir: testbed.TempDir(t), end: syscall.SIGKILL}
	if os.Getuid() == 0 {
		if err := os.Chown(p.dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(p.stop)
	return p
}

func (p *program) port() string {
	_, port, _ := net.SplitHostPort(p.addr)
	return port
}

// file writes a file into the program's folder.
func (p *program) file(name, text string) string {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
	return path
}

func (p *program) command(args ...string) *exec.Cmd {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), append(p.env, "HOME="+p.dir)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	return cmd
}

// prepare runs a command to its end.
func (p *program) prepare(args ...string) {
	p.t.Helper()
	if out, err := p.command(args...).CombinedOutput(); err != nil {
		p.t.Fatalf("%s: %v: %s", args[0], err, out)
	}
}

// start runs the program and waits until it takes connections.
func (p *program) start() {
	p.t.Helper()
	p.out.Reset()
	p.cmd = p.command(p.args...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	listens := await(func() bool {
		c, err := net.Dial("tcp", p.addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	if !listens {
		p.t.Fatalf("%s does not listen: %s", p.name, p.out.String())
	}
}

// stop ends the program and all that it started.
func (p *program) stop() {
	if p.cmd == nil {
		return
	}
	p.cmd.Process.Signal(p.end)
	over := make(chan bool)
	go func() { p.cmd.Wait(); close(over) }()
	select {
	case <-over:
	case <-time.After(5 * time.Second):
		p.cmd.Process.Kill()
		<-over
	}
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	p.cmd = nil
	if p.t.Failed() {
		p.t.Logf("%s said: %s", p.name, p.out.String())
	}
}

// await polls until ok, at most 20 seconds.
func await(ok func() bool) bool {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return true
		}
	}
	return false
}

func redis(t testing.TB, more ...string) *program {
	path := need(t, "redis-server")
	p := newProgram(t, "redis-server")
	p.args = append([]string{path, "--bind", "127.0.0.1", "--port", p.port(), "--save", "", "--dir", p.dir}, more...)
	return p
}

func postgres(t testing.TB) *program {
	initdb := need(t, "initdb", "/usr/lib/postgresql/*/bin/initdb")
	p := newProgram(t, "postgres")
	p.end = syscall.SIGQUIT
	p.prepare(initdb, "-D", p.dir+"/data", "-U", "tester", "-A", "trust", "--no-sync", "--locale=C", "-E", "UTF8")
	p.args = []string{filepath.Join(filepath.Dir(initdb), "postgres"), "-D", p.dir + "/data", "-h", "127.0.0.1", "-p", p.port(), "-k", p.dir, "-F"}
	return p
}

func mariadb(t testing.TB) *program {
	path, install := need(t, "mariadbd", "/usr/sbin/mariadbd"), need(t, "mariadb-install-db")
	p := newProgram(t, "mariadbd")
	p.prepare(install, "--no-defaults", "--datadir="+p.dir+"/data", "--auth-root-authentication-method=normal", "--skip-test-db")
	users := p.file("users.sql", "CREATE USER IF NOT EXISTS 'tester'@'%';\n")
	p.args = []string{path, "--no-defaults", "--datadir=" + p.dir + "/data", "--bind-address=127.0.0.1", "--port=" + p.port(), "--socket=" + p.dir + "/sock",
		"--pid-file=" + p.dir + "/pid", "--max-connect-errors=1000000", "--init-file=" + users, "--innodb-flush-log-at-trx-commit=0"}
	return p
}

func slapd(t testing.TB, more string) *program {
	path := need(t, "slapd", "/usr/sbin/slapd")
	p := newProgram(t, "slapd")
	if err := os.Mkdir(p.dir+"/db", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(p.dir+"/db", 0o777); err != nil {
		t.Fatal(err)
	}
	conf := p.file("slapd.conf", fmt.Sprintf(`include /etc/ldap/schema/core.schema
pidfile %[1]s/pid
argsfile %[1]s/args
modulepath /usr/lib/ldap
moduleload back_mdb
%[2]s
database mdb
suffix "dc=example,dc=test"
rootdn "cn=admin,dc=example,dc=test"
rootpw secret
directory %[1]s/db
`, p.dir, more))
	p.args = []string{path, "-h", "ldap://" + p.addr, "-f", conf, "-d", "0"}
	return p
}

func smtp(t testing.TB) *program {
	p := newProgram(t, "aiosmtpd")
	p.args = []string{need(t, "aiosmtpd"), "-n", "-l", p.addr, "-c", "aiosmtpd.handlers.Mailbox", p.dir + "/mail"}
	return p
}
