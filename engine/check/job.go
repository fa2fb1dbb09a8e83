package check

import (
	"sync"
	"time"

	"hawser/engine"
)

// job is something done again and again: a timer at rest, a goroutine of its own
// while it is done. It never runs twice at once.
type job struct {
	mu      sync.Mutex
	timer   *time.Timer
	next    time.Time
	running bool
	stopped bool
	hurry   bool // kicked while it ran
	do      func() time.Duration
	proc    *engine.ProcState
}

// start schedules the first run.
func (j *job) start(after time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.schedule(after)
}

// schedule is called with mu held.
func (j *job) schedule(after time.Duration) {
	j.next = time.Now().Add(after)
	if j.timer == nil {
		j.timer = time.AfterFunc(after, j.fire)
		return
	}
	j.timer.Reset(after)
}

// kick brings the next run forward.
func (j *job) kick(after time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.stopped:
	case j.running:
		j.hurry = true
	case time.Until(j.next) > after:
		j.schedule(after)
	}
}

// stop ends the job; a run under way ends by itself.
func (j *job) stop() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.stopped = true
	if j.timer != nil {
		j.timer.Stop()
	}
}

func (j *job) fire() {
	j.mu.Lock()
	if j.stopped || j.running {
		j.mu.Unlock()
		return
	}
	j.running = true
	j.mu.Unlock()
	after := j.once()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.running = false
	if j.hurry {
		j.hurry = false
		after = min(after, 100*time.Millisecond)
	}
	if !j.stopped {
		j.schedule(after)
	}
}

// once runs the job and survives what goes wrong in it.
func (j *job) once() (after time.Duration) {
	defer func() {
		if r := recover(); r != nil {
			if j.proc != nil {
				j.proc.Panics.Add(1)
			}
			after = time.Second
		}
	}()
	return j.do()
}
