package conn

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// bufferPool shares the buffers of one size. It keeps pointers to their first byte,
// since putting a slice into a sync.Pool would allocate its header each time.
type bufferPool struct {
	size int
	pool sync.Pool
}

func (p *bufferPool) get() []byte {
	if b, ok := p.pool.Get().(*byte); ok {
		return unsafe.Slice(b, p.size)
	}
	return make([]byte, p.size)
}

func (p *bufferPool) put(b []byte) { p.pool.Put(unsafe.SliceData(b)) }

// pools holds a pool for every size in use: tune.bufsize, and few others ever.
var (
	pools   atomic.Pointer[[]*bufferPool]
	poolsMu sync.Mutex // held to add one
)

func poolOf(size int) *bufferPool {
	if p := findPool(size); p != nil {
		return p
	}
	poolsMu.Lock()
	defer poolsMu.Unlock()
	if p := findPool(size); p != nil {
		return p
	}
	p := &bufferPool{size: size}
	list := []*bufferPool{p}
	if old := pools.Load(); old != nil {
		list = append(list, *old...)
	}
	pools.Store(&list)
	return p
}

func findPool(size int) *bufferPool {
	if list := pools.Load(); list != nil {
		for _, p := range *list {
			if p.size == size {
				return p
			}
		}
	}
	return nil
}

// GetBuffer returns a buffer of exactly size bytes from the pool that connections use.
func GetBuffer(size int) []byte { return poolOf(size).get() }

// PutBuffer gives back a buffer from GetBuffer, whole.
func PutBuffer(b []byte) { poolOf(len(b)).put(b) }
