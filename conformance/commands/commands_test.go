package commands

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

var record = flag.Bool("record", false, "ask HAProxy 3.5 again and rewrite what it said")

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	testbed.Clean()
	os.Exit(code)
}

// exchange is a command with HAProxy's answer, and why Hawser's is another one.
type exchange struct{ command, answer, differs string }

// TestAnswers plays every file.
func TestAnswers(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no files")
	}
	bin := testbed.Hawser(t)
	if *record {
		ref, ok := testbed.HAProxy35()
		if !ok {
			t.Fatal("no haproxy35 to ask")
		}
		bin = ref
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			list := read(string(text))
			ask := start(t, bin)
			for i := range list {
				x := &list[i]
				got := ask(x.command)
				switch {
				case *record:
					x.answer = got
				case x.differs == "" && got != x.answer:
					t.Errorf("%s\n got %q\nwant %q", x.command, got, x.answer)
				case x.differs != "" && got == x.answer:
					t.Errorf("%s: is as HAProxy's, though %s", x.command, x.differs)
				}
			}
			if *record {
				if err := os.WriteFile(file, []byte(write(list)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func read(text string) (list []exchange) {
	differs := ""
	for l := range strings.Lines(text) {
		switch rest := strings.TrimSuffix(l, "\n"); {
		case strings.HasPrefix(l, "> "):
			list = append(list, exchange{command: rest[2:], differs: differs})
			differs = ""
		case strings.HasPrefix(l, "~ "):
			differs = rest[2:]
		default:
			list[len(list)-1].answer += l
		}
	}
	return list
}

func write(list []exchange) string {
	var b strings.Builder
	for _, x := range list {
		if x.differs != "" {
			b.WriteString("~ " + x.differs + "\n")
		}
		b.WriteString("> " + x.command + "\n" + x.answer)
	}
	return b.String()
}

// start runs bin and returns what asks it; every command has a connection of its own.
func start(t *testing.T, bin testbed.Binary) func(command string) string {
	dir := testbed.TempDir(t)
	cfg := filepath.Join(dir, "run.cfg") // answers that name it say $DIR
	text, err := os.ReadFile("testdata/run.cfg")
	if err == nil {
		err = os.WriteFile(cfg, text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	p, err := testbed.Start(bin, dir, []string{"-db", "-f", cfg}, "DIR="+dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop() })
	socket := filepath.Join(dir, "cli")
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, err := testbed.Ask(socket, "show info"); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%s does not answer:\n%s", bin.Path, p.Output())
		}
	}
	return func(command string) string {
		answer, err := testbed.Ask(socket, command)
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		return strings.ReplaceAll(answer, dir, "$DIR")
	}
}
