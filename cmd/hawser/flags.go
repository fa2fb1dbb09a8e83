package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// flags is the command line. Its letters are HAProxy's.
type flags struct {
	files     []string // -f, and all after --
	check     bool     // -c
	condition string   // -cc
	version   int      // -v 1, -vv 2
	usage     bool     // -h
	verbose   bool     // -V
	quiet     bool     // -q
	debug     bool     // -d
	front     bool     // -db: stay in the foreground
	daemon    bool     // -D
	master    bool     // -W, -Ws
	masterCLI []string // -S
	dir       string   // -C
	pidFile   string   // -p
	localPeer string   // -L
	maxConn   int      // -n
	defConn   int      // -N
	memory    int      // -m, megabytes
	oldStats  string   // -x
	softPIDs  []int    // -sf
	hardPIDs  []int    // -st
	dumpKeys  string   // -dK
	dumpConf  bool     // -dC
	diag      bool     // -dD
	fork      bool     // -dI
	warnings  bool     // -dW
	noSplice  bool     // -dS
	noVerify  bool     // -dV
	noReuse   bool     // -dR
	ipv4      bool     // -4
	ignored   []string // accepted without effect: a notice says so
	child     bool     // started by daemonize, which has reported already
	told      bool     // the lines about version and path were printed
	leaving   bool     // the end was announced
}

// valueFlags take the next word; the row stores it.
var valueFlags = map[string]func(*flags, string) error{
	"-f":  func(f *flags, v string) error { f.files = append(f.files, v); return nil },
	"-cc": func(f *flags, v string) error { f.condition = v; return nil },
	"-C":  func(f *flags, v string) error { f.dir = v; return nil },
	"-p":  func(f *flags, v string) error { f.pidFile = v; return nil },
	"-L":  func(f *flags, v string) error { f.localPeer = v; return nil },
	"-S":  func(f *flags, v string) error { f.masterCLI = append(f.masterCLI, v); return nil },
	"-x":  func(f *flags, v string) error { f.oldStats = v; return nil },
	"-n":  func(f *flags, v string) error { return number(v, &f.maxConn) },
	"-N":  func(f *flags, v string) error { return number(v, &f.defConn) },
	"-m":  func(f *flags, v string) error { return number(v, &f.memory) },
}

// plainFlags stand alone.
var plainFlags = map[string]func(*flags){
	"-c": func(f *flags) { f.check = true }, "-v": func(f *flags) { f.version = max(f.version, 1) }, "-vv": func(f *flags) { f.version = 2 },
	"-h": func(f *flags) { f.usage = true }, "--help": func(f *flags) { f.usage = true },
	"-V": func(f *flags) { f.verbose, f.quiet = true, false }, "-q": func(f *flags) { f.quiet = true },
	"-d": func(f *flags) { f.debug = true }, "-db": func(f *flags) { f.front = true },
	"-D": func(f *flags) { f.daemon = true }, "-W": func(f *flags) { f.master = true },
	"-Ws": func(f *flags) { f.master = true },
	"-dD": func(f *flags) { f.diag = true }, "-dI": func(f *flags) { f.fork = true },
	"-dW": func(f *flags) { f.warnings = true }, "-dS": func(f *flags) { f.noSplice = true },
	"-dV": func(f *flags) { f.noVerify = true }, "-dR": func(f *flags) { f.noReuse = true }, "-4": func(f *flags) { f.ipv4 = true },
}

// withoutEffect are flags of HAProxy whose subject Hawser does not have.
var withoutEffect = []string{"-dM", "-dF", "-dG", "-dL", "-dT", "-dZ", "-dc", "-de", "-dk", "-dp", "-dr", "-dt", "-dv", "-da", "-dA", "-dE", "-dX"}

func number(v string, into *int) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 {
		return fmt.Errorf("'%s' is not a number", v)
	}
	*into = n
	return nil
}

func parseFlags(args []string) (*flags, error) {
	f := &flags{}
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			f.files = append(f.files, args[i+1:]...)
			break
		}
		if set, ok := plainFlags[a]; ok {
			set(f)
			continue
		}
		if set, ok := valueFlags[a]; ok {
			if i++; i >= len(args) {
				return nil, errors.New("option '" + a + "' expects an argument")
			}
			if err := set(f, args[i]); err != nil {
				return nil, fmt.Errorf("option '%s': %w", a, err)
			}
			continue
		}
		if a == "-sf" || a == "-st" {
			i = f.pids(a, args, i)
			continue
		}
		if err := f.attached(a); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// pids reads the process IDs that follow -sf and -st.
func (f *flags) pids(flag string, args []string, i int) int {
	into := &f.softPIDs
	if flag == "-st" {
		into = &f.hardPIDs
	}
	for i+1 < len(args) {
		pid, err := strconv.Atoi(args[i+1])
		if err != nil || pid <= 0 {
			break
		}
		*into = append(*into, pid)
		i++
	}
	return i
}

// attached reads flags whose value is part of the word.
func (f *flags) attached(a string) error {
	switch {
	case strings.HasPrefix(a, "-dK"):
		f.dumpKeys = a[3:]
		return nil
	case strings.HasPrefix(a, "-dC"):
		f.dumpConf = true
		return nil
	}
	if strings.HasPrefix(a, "-v") { // HAProxy looks no further
		f.version = max(f.version, 1)
		return nil
	}
	for _, w := range withoutEffect {
		if strings.HasPrefix(a, w) {
			f.ignored = append(f.ignored, a)
			return nil
		}
	}
	return errors.New("unknown option '" + a + "'")
}

func usage(w io.Writer) {
	printVersion(w, false)
	io.WriteString(w, `Usage : hawser [-f <cfgfile|cfgdir>]* [ -vdVDqcW ] [ -n <maxconn> ] [ -N <maxconn> ]
        [ -p <pidfile> ] [ -m <max megs> ] [ -C <dir> ] [-- <cfgfile>*]
        -v displays version ; -vv shows features and defaults
        -c checks the configuration, -V says so when it is valid, -q says nothing
        -cc <condition> evaluates a condition of ".if" : status 0 true, 1 false, 2 error
        -D goes to the background, -db stays in the foreground
        -W, -Ws master-worker mode: SIGUSR2 reloads, SIGUSR1 stops softly
        -dW refuses a configuration with warnings, -dD shows more of them
        -dK<class> lists the registered keywords, -dC prints the configuration
        -sf/-st <pid>* have old processes stop softly or at once
        -x <socket> takes the listening sockets of an old process over
   hawser help [keyword]   explains the configuration language
   hawser demo -n 3        starts small origin servers to try things with
`)
}
