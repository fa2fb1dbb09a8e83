package engine

import (
	"slices"

	"hawser/engine/htx"
	"hawser/engine/registry"
	"hawser/parser/diag"
)

// Filter is a filter of a proxy (configuration manual, section 9): it sees the
// final heads of a stream's messages and may put a body of its own around
// theirs. Immutable after build. A stream meets the filters of its frontend, then
// those of its backend, each in the order of their lines.
type Filter struct {
	Kind string // the keyword behind "filter"
	Name string // the filter's own, where it has one
	Pos  diag.Pos
	// Attach is told of each stream first, whatever filter-sequence says.
	Attach func(s *Stream)
	// Request sees the head that goes to the server, before one is chosen.
	Request func(s *Stream)
	// Response sees the head that goes to the client; s.ResBody is nil where no
	// body follows.
	Response func(s *Stream)
	// Tunnel is asked before n bytes of raw data (TCP, CONNECT, upgrades) are
	// passed on: it may wait, and tells how many of them, at least one, may go.
	// Both directions call it at once.
	Tunnel func(s *Stream, dir Dir, n int) int
	Conf   any // the feature's own
	// Explicit: a line of the configuration put it here.
	Explicit bool
	// Parts are the filters that it stands for where filter-sequence names them.
	Parts []*Filter
}

// FilterKeyword is a filter that the user can name. Parse reads the words of a
// filter line; it adds a filter with Proxy.AddFilter.
type FilterKeyword struct {
	Name  string
	Usage string
	Parse func(b *Build, l *Line) error
}

// FilterKeywords is the table of filters.
var FilterKeywords = registry.New[*FilterKeyword]("filter")

// AddFilters registers rows; for init functions.
func AddFilters(rows ...FilterKeyword) {
	for i := range rows {
		FilterKeywords.Add(rows[i].Name, &rows[i])
	}
}

// AddFilter puts f behind the proxy's filters.
func (px *Proxy) AddFilter(f *Filter) { px.Filters = append(px.Filters, f) }

// FiltersOf lists the filters that see one direction, in their order.
func (px *Proxy) FiltersOf(dir Dir) []*Filter {
	if list := px.FilterOrder[dir]; list != nil {
		return *list
	}
	return px.Filters
}

// OrderFilters has the proxy's filters of these names, and no others, see a
// direction (filter-sequence). unknown is the first name that none has.
func (px *Proxy) OrderFilters(dir Dir, names []string) (unknown string, ok bool) {
	list := []*Filter{}
	for i, name := range names {
		found := false
		for _, f := range px.Filters {
			parts := f.Parts
			if parts == nil {
				parts = []*Filter{f}
			}
			for _, p := range parts {
				if p.Kind != name {
					continue
				}
				if found = true; !slices.Contains(names[:i], name) {
					list = append(list, p)
				}
			}
		}
		if !found {
			return name, false
		}
	}
	px.FilterOrder[dir] = &list
	return "", true
}

// Filter returns the proxy's first filter that fits, or nil. An empty name fits
// any.
func (px *Proxy) Filter(kind, name string) *Filter {
	for _, f := range px.Filters {
		if f.Kind == kind && (name == "" || f.Name == name) {
			return f
		}
	}
	return nil
}

// NeedsFilterLine reports that a feature cannot put its filter in place by
// itself: with filters other than these few the order must be told.
func (px *Proxy) NeedsFilterLine() bool {
	for _, f := range px.Filters {
		switch f.Kind {
		case "cache", "compression", "comp-req", "comp-res", "fcgi-app":
		default:
			return true
		}
	}
	return false
}

// Body is what may be read of a message: htx.Body, with the pieces that can be had
// without waiting.
type Body interface {
	htx.Body
	// Buffered is Next without waiting: nothing and no error means that the next
	// piece is still to come.
	Buffered() ([]byte, error)
}

// WrapRequest has wrap put a body around the request's when it is sent: at each
// attempt, so that a retry begins anew.
func (s *Stream) WrapRequest(wrap func(s *Stream, in Body) Body) {
	before := s.ReqWrap
	if before == nil {
		s.ReqWrap = wrap
		return
	}
	s.ReqWrap = func(s *Stream, in Body) Body { return wrap(s, before(s, in)) }
}

// Readable returns b as a Body; one that cannot tell what is there has nothing
// until it is asked to wait.
func Readable(b htx.Body) Body {
	if r, ok := b.(Body); ok {
		return r
	}
	return waiting{b}
}

type waiting struct{ htx.Body }

func (waiting) Buffered() ([]byte, error) { return nil, nil }

// Unframed tells that the body's length is no longer known: it goes in chunks.
func Unframed(m *htx.Msg) {
	m.DelID(htx.ContentLength)
	m.Flags = m.Flags&^htx.HasLength | htx.Chunked
	m.BodyLen = -1
	if m.Next(htx.TransferEncoding, 0) < 0 {
		m.AddIDStr(htx.TransferEncoding, "chunked")
	}
}
