// Command hawser is a proxy and load balancer that runs haproxy.cfg files
// unchanged. It takes HAProxy's command line (management manual, section 3);
// "hawser help" and "hawser demo" are its own.
package main

import (
	"fmt"
	"os"

	"hawser/cmd/hawser/demo"
)

func main() { os.Exit(run(os.Args)) }

// run is main with an exit status.
func run(args []string) int {
	if len(args) > 1 {
		switch args[1] {
		case "demo":
			return demo.Run(args[2:])
		case "help":
			return help(args[2:])
		}
	}
	f, err := parseFlags(args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		usage(os.Stderr)
		return 1
	}
	switch {
	case f.version > 0:
		printVersion(os.Stdout, f.version > 1)
		return 0
	case f.usage:
		usage(os.Stdout)
		return 0
	case f.condition != "":
		return evaluate(f)
	}
	if f.dir != "" {
		if err := os.Chdir(f.dir); err != nil {
			fmt.Fprintf(os.Stderr, "[ALERT]    (%d) : Could not change to directory %s : %v\n", os.Getpid(), f.dir, err)
			return 1
		}
	}
	if len(f.files) == 0 {
		usage(os.Stderr)
		return 1
	}
	raiseLimits()
	if f.check {
		return check(f)
	}
	return serve(f)
}
