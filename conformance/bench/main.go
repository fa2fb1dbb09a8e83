// Command bench measures what a request costs: CPU time that the proxy spends
// per request, Debian's haproxy and hawser in turn on the same configuration.
//
// The proxy runs on the first core, and this process (load generator, origin
// and log sink in one epoll loop) on the second, so that the numbers are the
// proxy's own and not the network's. It measures CPU time, not throughput:
// CPU time hardly depends on what else the machine does. It does not judge
// correctness beyond "every request was answered with 200 and its whole body".
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

type options struct {
	quick    bool
	only     string
	hawser   string
	haproxy  string
	newer    string
	rounds   int
	requests int
	profile  string
	conns    int
	list     bool
}

func main() {
	var o options
	flag.BoolVar(&o.quick, "quick", false, "fewer requests and rounds: under 40 s")
	flag.StringVar(&o.only, "only", "", "comma-separated scenario names")
	flag.StringVar(&o.hawser, "hawser", "bin/hawser", "hawser binary; empty: none")
	flag.StringVar(&o.haproxy, "haproxy", "haproxy", "the binary to compare with")
	flag.StringVar(&o.newer, "haproxy35", "", "a second haproxy to show beside it (-haproxy35 haproxy35)")
	flag.IntVar(&o.rounds, "rounds", 0, "rounds per scenario (default 11, quick 2)")
	flag.IntVar(&o.requests, "n", 0, "measured requests per round (default: the scenario's)")
	flag.StringVar(&o.profile, "profile", "", "directory: hawser writes a CPU profile per scenario (HAWSER_CPUPROFILE)")
	flag.IntVar(&o.conns, "conns", 0, "connections of the load (default: the scenario's)")
	flag.BoolVar(&o.list, "list", false, "print the scenarios and end")
	flag.Parse()
	if o.rounds == 0 {
		o.rounds = 11 // short ones: the machine changes its pace from second to second
		if o.quick {
			o.rounds = 2
		}
	}
	if o.list {
		for _, sc := range scenarios {
			fmt.Printf("%-11s %s\n", sc.name, sc.title)
		}
		return
	}
	pinSelf()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	dir, err := os.MkdirTemp("", "hb")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	proxies := findProxies(o)
	if len(proxies) == 0 {
		return fmt.Errorf("no proxy to measure")
	}
	begun := time.Now()
	printHead(proxies)
	var bad int
	for i := range scenarios {
		sc := &scenarios[i]
		if !chosen(o.only, sc.name) {
			continue
		}
		if err := sc.run(&bench{o: o, sc: sc, dir: dir, proxies: proxies}); err != nil {
			fmt.Printf("%-11s FAILED: %v\n", sc.name, err)
			bad++
		}
	}
	fmt.Printf("%.0f s\n", time.Since(begun).Seconds())
	if bad > 0 {
		return fmt.Errorf("%d scenario(s) failed", bad)
	}
	return nil
}

func chosen(only, name string) bool {
	if only == "" {
		return true
	}
	for w := range strings.SplitSeq(only, ",") {
		if w == name {
			return true
		}
	}
	return false
}

// findProxies lists the binaries that answer -v, the reference first.
func findProxies(o options) []proxy {
	var list []proxy
	for _, p := range []proxy{{"haproxy", o.haproxy}, {"haproxy35", o.newer}, {"hawser", o.hawser}} {
		if p.path == "" {
			continue
		}
		path, err := exec.LookPath(p.path)
		if err == nil {
			path, err = filepath.Abs(path)
		}
		if err != nil {
			fmt.Printf("# %s: not found (%s)\n", p.name, p.path)
			continue
		}
		out, err := exec.Command(path, "-v").Output()
		line, _, _ := strings.Cut(string(out), "\n")
		if err != nil || line == "" {
			fmt.Printf("# %s: %s -v does not answer, left out\n", p.name, p.path)
			continue
		}
		fmt.Printf("# %s: %s\n", p.name, line)
		list = append(list, proxy{p.name, path})
	}
	return list
}
