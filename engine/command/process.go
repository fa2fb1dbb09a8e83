package command

import (
	"bufio"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"hawser/engine"
)

func init() {
	const operator = engine.LevelOperator
	engine.AddCommands(
		engine.Command{Words: "show activity", Level: operator, Usage: "[-1|0|thread_num]: show per-thread activity stats (for support/developers)", Run: showActivity},
		engine.Command{Words: "show fd", Level: operator, Usage: "[num]: dump list of file descriptors in use or a specific one", Run: showFD},
		engine.Command{Words: "show threads", Usage: ": show some threads debugging information", Run: showThreads},
		engine.Command{Words: "show tasks", Usage: ": show running tasks", Run: showTasks},
		engine.Command{Words: "show pools", Usage: ": report information about the memory in use", Run: showPools},
		engine.Command{Words: "show libs", Level: operator, Usage: ": show loaded object files and libraries", Run: showLibs},
		engine.Command{Words: "show dev", Usage: ": show debug info for developers", Run: showDev},
		engine.Command{Words: "show profiling", Usage: ": show profiling state, which is off: Go's profiler serves instead", Run: showProfiling},
	)
}

func itoa[T int | int64 | uint64 | uint32](n T) string { return strconv.FormatInt(int64(n), 10) }

// showActivity prints those of HAProxy's counters that have a meaning here; the
// scheduler is Go's, so all threads are one.
func showActivity(c *engine.CLI, _ []string) error {
	p := c.RT.Proc
	up := time.Since(p.Started)
	c.Print("thread_id: all (1.." + itoa(runtime.GOMAXPROCS(0)) + ")\n")
	c.Print("date_now: " + strconv.FormatFloat(float64(time.Now().UnixMicro())/1e6, 'f', 6, 64) + "\n")
	c.Print("uptime_now: " + strconv.FormatFloat(up.Seconds(), 'f', 6, 64) + "\n")
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	c.Print("goroutines: " + itoa(runtime.NumGoroutine()) + "\ngc_runs: " + itoa(ms.NumGC) + "\ngc_pause_us: " + itoa(ms.PauseTotalNs/1000) + "\n")
	c.Print("stream_calls: " + itoa(p.CumReqs.Load()) + "\npool_fail: 0\naccepted: " + itoa(p.CumConns.Load()) + "\npanics: " + itoa(p.Panics.Load()) + "\n")
	return nil
}

// showFD lists the process's descriptors and what they are.
func showFD(c *engine.CLI, args []string) error {
	const dir = "/proc/self/fd"
	if only := first(args); only != "" && only[0] >= '0' && only[0] <= '9' {
		if to, err := os.Readlink(dir + "/" + only); err == nil {
			printFD(c, only, to)
		}
		return nil
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return engine.Refuse("The list of descriptors cannot be read.\n")
	}
	slices.SortFunc(list, func(a, b os.DirEntry) int {
		x, _ := strconv.Atoi(a.Name())
		y, _ := strconv.Atoi(b.Name())
		return x - y
	})
	for _, e := range list {
		if to, err := os.Readlink(dir + "/" + e.Name()); err == nil {
			printFD(c, e.Name(), to)
		}
	}
	return nil
}

func printFD(c *engine.CLI, num, to string) {
	c.Print(strings.Repeat(" ", max(7-len(num), 0)) + num + " : " + to + "\n")
}

func showThreads(c *engine.CLI, _ []string) error {
	c.Print("  Threads : " + itoa(runtime.GOMAXPROCS(0)) + " (GOMAXPROCS), goroutines=" + itoa(runtime.NumGoroutine()) + " cgo_calls=" + itoa(runtime.NumCgoCall()) + "\n")
	return nil
}

func showTasks(c *engine.CLI, _ []string) error {
	c.Print("Running tasks: " + itoa(runtime.NumGoroutine()) + " (" + itoa(runtime.GOMAXPROCS(0)) + " threads)\n")
	return nil
}

func showProfiling(c *engine.CLI, _ []string) error {
	c.Print("Per-task CPU profiling              : off\nMemory usage profiling              : off\n")
	return nil
}

func showPools(c *engine.CLI, _ []string) error {
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	c.Print("Dumping memory usage. Go's allocator has size classes instead of pools.\n")
	c.Print("  - heap : " + itoa(ms.HeapSys) + " bytes allocated, " + itoa(ms.HeapInuse) + " in use, " + itoa(ms.HeapReleased) + " released, " + itoa(ms.HeapObjects) + " objects\n")
	c.Print("  - stacks : " + itoa(ms.StackSys) + " bytes allocated, " + itoa(ms.StackInuse) + " in use\n")
	c.Print("Total: 2 pools, " + itoa(ms.Sys) + " bytes allocated, " + itoa(ms.HeapInuse+ms.StackInuse) + " used.\n")
	return nil
}

// showLibs lists the executable mappings of files.
func showLibs(c *engine.CLI, _ []string) error {
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return engine.Refuse("The mappings cannot be read.\n")
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		w := strings.Fields(sc.Text())
		if len(w) < 6 || !strings.Contains(w[1], "x") || w[5][0] != '/' {
			continue
		}
		from, to, _ := strings.Cut(w[0], "-")
		c.Print("0x" + from + "-0x" + to + " " + w[5] + "\n")
	}
	return nil
}

func showDev(c *engine.CLI, _ []string) error {
	c.Print("HAProxy version " + engine.Compatible + "\nHawser version " + engine.Version + "\n")
	c.Print("Build options:\n  Built with " + runtime.Version() + " for " + runtime.GOOS + "/" + runtime.GOARCH + "\n")
	if bi, ok := debug.ReadBuildInfo(); ok {
		for _, s := range bi.Settings {
			if strings.HasPrefix(s.Key, "vcs.") || s.Key == "-tags" || s.Key == "CGO_ENABLED" {
				c.Print("  " + s.Key + "=" + s.Value + "\n")
			}
		}
	}
	host, _ := os.Hostname()
	c.Print("Platform info:\n  machine: " + host + "\n  cpus: " + itoa(runtime.NumCPU()) + "\nProcess info:\n  pid: " + itoa(os.Getpid()) + "\n")
	return nil
}
