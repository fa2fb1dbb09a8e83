package counter

import (
	"math/bits"
	"sync/atomic"
)

// Mean is the mean over about the last 1024 values (qtime, ctime, rtime, ttime of the
// statistics): each new value replaces one mean value in a running sum. While fewer
// values have come it is their plain mean.
type Mean struct {
	v atomic.Uint64 // number of values in the top 11 bits, their sum below
}

const (
	meanSamples = 1024
	meanShift   = 53
	meanMask    = 1<<meanShift - 1
)

// Add takes a value into account; negative ones count as zero.
func (m *Mean) Add(value int64) {
	v := uint64(max(value, 0))
	for {
		old := m.v.Load()
		n, sum := old>>meanShift, old&meanMask
		if n < meanSamples {
			n++
		} else {
			sum -= (sum + meanSamples - 1) / meanSamples
		}
		if m.v.CompareAndSwap(old, n<<meanShift|(sum+v)&meanMask) {
			return
		}
	}
}

// Load returns the mean, rounded up, zero before the first value.
func (m *Mean) Load() int64 {
	v := m.v.Load()
	n, sum := v>>meanShift, v&meanMask
	if n == 0 {
		return 0
	}
	return int64((sum + n - 1) / n)
}

// Reset forgets all values.
func (m *Mean) Reset() { m.v.Store(0) }

// Hist counts values by power of two: bucket k holds values below 1<<k that are not
// in bucket k-1. It serves durations in microseconds, up to about half an hour.
type Hist struct {
	buckets [HistBuckets]atomic.Uint64
	sum     atomic.Uint64
}

// HistBuckets is the number of buckets; the last has no upper bound.
const HistBuckets = 32

// Note counts a value; negative ones count as zero.
func (h *Hist) Note(value int64) {
	v := uint64(max(value, 0))
	h.buckets[min(bits.Len64(v), HistBuckets-1)].Add(1)
	h.sum.Add(v)
}

// Snapshot copies the buckets and returns how many values there are and their sum.
func (h *Hist) Snapshot(dst *[HistBuckets]uint64) (count, sum uint64) {
	for i := range h.buckets {
		dst[i] = h.buckets[i].Load()
		count += dst[i]
	}
	return count, h.sum.Load()
}

// Quantile returns an upper bound of the q-quantile (0 < q <= 1).
func (h *Hist) Quantile(q float64) uint64 {
	var b [HistBuckets]uint64
	count, _ := h.Snapshot(&b)
	want := uint64(q*float64(count) + 0.5)
	var seen uint64
	for i, n := range b {
		if seen += n; n > 0 && seen >= want {
			return 1<<i - 1
		}
	}
	return 0
}
