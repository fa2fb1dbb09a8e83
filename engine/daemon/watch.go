package daemon

import (
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// quiet is how long the files must be left alone before a reload: editors and
// deployment tools write in several steps. patience bounds the wait.
const (
	quiet    = 200 * time.Millisecond
	patience = 2 * time.Second
)

// watcher reloads when a file of the configuration changes. It watches
// directories, so that files that are replaced by a rename are seen, too; the
// contents decide whether there is anything to do.
type watcher struct {
	d  *Daemon
	fs *fsnotify.Watcher

	mu    sync.Mutex // guards what follows
	files map[string]bool
	dirs  map[string]bool
	timer *time.Timer // nil: nothing was touched
	since time.Time   // of the first touch
	ended bool
}

// Watch begins to follow the files of the configuration.
func (d *Daemon) Watch() error {
	fs, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	w := &watcher{d: d, fs: fs, dirs: map[string]bool{}}
	d.mu.Lock()
	d.watcher = w
	w.watch(d.seen.names())
	if d.seen.changed {
		w.soon()
	}
	d.mu.Unlock()
	go w.run()
	return nil
}

// watch sets the files that matter, and with them the directories: theirs, and
// those of the links that lead there.
func (w *watcher) watch(files []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files = make(map[string]bool, len(files))
	dirs := map[string]bool{}
	for _, f := range files {
		if p, err := filepath.Abs(f); err == nil {
			w.follow(p, dirs, 0)
		}
	}
	for dir := range dirs {
		if !w.dirs[dir] && w.fs.Add(dir) == nil {
			w.dirs[dir] = true
		}
	}
	for dir := range w.dirs {
		if !dirs[dir] {
			w.fs.Remove(dir)
			delete(w.dirs, dir)
		}
	}
}

func (w *watcher) follow(p string, dirs map[string]bool, depth int) {
	w.files[p] = true
	dirs[filepath.Dir(p)] = true
	if st, err := os.Stat(p); err == nil && st.IsDir() {
		dirs[p] = true
	}
	for q := p; q != "/" && depth < 8; q = filepath.Dir(q) {
		to, err := os.Readlink(q)
		if err != nil {
			continue
		}
		w.files[q] = true
		dirs[filepath.Dir(q)] = true
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(q), to)
		}
		w.follow(filepath.Join(to, p[len(q):]), dirs, depth+1)
		return
	}
}

func (w *watcher) run() {
	for {
		select {
		case ev, ok := <-w.fs.Events:
			if !ok {
				return
			}
			if ev.Op != fsnotify.Chmod {
				w.touched(ev)
			}
		case _, ok := <-w.fs.Errors:
			if !ok {
				return
			}
		}
	}
}

// touched starts or prolongs the quiet time. What else happens in a directory
// matters only when names come or go: a link may have changed its aim.
func (w *watcher) touched(ev fsnotify.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	mine := w.files[ev.Name] || w.files[filepath.Dir(ev.Name)]
	if !mine && (ev.Op == fsnotify.Write || w.timer != nil) {
		return
	}
	w.start()
}

// soon looks at the files again after the quiet time.
func (w *watcher) soon() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.start()
}

func (w *watcher) start() {
	if w.ended {
		return
	}
	if w.timer == nil {
		w.since = time.Now()
		w.timer = time.AfterFunc(quiet, w.fire)
		return
	}
	if left := patience - time.Since(w.since); left > 0 {
		w.timer.Reset(min(quiet, left))
	}
}

func (w *watcher) fire() {
	w.mu.Lock()
	w.timer = nil
	ended := w.ended
	w.mu.Unlock()
	if !ended {
		w.d.changed()
	}
}

func (w *watcher) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	if w.timer != nil {
		w.timer.Stop()
	}
	w.fs.Close()
}

// changed reloads if the contents of a file differ from what was loaded last.
func (d *Daemon) changed() {
	d.mu.Lock()
	same := d.stopping || d.seen.same()
	d.mu.Unlock()
	if !same {
		d.reload(" (a file of the configuration has changed)")
	}
}
