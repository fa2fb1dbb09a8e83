package servers

import (
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hawser/conformance/testbed"
)

// TestEmailAlert has the news of a server sent through an SMTP server. HAProxy 3.5
// sends mail only with its Lua mailer, so 2.6 is compared with.
func TestEmailAlert(t *testing.T) {
	t.Parallel()
	post := smtp(t)
	post.start()
	watched := testbed.FreeAddr()
	all := watch(t, fmt.Sprintf(`mailers post
    mailer one %s
backend be
    email-alert mailers post
    email-alert level notice
    email-alert from proxy@example.test
    email-alert to admin@example.test
    server s %s check inter 300ms rise 1 fall 1
`, post.addr, watched))
	settled(t, all, "be/s", "dead", down)
	p := &agent{t: t, addr: watched, line: "hello\n"} // any server that listens
	p.start()
	defer p.l.Close()
	settled(t, all, "be/s", "alive", up)
	var got []string
	want := 0
	for _, w := range all {
		if w.bin.Name != "haproxy35" {
			want += 2
		}
	}
	await(func() bool { got = letters(t, post.dir+"/mail/new"); return len(got) >= want })
	slices.Sort(got)
	if len(got) != want || got[0] != got[1] || got[want-2] != got[want-1] {
		t.Errorf("%d letters, want two of each kind: \n%s", len(got), strings.Join(got, "\n----\n"))
	}
	t.Logf("%s\n----\n%s", got[0], got[len(got)-1])
}

var dated = regexp.MustCompile(`\d{4}-\d\d-\d\d|\w{3}, \d+ \w{3} \d{4} [\d:]+ \S+`)

// letters are those that were delivered, without what differs from run to run.
func letters(t *testing.T, dir string) (list []string) {
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(strings.NewReader(string(text)))
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		_, body, _ := strings.Cut(strings.ReplaceAll(string(text), "\r", ""), "\n\n")
		list = append(list, dated.ReplaceAllString(plain(fmt.Sprintf("from %s to %s, %s\ndate %s\n%s", m.Header.Get("From"), m.Header.Get("To"),
			m.Header.Get("Subject"), m.Header.Get("Date"), body)), "_"))
	}
	return list
}
