package servers

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

// walk leads HAProxy and Hawser through the same commands and the same troubles of
// servers, and compares what they say of every server after each.
type walk struct {
	t     *testing.T
	all   []*watcher // that are compared after each step
	notes []*noter
	agent *agent
	names []string
}

// states is what a program says of a server, without times.
func (w *walk) states(p *watcher) map[string]string {
	text, err := testbed.Ask(p.socket, "show servers state")
	if err != nil {
		w.t.Fatal(err)
	}
	out := map[string]string{}
	rows := p.rows()
	for line := range strings.SplitSeq(text, "\n") {
		f := strings.Fields(line)
		if len(f) < 17 || f[0] == "#" {
			continue
		}
		name := f[1] + "/" + f[3]
		r := rows[name]
		adm, _ := strconv.Atoi(f[6])
		if on, _ := strconv.Atoi(f[13]); on&4 == 0 || adm&3 != 0 { // no check, or one that came in between
			f[12] = "-"
		}
		for _, i := range []int{13, 14} { // under way; paused
			if n, err := strconv.Atoi(f[i]); err == nil {
				f[i] = strconv.Itoa(n &^ 9)
			}
		}
		out[name] = fmt.Sprintf("%s op %s admin %s weight %s of %s, check %s health %s state %s, agent %s; weight %s active %s backup %s",
			r["status"], f[5], f[6], f[7], f[8], f[11], f[12], f[13], f[14], r["weight"], r["act"], r["bck"])
	}
	return out
}

// same waits until all say the same of every server, twice in a row.
func (w *walk) same(after string) {
	w.t.Helper()
	last, said := "", make([]map[string]string, len(w.all))
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(120 * time.Millisecond) {
		equal := true
		for i, p := range w.all {
			said[i] = w.states(p)
			equal = equal && fmt.Sprint(said[i]) == fmt.Sprint(said[0])
		}
		now := fmt.Sprint(said[0])
		if equal && now == last {
			return
		}
		last = now
	}
	for _, name := range w.names {
		for i, p := range w.all {
			if said[i][name] != said[0][name] {
				w.t.Errorf("after %s, %s:\n%s: %s\n%s: %s", after, name, w.all[0].bin.Name, said[0][name], p.bin.Name, said[i][name])
			}
		}
	}
}

// tell sends a command to all and compares the answers.
func (w *walk) tell(command string) {
	w.t.Helper()
	var first string
	for i, p := range w.all {
		answer, err := testbed.Ask(p.socket, command)
		if err != nil {
			w.t.Fatal(err)
		}
		if i == 0 {
			first = answer
		} else if answer != first {
			w.t.Errorf("%s: %s says %q, %s says %q", command, w.all[0].bin.Name, first, p.bin.Name, answer)
		}
	}
}

const walked = `backend a
    option httpchk
    server s %[1]s check inter 100ms rise 2 fall 2 weight 10
    server t 127.0.0.9:9 track s weight 20
    server u 127.0.0.9:9 track a/t weight 30
backend b
    server v 127.0.0.9:9 track a/u
    server w 127.0.0.9:9 track c/x backup
    server plain %[1]s weight 7
backend c
    option httpchk
    server x %[2]s check inter 100ms rise 1 fall 3 agent-check agent-port %[3]s agent-inter 100ms
    server y 127.0.0.9:9 track x weight 0
`

func TestWalk(t *testing.T) {
	t.Parallel()
	seed := uint64(1)
	steps := 24
	if s := os.Getenv("WALK_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
		steps = 120
	}
	w := &walk{t: t, notes: []*noter{newNoter(t, "200"), newNoter(t, "200")}, agent: &agent{t: t, addr: "127.0.0.1:0", line: "up\n"}}
	w.agent.start()
	_, port, _ := net.SplitHostPort(w.agent.addr)
	for _, p := range watch(t, fmt.Sprintf(walked, w.notes[0].addr, w.notes[1].addr, port)) {
		if p.bin.Name != "haproxy" { // 2.6 says some of it otherwise
			w.all = append(w.all, p)
		}
	}
	slices.Reverse(w.all)
	if len(w.all) < 2 {
		t.Skip("no haproxy35 here")
	}
	w.names = []string{"a/s", "a/t", "a/u", "b/v", "b/w", "b/plain", "c/x", "c/y"}
	w.same("the start")
	rnd := rand.New(rand.NewPCG(seed, 2))
	for i := range steps {
		what := w.step(rnd)
		w.same(fmt.Sprintf("step %d, %s", i, what))
		if t.Failed() {
			break
		}
	}
	w.sameLog()
}

// sameLog compares what is logged of each server.
func (w *walk) sameLog() {
	ref, own := w.all[0], w.all[1]
	for _, name := range []string{"a/s", "a/t", "a/u", "b/v", "b/plain"} { // with an agent, it depends on who is first
		if want, got := ref.news(name), own.news(name); !slices.Equal(got, want) {
			w.t.Errorf("%s logs\n\t%s\n%s logs\n\t%s", ref.bin.Name, strings.Join(want, "\n\t"), own.bin.Name, strings.Join(got, "\n\t"))
		}
	}
}

// step does one thing by chance and tells what.
func (w *walk) step(r *rand.Rand) string {
	one := func(of ...string) string { return of[r.IntN(len(of))] }
	server := w.names[r.IntN(len(w.names))]
	switch r.IntN(9) {
	case 0, 1:
		i, how := r.IntN(2), one("200", "500")
		w.notes[i].say(how)
		return fmt.Sprintf("server %d says %s", i, how)
	case 2:
		line := one("up", "down", "drain", "ready", "maint", "50%", "100%", "up ready 100%", "stopped #why", "up drain")
		w.agent.say(line + "\n")
		return "the agent says " + line
	default:
		command := ""
		switch r.IntN(8) {
		case 0, 1, 2:
			command = "set server " + server + " state " + one("ready", "ready", "drain", "maint")
		case 3:
			command = one("disable", "enable") + " server " + server
		case 4:
			command = "set server " + server + " health " + one("up", "stopping", "down")
		case 5:
			command = "set server " + server + " weight " + one("0", "50%", "100%", "5")
		case 6:
			command = one("disable", "enable") + " health " + server
		case 7:
			command = "set server c/x agent " + one("up", "down")
		}
		w.tell(command)
		return command
	}
}
