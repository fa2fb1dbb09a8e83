// Package recent orders elements by how lately they were used, so that the oldest
// can make room. The links lie in the elements: nothing is allocated. A List is not
// safe for concurrent use.
package recent

// Links are embedded in an element of type T.
type Links[T any] struct{ newer, older *T }

// Ends gives the list access to the links of an element that embeds them.
func (l *Links[T]) Ends() *Links[T] { return l }

// Element is a pointer to what embeds Links.
type Element[T any] interface {
	*T
	Ends() *Links[T]
}

// List is a list of elements, the newest first; its zero value is empty.
type List[T any, P Element[T]] struct{ newest, oldest *T }

// Newest returns the first element, or nil.
func (l *List[T, P]) Newest() *T { return l.newest }

// Oldest returns the last element, or nil.
func (l *List[T, P]) Oldest() *T { return l.oldest }

// Older returns the element behind e, or nil.
func (l *List[T, P]) Older(e *T) *T { return P(e).Ends().older }

// Newer returns the element before e, or nil.
func (l *List[T, P]) Newer(e *T) *T { return P(e).Ends().newer }

// Push puts e, which is in no list, first.
func (l *List[T, P]) Push(e *T) {
	*P(e).Ends() = Links[T]{older: l.newest}
	if l.newest != nil {
		P(l.newest).Ends().newer = e
	} else {
		l.oldest = e
	}
	l.newest = e
}

// Remove takes e out.
func (l *List[T, P]) Remove(e *T) {
	k := P(e).Ends()
	if k.newer != nil {
		P(k.newer).Ends().older = k.older
	} else {
		l.newest = k.older
	}
	if k.older != nil {
		P(k.older).Ends().newer = k.newer
	} else {
		l.oldest = k.newer
	}
	*k = Links[T]{}
}
