package conformance

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The stories are run by Debian's varnishtest, each alone and two at a time, on every program of the table in programs().
//
//	HAWSER_STORIES=regexp   only stories whose feature/name matches
//	HAWSER_ONLY=name        only this program: haproxy, hawser or oracle
//	HAWSER_BIN=path         this hawser instead of a fresh build
//	HAWSER_RACE=1           build hawser with the race detector; a race fails its story
//	HAWSER_ORACLE=path      a further HAProxy (a newer one, say) to run the stories on
//	HAWSER_UPDATE=1         take the stories that are no longer pending out of pending.txt
const (
	storyLimit  = 20 * time.Second // varnishtest's own, per story
	shortLimit  = 5 * time.Second  // for a story that is expected to fail
	storyJobs   = 2
	logLines    = 250 // of a failed story's log
	pendingFile = "pending.txt"
)

type story struct{ name, path, text string }

// program is something that stories run on.
type program struct {
	name    string
	path    string
	subject bool // it is ours: pending stories are allowed, a skip is suspect
}

type verdict int

const (
	passed verdict = iota
	failed
	skipped
	pending // failed, and known to
	mended  // passed, though listed as pending
	late    // passed, but at the second try only
	verdicts
)

func (v verdict) String() string {
	return [...]string{"passed", "failed", "skipped", "pending", "no longer pending", "passed at the second try"}[v]
}

// tally is what a program did with each story.
type tally struct {
	mu  sync.Mutex
	did map[string]verdict // guarded by mu
}

func (c *tally) set(name string, v verdict) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.did[name] = v
}

func (c *tally) named(v verdict) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for name, did := range c.did {
		if did == v {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

func TestStories(t *testing.T) {
	all := stories(t)
	known := pendingStories(t, all)
	if _, err := exec.LookPath("varnishtest"); err != nil {
		t.Skipf("skipped %d stories: varnishtest is not here; conformance/setup.sh installs it (package varnish)", len(all))
	}
	reference := &tally{did: map[string]verdict{}}
	for _, p := range programs(t) {
		if p.path == "" {
			t.Run(p.name, func(t *testing.T) { t.Skipf("skipped %d stories: there is no %s here", len(all), p.name) })
			continue
		}
		count := &tally{did: map[string]verdict{}}
		t.Run(p.name, func(t *testing.T) { runAll(t, p, all, known, count, reference) })
		if p.name == "haproxy" {
			reference = count
		}
		report(t, p, count)
		if mendedNow := count.named(mended); os.Getenv("HAWSER_UPDATE") != "" && len(mendedNow) > 0 {
			prune(t, mendedNow)
		}
	}
}

func runAll(t *testing.T, p program, all []story, known map[string]bool, count, reference *tally) {
	tmp, err := os.MkdirTemp("/tmp", "hs") // short: varnishtest puts UNIX sockets there, whose paths are limited
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(tmp) })
	runs := !p.subject || runsAtAll(p, tmp)
	slots := make(chan struct{}, storyJobs)
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			if !runs && known[s.name] {
				count.set(s.name, pending)
				t.Skip("pending: " + p.name + " does not run the plainest configuration yet")
			}
			t.Parallel()
			slots <- struct{}{}
			limit := storyLimit
			if p.subject && known[s.name] {
				limit = shortLimit
			}
			v, log := play(p, s, tmp, limit)
			if v == failed && !(p.subject && known[s.name]) && !broken.MatchString(log) {
				if again, _ := play(p, s, tmp, limit); again == passed {
					v = late // a busy machine, or a story that leaves room for one: the report names it
				}
			}
			<-slots
			if p.subject {
				v = judge(v, s, known[s.name], reference)
			}
			count.set(s.name, v)
			switch v {
			case failed:
				t.Errorf("%s on %s\n%s", s.path, p.path, tail(log, logLines))
			case skipped:
				t.Skip("skipped by varnishtest: " + line(log, "SKIPPING"))
			case pending:
				t.Skip("pending: " + cause(log))
			}
		})
	}
}

// runsAtAll tells whether a program accepts a configuration of three lines: else no pending story needs to wait for its timeout.
func runsAtAll(p program, tmp string) bool {
	file := filepath.Join(tmp, "plain.cfg")
	plain := "defaults\n mode http\n timeout client 1s\nfrontend fe\n bind unix@" + tmp + "/fe\n http-request return status 200\n"
	if err := os.WriteFile(file, []byte(plain), 0o600); err != nil {
		return true
	}
	return exec.Command(p.path, "-c", "-f", file).Run() == nil
}

// judge turns what a story did on our own program into a verdict about us.
func judge(v verdict, s story, isPending bool, reference *tally) verdict {
	if v == skipped && (reference.did[s.name] != skipped || strings.Contains(s.text, "version_atleast")) {
		v = failed // it runs elsewhere, or it is for the version that we claim to be
	}
	switch {
	case v == failed && isPending:
		return pending
	case v == passed && isPending:
		return mended
	}
	return v
}

var (
	broken   = regexp.MustCompile(`panic: |fatal error: |WARNING: DATA RACE|goroutine \d+ \[running\]`)
	nothing  = regexp.MustCompile(`(?m)^#\s+top\s+TEST .* skipped`)
	timedOut = "\nstopped: varnishtest did not end in time\n"
)

// play runs one story and reads the verdict from the exit status and the log; it answers passed, failed or skipped.
func play(p program, s story, tmp string, limit time.Duration) (verdict, string) {
	ctx, cancel := context.WithTimeout(context.Background(), limit+10*time.Second)
	defer cancel()
	run := exec.CommandContext(ctx, "varnishtest", "-v", "-j1", "-t", fmt.Sprint(limit.Seconds()), "-b", "2097152", s.path)
	run.Env = append(os.Environ(), "TMPDIR="+tmp, "HAPROXY_PROGRAM="+p.path, "GORACE=atexit_sleep_ms=0")
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run.Cancel = func() error { return syscall.Kill(-run.Process.Pid, syscall.SIGKILL) }
	run.WaitDelay = time.Second
	out, err := run.CombinedOutput()
	log := string(out)
	switch {
	case ctx.Err() != nil:
		return failed, log + timedOut
	case broken.MatchString(log):
		return failed, log
	case run.ProcessState.ExitCode() == 77, err == nil && nothing.MatchString(log):
		return skipped, log
	case err != nil:
		return failed, log
	}
	return passed, log
}

func report(t *testing.T, p program, count *tally) {
	var b strings.Builder
	fmt.Fprintf(&b, "stories on %s (%s): %d", p.name, p.path, len(count.did))
	for v := passed; v < verdicts; v++ {
		if names := count.named(v); len(names) > 0 {
			fmt.Fprintf(&b, ", %d %s", len(names), v)
		}
	}
	for _, v := range []verdict{skipped, mended, late} {
		for _, name := range count.named(v) {
			fmt.Fprintf(&b, "\n  %s: %s", v, name)
		}
	}
	t.Log(b.String())
}

// programs lists what there is to run stories on: the reference first.
func programs(t *testing.T) []program {
	t.Helper()
	only := os.Getenv("HAWSER_ONLY")
	wanted := func(name string) bool { return only == "" || only == name }
	var all []program
	if wanted("haproxy") {
		path, _ := exec.LookPath("haproxy")
		all = append(all, program{name: "haproxy", path: path})
	}
	if path := os.Getenv("HAWSER_ORACLE"); path != "" && wanted("oracle") {
		all = append(all, program{name: "oracle", path: path})
	}
	if wanted("hawser") {
		all = append(all, program{name: "hawser", path: build(t), subject: true})
	}
	return all
}

// build compiles hawser, once per run of the test, and answers its path.
func build(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("HAWSER_BIN"); path != "" {
		return path
	}
	path := filepath.Join(t.TempDir(), "hawser")
	args := []string{"build", "-o", path}
	if os.Getenv("HAWSER_RACE") != "" {
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, "hawser/cmd/hawser")...).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// stories finds the VTC files below stories/ that HAWSER_STORIES asks for, in order of name.
func stories(t *testing.T) []story {
	t.Helper()
	wanted, err := regexp.Compile(os.Getenv("HAWSER_STORIES"))
	if err != nil {
		t.Fatal("HAWSER_STORIES: ", err)
	}
	paths, err := filepath.Glob("stories/*/*.vtc")
	if err != nil || len(paths) == 0 {
		t.Fatal("no story found: ", err)
	}
	var all []story
	for _, path := range paths {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(path), "stories/"), ".vtc")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		abs, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		if wanted.MatchString(name) {
			all = append(all, story{name: name, path: abs, text: string(text)})
		}
	}
	return all
}

// pendingStories reads the names of the stories that hawser is known not to keep yet: one a line, # begins a comment.
func pendingStories(t *testing.T, all []story) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(pendingFile)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	exists := map[string]bool{}
	for _, s := range all {
		exists[s.name] = true
	}
	names := map[string]bool{}
	for l := range strings.Lines(string(text)) {
		l, _, _ = strings.Cut(l, "#")
		name := strings.TrimSpace(l)
		if name == "" {
			continue
		}
		if !exists[name] && os.Getenv("HAWSER_STORIES") == "" {
			t.Errorf("%s names %q, which is no story", pendingFile, name)
		}
		names[name] = true
	}
	return names
}

// prune takes names out of the list of pending stories.
func prune(t *testing.T, names []string) {
	t.Helper()
	text, err := os.ReadFile(pendingFile)
	if err != nil {
		t.Fatal(err)
	}
	var kept strings.Builder
	for l := range strings.Lines(string(text)) {
		if name, _, _ := strings.Cut(strings.TrimSpace(l), " "); !slices.Contains(names, name) {
			kept.WriteString(l)
		}
	}
	if err := os.WriteFile(pendingFile, []byte(kept.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestStoryHeaders keeps stories readable: each says what it promises, and where the manual says so.
func TestStoryHeaders(t *testing.T) {
	for _, s := range stories(t) {
		head, _, found := strings.Cut(s.text, "varnishtest \"")
		switch {
		case !found:
			t.Errorf("%s: no varnishtest line", s.name)
		case !strings.HasPrefix(head, "# "), !strings.Contains(head, "\n# Manual: "):
			t.Errorf("%s: the file begins with a comment that tells the behaviour, then a line '# Manual: section'", s.name)
		case !strings.Contains(s.text, "\nfeature ignore_unknown_macro"):
			t.Errorf("%s: no 'feature ignore_unknown_macro'", s.name)
		}
	}
}

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if cut := len(all) - lines; cut > 0 {
		return fmt.Sprintf("(%d lines cut)\n", cut) + strings.Join(all[cut:], "\n")
	}
	return strings.Join(all, "\n")
}

// cause is the line of a failed story's log that tells most: why the configuration was refused, else what was expected in vain.
func cause(log string) string {
	for _, mark := range []string{"[ALERT]", "\n---- ", "exit="} {
		if l := line(log, mark); l != noReason {
			return l
		}
	}
	return noReason
}

const noReason = "no reason in the log"

// line finds the first line of a log that holds the mark.
func line(log, mark string) string {
	i := strings.Index(log, mark)
	if i < 0 {
		return noReason
	}
	begin := strings.LastIndexByte(log[:i], '\n') + 1
	if mark[0] == '\n' {
		begin = i + 1
	}
	end := strings.IndexByte(log[begin:], '\n')
	if end < 0 {
		return log[begin:]
	}
	return log[begin : begin+end]
}
