package conn

import (
	"errors"
	"sync"

	"golang.org/x/sys/unix"
)

// A pipe is what splice needs between two sockets.
type pipe struct{ r, w, size int }

// pipeSize is how much one splice may take in. A quarter of a megabyte costs 12 %
// less than the kernel's default of 64 kB; more gains nothing. Where the kernel
// refuses it (pipe-user-pages-soft), the default stays and splices are shorter.
const pipeSize = 256 << 10

// pipes keeps empty ones for reuse: making one costs two descriptors and a page table.
var pipes = struct {
	sync.Mutex
	idle        []*pipe
	used, limit int
	size        int
}{limit: 1 << 30, size: pipeSize}

const maxIdlePipes = 64

// SetPipes bounds how many pipes there are at a time, 0 for none, and how much one
// holds (0: what suits).
func SetPipes(limit, size int) {
	if size <= 0 {
		size = pipeSize
	}
	pipes.Lock()
	drop := pipes.idle
	if pipes.size == size && limit > 0 {
		drop = nil
	} else {
		pipes.idle = nil
	}
	pipes.limit, pipes.size = limit, size
	pipes.Unlock()
	for _, p := range drop {
		p.close()
	}
}

// Pipes tells how many pipes hold or move bytes now, how many lie ready, and the limit.
func Pipes() (used, free, limit int) {
	pipes.Lock()
	defer pipes.Unlock()
	return pipes.used, len(pipes.idle), pipes.limit
}

var errNoPipe = errors.New("conn: as many pipes as there may be")

func getPipe() (*pipe, error) {
	pipes.Lock()
	size := pipes.size
	if pipes.used >= pipes.limit {
		pipes.Unlock()
		return nil, errNoPipe
	}
	pipes.used++
	if n := len(pipes.idle); n > 0 {
		p := pipes.idle[n-1]
		pipes.idle = pipes.idle[:n-1]
		pipes.Unlock()
		return p, nil
	}
	pipes.Unlock()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		pipes.Lock()
		pipes.used--
		pipes.Unlock()
		return nil, err
	}
	unix.FcntlInt(uintptr(fds[0]), unix.F_SETPIPE_SZ, size)
	return &pipe{fds[0], fds[1], size}, nil
}

// putPipe keeps an empty pipe or closes it.
func putPipe(p *pipe, empty bool) {
	pipes.Lock()
	pipes.used--
	keep := empty && len(pipes.idle) < maxIdlePipes && p.size == pipes.size && pipes.limit > 0
	if keep {
		pipes.idle = append(pipes.idle, p)
	}
	pipes.Unlock()
	if !keep {
		p.close()
	}
}

func (p *pipe) close() {
	unix.Close(p.r)
	unix.Close(p.w)
}
