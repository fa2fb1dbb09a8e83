package compress

import (
	"encoding/binary"
	"hash"
	"hash/adler32"
	"hash/crc32"
	"sync"

	"github.com/klauspost/compress/flate"
)

// frame is what surrounds the deflated data.
type frame uint8

const (
	plain     frame = iota // nothing, and the data is not deflated
	rawFrame               // RFC 1951
	zlibFrame              // RFC 1950
	gzipFrame              // RFC 1952
)

// encoder turns data into one encoded body. Its output grows until take.
type encoder struct {
	frame frame
	level int
	w     *flate.Writer // nil for plain
	out   []byte
	begun bool
	fresh bool // w holds nothing: not data of this body, nor its window
	size  uint32
	crc   uint32
	adler hash.Hash32
}

// encoders keep their memory, by level.
var encoders [10]sync.Pool

// stateSize is about what an encoder takes, for maxzlibmem and ZlibMemUsage: the
// window, tables and output of the fastest levels.
const stateSize = 800 << 10

func newEncoder(f frame, level int) *encoder {
	e, _ := encoders[level].Get().(*encoder)
	if e == nil {
		e = &encoder{level: level, adler: adler32.New()}
		e.w, _ = flate.NewWriter(e, level)
	}
	e.frame, e.begun, e.fresh, e.size, e.crc = f, false, true, 0, 0
	e.out = e.out[:0]
	e.adler.Reset()
	e.w.Reset(e)
	return e
}

func (e *encoder) release() { encoders[e.level].Put(e) }

// Write takes what the deflater puts out.
func (e *encoder) Write(p []byte) (int, error) {
	e.out = append(e.out, p...)
	return len(p), nil
}

// add encodes p. Part of it may stay inside until flush.
func (e *encoder) add(p []byte) {
	e.begin()
	if e.frame == plain {
		e.out = append(e.out, p...)
		return
	}
	e.sum(p)
	e.fresh = false
	e.w.Write(p)
}

// store passes p through undeflated, which costs next to nothing.
func (e *encoder) store(p []byte) {
	e.begin()
	if e.frame == plain {
		e.out = append(e.out, p...)
		return
	}
	e.sum(p)
	if !e.fresh {
		e.w.Flush()
		e.w.Reset(e) // what follows must not refer to data that the deflater did not see
		e.fresh = true
	}
	for len(p) > 0 {
		n := min(len(p), 65535)
		e.out = append(e.out, 0, byte(n), byte(n>>8), byte(^n), byte(^n>>8))
		e.out = append(e.out, p[:n]...)
		p = p[n:]
	}
}

// flush puts out all that was added, so that it can be decoded.
func (e *encoder) flush() {
	if e.frame != plain && !e.fresh {
		e.w.Flush()
	}
}

// finish ends the body.
func (e *encoder) finish() {
	e.begin()
	if e.frame == plain {
		return
	}
	if e.fresh {
		e.out = append(e.out, 3, 0) // an empty last block
	} else {
		e.w.Close()
	}
	switch e.frame {
	case gzipFrame:
		e.out = binary.LittleEndian.AppendUint32(e.out, e.crc)
		e.out = binary.LittleEndian.AppendUint32(e.out, e.size)
	case zlibFrame:
		e.out = binary.BigEndian.AppendUint32(e.out, e.adler.Sum32())
	}
}

func (e *encoder) begin() {
	if e.begun {
		return
	}
	e.begun = true
	switch e.frame {
	case gzipFrame:
		e.out = append(e.out, 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 3)
	case zlibFrame:
		e.out = append(e.out, 0x78, 0x01)
	}
}

func (e *encoder) sum(p []byte) {
	switch e.frame {
	case gzipFrame:
		e.crc = crc32.Update(e.crc, crc32.IEEETable, p)
		e.size += uint32(len(p))
	case zlibFrame:
		e.adler.Write(p)
	}
}
