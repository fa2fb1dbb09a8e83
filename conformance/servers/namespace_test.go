package servers

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hawser/conformance/testbed"
)

// run starts a program on a configuration and waits until it listens at addr.
func run(t *testing.T, bin testbed.Binary, addr, config string) {
	t.Helper()
	dir := testbed.TempDir(t)
	file := filepath.Join(dir, "run.cfg")
	if err := os.WriteFile(file, []byte("defaults\n mode http\n timeout client 10s\n timeout server 10s\n timeout connect 2s\n"+config), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := testbed.Start(bin, dir, []string{"-db", "-f", file})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop() })
	if err := p.WaitAddrs(addr); err != nil {
		t.Fatalf("%v: %s", err, p.Output())
	}
}

// fetch returns a status and a body.
func fetch(t *testing.T, addr string) string {
	t.Helper()
	c := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := c.Get("http://" + addr + "/")
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return fmt.Sprintf("%d %s", res.StatusCode, body)
}

// newer are the programs that know all words of HAProxy 3.5.
func newer(t *testing.T) []testbed.Binary {
	all := []testbed.Binary{testbed.Hawser(t)}
	if bin, ok := testbed.HAProxy35(); ok {
		all = append(all, bin)
	}
	return all
}

// TestNamespace has a listener and a server in a network namespace that the test makes.
func TestNamespace(t *testing.T) {
	t.Parallel()
	ns := fmt.Sprintf("hawser%d", os.Getpid())
	ip := need(t, "ip")
	if out, err := exec.Command(ip, "netns", "add", ns).CombinedOutput(); err != nil {
		absent.Add(1)
		t.Skipf("no network namespaces here: %s", strings.TrimSpace(string(out)))
	}
	t.Cleanup(func() { exec.Command(ip, "netns", "del", ns).Run() })
	if out, err := exec.Command(ip, "-n", ns, "link", "set", "lo", "up").CombinedOutput(); err != nil {
		t.Fatalf("%s", out)
	}
	for _, bin := range append(newer(t), testbed.HAProxy(t)) {
		t.Run(bin.Name, func(t *testing.T) {
			inside, outside, stray := testbed.FreeAddr(), testbed.FreeAddr(), testbed.FreeAddr()
			run(t, bin, outside, fmt.Sprintf("frontend inside\n bind %[1]s namespace %[4]s\n http-request return status 200 content-type text/plain string inside\n"+
				"frontend outside\n bind %[2]s\n default_backend b\nbackend b\n server s %[1]s namespace %[4]s\n"+
				"frontend stray\n bind %[3]s\n default_backend c\nbackend c\n retries 0\n server s %[1]s\n", inside, outside, stray, ns))
			if got := fetch(t, outside); got != "200 inside" {
				t.Errorf("through the namespace: %s", got)
			}
			if got := fetch(t, stray); !strings.HasPrefix(got, "503 ") {
				t.Errorf("past it: %s", got)
			}
			if c, err := net.Dial("tcp", inside); err == nil {
				c.Close()
				t.Error("the listener is in our namespace")
			}
		})
	}
}

// TestSignedSegments has both ends sign with tcp-md5sig: they meet where the password
// is the same, and only there.
func TestSignedSegments(t *testing.T) {
	t.Parallel()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	sig := unix.TCPMD5Sig{Addr: unix.SockaddrStorage{Family: unix.AF_INET}, Keylen: 3, Key: [80]uint8{'a', 'b', 'c'}}
	sig.Addr.Data[2], sig.Addr.Data[5] = 127, 1
	if err := unix.SetsockoptTCPMD5Sig(fd, unix.IPPROTO_TCP, unix.TCP_MD5SIG, &sig); err != nil {
		absent.Add(1)
		t.Skipf("no signed segments here: %v", err)
	}
	for _, front := range newer(t) {
		for _, back := range newer(t) {
			t.Run(front.Name+" to "+back.Name, func(t *testing.T) {
				t.Parallel()
				signed, right, wrong, plain := testbed.FreeAddr(), testbed.FreeAddr(), testbed.FreeAddr(), testbed.FreeAddr()
				run(t, back, signed, "frontend signed\n bind "+signed+" tcp-md5sig secret\n http-request return status 200 content-type text/plain string signed\n")
				var config strings.Builder
				for i, l := range []struct{ addr, option, timeout string }{{right, "tcp-md5sig secret", "5s"}, {wrong, "tcp-md5sig other", "500ms"}, {plain, "", "500ms"}} {
					fmt.Fprintf(&config, "frontend f%[1]d\n bind %[2]s\n default_backend b%[1]d\nbackend b%[1]d\n retries 0\n timeout connect %[5]s\n server s %[3]s %[4]s\n", i, l.addr, signed, l.option, l.timeout)
				}
				run(t, front, plain, config.String())
				if got := fetch(t, right); got != "200 signed" {
					t.Errorf("with the password: %s", got)
				}
				for _, addr := range []string{wrong, plain} {
					if got := fetch(t, addr); !strings.HasPrefix(got, "503 ") {
						t.Errorf("without the password: %s", got)
					}
				}
			})
		}
	}
}
