package directives

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hawser/engine/build"
	"hawser/parser/diag"
)

const argumentsHead = `defaults
 mode http
 timeout client 3s
 timeout server 3s
 timeout connect 3s
userlist ul
 user a insecure-password b
backend t
 stick-table type ip size 10 store gpc(2),gpt(2)
backend b
 server s 127.0.0.1:1
listen f
 server s 127.0.0.1:2
 bind 127.0.0.1:8077
`

// TestArguments gives fetches, converters and actions wrong arguments, or puts them in
// wrong places: testdata/arguments.txt has a line of a proxy and what HAProxy 3.5 says
// of it, with a tab between.
func TestArguments(t *testing.T) {
	data, err := os.ReadFile("testdata/arguments.txt")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	text.WriteString(argumentsHead)
	first := strings.Count(argumentsHead, "\n") + 1
	var lines, want []string
	for row := range strings.Lines(string(data)) {
		if line, said, ok := strings.Cut(strings.TrimRight(row, "\n"), "\t"); ok {
			lines, want = append(lines, line), append(want, said)
			text.WriteString(" " + line + "\n")
		}
	}
	file := filepath.Join(t.TempDir(), "c.cfg")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	said := map[int]string{}
	for _, d := range build.Load([]string{file}, build.Options{CheckOnly: true}).Diags.Items {
		if d.Severity < diag.Alert {
			continue
		}
		if n := d.Pos.Line - first; said[n] == "" {
			said[n] = d.Message
		}
	}
	for i, line := range lines {
		if got := strings.TrimRight(said[i], ". "); got != want[i] {
			t.Errorf("%s:\n\t%s\nshould be\n\t%s", line, got, want[i])
		}
	}
	t.Log(fmt.Sprint(len(lines), " sentences"))
}
