package engine

// Track is one tracked counter (sc0 …) of a session or a stream: the entry of a
// stick table, which is the sticktable feature's own.
type Track struct{ Entry any }

// Tracks are the tracked counters by number. The zero value tracks nothing.
type Tracks []Track

// Get returns the entry of a counter, or nil.
func (t Tracks) Get(i int) any {
	if i < 0 || i >= len(t) {
		return nil
	}
	return t[i].Entry
}

// Set puts an entry into a counter.
func (t *Tracks) Set(i int, entry any) {
	for len(*t) <= i {
		*t = append(*t, Track{})
	}
	(*t)[i].Entry = entry
}

// Clear forgets all entries and keeps the room.
func (t *Tracks) Clear() {
	clear(*t)
	*t = (*t)[:0]
}
