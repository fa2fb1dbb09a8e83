package servers

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"hawser/conformance/testbed"
)

// through runs a proxy of each kind in front of a checked server.
func through(t *testing.T, p *program, option string) []*watcher {
	p.start()
	all := watch(t, fmt.Sprintf("listen through\n    BIND through\n    %s\n    server s %s check inter 200ms\n", option, p.addr))
	settled(t, all, "through/s", "alive", up)
	return all
}

// host and port of a watcher's listener.
func (w *watcher) at() (host, port string) {
	host, port, _ = net.SplitHostPort(w.addrs["through"])
	return host, port
}

// reload has Hawser read its file again; HAProxy is left as it is.
func (w *watcher) reload() {
	w.t.Helper()
	if w.bin.Name != "hawser" {
		return
	}
	out, err := testbed.Ask(w.socket, "reload")
	if err != nil || !strings.Contains(out, "Success=1") {
		w.t.Fatalf("reload: %v %s", err, out)
	}
}

// says runs a client to its end.
func says(t *testing.T, want string, args ...string) {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "PGCONNECT_TIMEOUT=10")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), want) {
		t.Errorf("%v: %v, want %q in: %s", args, err, want, out)
	}
}

// session keeps a client open over a reload: it reads one line for each question.
func session(t *testing.T, w *watcher, ask func(i int) string, want func(i int) string, args ...string) {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for i := range 3 {
		if i > 0 {
			w.reload()
		}
		io.WriteString(in, ask(i)+"\n")
		if !lines.Scan() || lines.Text() != want(i) {
			t.Errorf("%s: %s answers %q, want %q", w.bin.Version, args[0], lines.Text(), want(i))
		}
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Errorf("%s: %s: %v", w.bin.Version, args[0], err)
	}
}

func TestClientOfPostgreSQL(t *testing.T) {
	t.Parallel()
	psql := need(t, "psql")
	for _, w := range through(t, postgres(t), "option pgsql-check user tester") {
		host, port := w.at()
		session(t, w, func(i int) string { return fmt.Sprintf("select %d + pg_backend_pid() - pg_backend_pid();", i) },
			func(i int) string { return fmt.Sprint(i) }, psql, "-XqAt", "-h", host, "-p", port, "-U", "tester", "postgres")
		says(t, "500000500000", psql, "-XqAt", "-h", host, "-p", port, "-U", "tester", "-c", "select sum(n) from generate_series(1, 1000000) n", "postgres")
	}
}

func TestClientOfMariaDB(t *testing.T) {
	t.Parallel()
	mysql := need(t, "mysql")
	for _, w := range through(t, mariadb(t), "option mysql-check user tester") {
		host, port := w.at()
		session(t, w, func(i int) string { return fmt.Sprintf("select %d + 40;", i) }, func(i int) string { return fmt.Sprint(i + 40) },
			mysql, "--no-defaults", "--unbuffered", "-N", "-B", "-h", host, "-P", port, "-u", "tester")
		says(t, "xxxxxxxxxx", mysql, "--no-defaults", "-N", "-B", "-h", host, "-P", port, "-u", "tester", "-e", "select repeat('x', 300000)")
	}
}

func TestClientOfRedis(t *testing.T) {
	t.Parallel()
	cli := need(t, "redis-cli")
	for _, w := range through(t, redis(t), "option redis-check") {
		host, port := w.at()
		session(t, w, func(i int) string { return fmt.Sprintf("ECHO number%d", i) }, func(i int) string { return fmt.Sprintf("number%d", i) },
			cli, "-h", host, "-p", port)
		w.reload()
		says(t, "OK", cli, "-h", host, "-p", port, "SET", "key", strings.Repeat("v", 10000))
		says(t, strings.Repeat("v", 10000), cli, "-h", host, "-p", port, "GET", "key")
	}
}

func TestClientOfLDAP(t *testing.T) {
	t.Parallel()
	search, add := need(t, "ldapsearch"), need(t, "ldapadd")
	p := slapd(t, "")
	entry := p.file("entry.ldif", "dn: dc=example,dc=test\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n")
	for i, w := range through(t, p, "option ldap-check") {
		url := "ldap://" + w.addrs["through"]
		if i == 0 {
			says(t, "adding new entry", add, "-x", "-H", url, "-D", "cn=admin,dc=example,dc=test", "-w", "secret", "-f", entry)
		}
		w.reload()
		says(t, "o: Example", search, "-x", "-H", url, "-b", "dc=example,dc=test", "(dc=example)")
	}
}
