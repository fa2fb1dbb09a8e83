package daemon

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// quiet is how long the files must be left alone before a reload: editors and
// deployment tools write in several steps.
const quiet = 200 * time.Millisecond

// watcher reloads when a file of the configuration changes. It watches
// directories, so that files that are replaced by a rename are seen, too.
type watcher struct {
	d  *Daemon
	fs *fsnotify.Watcher

	mu    sync.Mutex // guards what follows
	files map[string]bool
	dirs  map[string]bool
	timer *time.Timer
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
	files := make([]string, 0, len(d.sums))
	for f := range d.sums {
		files = append(files, f)
	}
	d.mu.Unlock()
	w.watch(files)
	go w.run()
	return nil
}

// watch sets the files that matter.
func (w *watcher) watch(files []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files = make(map[string]bool, len(files))
	for _, f := range files {
		p, err := filepath.Abs(f)
		if err != nil {
			continue
		}
		w.files[p] = true
		dir := filepath.Dir(p)
		if st, err := os.Stat(p); err == nil && st.IsDir() {
			dir = p
		}
		if !w.dirs[dir] && w.fs.Add(dir) == nil {
			w.dirs[dir] = true
		}
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
				w.touched(ev.Name)
			}
		case _, ok := <-w.fs.Errors:
			if !ok {
				return
			}
		}
	}
}

// touched starts or prolongs the quiet time after a change. A changed link in a
// watched directory (Kubernetes' ..data) counts, too: the contents decide.
func (w *watcher) touched(string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
	}
	w.timer = time.AfterFunc(quiet, w.d.changed)
}

func (w *watcher) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
	}
	w.fs.Close()
}

// changed reloads if the contents of a file differ from what was loaded last.
func (d *Daemon) changed() {
	d.mu.Lock()
	files := make([]string, 0, len(d.sums))
	for f := range d.sums {
		files = append(files, f)
	}
	same := true
	for f, sum := range checksums(files) {
		same = same && d.sums[f] == sum
	}
	d.mu.Unlock()
	if !same {
		d.Reload()
	}
}

// checksums hashes files, and the names in directories.
func checksums(files []string) map[string][32]byte {
	sums := make(map[string][32]byte, len(files))
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			if list, derr := os.ReadDir(f); derr == nil {
				for _, e := range list {
					data = append(data, e.Name()...)
					if one, err := os.ReadFile(filepath.Join(f, e.Name())); err == nil {
						data = append(data, one...)
					}
				}
			}
		}
		sums[f] = sha256.Sum256(data)
	}
	return sums
}
