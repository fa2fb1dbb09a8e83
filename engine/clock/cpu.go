package clock

import (
	"runtime"
	"sync/atomic"
	"syscall"
)

// usage is the CPU that the process took over the last period, looked at again
// when it is old.
var usage struct {
	at, spent atomic.Int64 // ns
	percent   atomic.Int32
}

// CPU is the part of its processors that the process used since somebody asked
// last, but over half a second at least, in percent.
func CPU() int {
	const period = 500e6
	now, at := Mono(), usage.at.Load()
	if at == 0 {
		at = headStart // since the process began
		usage.at.CompareAndSwap(0, at)
	}
	if now-at < period || !usage.at.CompareAndSwap(at, now) {
		return int(usage.percent.Load())
	}
	var ru syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &ru) != nil {
		return 0
	}
	spent := ru.Utime.Nano() + ru.Stime.Nano()
	before := usage.spent.Swap(spent)
	usage.percent.Store(int32(min(100, (spent-before)*100/(now-at)/int64(runtime.GOMAXPROCS(0)))))
	return int(usage.percent.Load())
}
