package diag

// Word is one word of a line after quotes, escapes and variables were resolved. Pos covers the source text of the
// word, quotes included.
type Word struct {
	Text   string
	Pos    Pos
	Quoted bool  // some part of it was between quotes
	Skip   uint8 // bytes of source before the first byte of Text (an opening quote), when Map is nil
	// Map gives for each byte of Text its source column; nil when Text stands in the source as it is.
	Map []int32
}

// String is the text.
func (w Word) String() string { return w.Text }

// Sub is the place of Text[from:to] in the source.
func (w Word) Sub(from, to int) Pos {
	p := w.Pos
	if p.Col == 0 {
		return p
	}
	p.Col, p.End = w.Column(from), w.Column(to-1)+1
	if to <= from {
		p.End = p.Col + 1
	}
	return p
}

// Column is the source column of byte i; past the end it counts on from the last byte.
func (w Word) Column(i int) int {
	switch {
	case i < 0:
		return w.Pos.Col
	case w.Map == nil:
		return w.Pos.Col + int(w.Skip) + i
	case i < len(w.Map):
		return int(w.Map[i])
	case len(w.Map) == 0:
		return w.Pos.Col
	default:
		return int(w.Map[len(w.Map)-1]) + 1 + i - len(w.Map)
	}
}

// Slice is Text[from:to] as a word of its own, with its place.
func (w Word) Slice(from, to int) Word {
	s := Word{Text: w.Text[from:to], Pos: w.Sub(from, to), Quoted: w.Quoted}
	if w.Map != nil {
		s.Map = w.Map[from:to]
	}
	return s
}

// Join puts words together with single spaces, keeping every byte's place.
func Join(words []Word) Word {
	if len(words) == 0 {
		return Word{}
	}
	if len(words) == 1 {
		return words[0]
	}
	out := Word{Pos: words[0].Pos}
	out.Pos.End = words[len(words)-1].Pos.End
	var text []byte
	for i, w := range words {
		if i > 0 {
			text = append(text, ' ')
			out.Map = append(out.Map, int32(words[i-1].Pos.End))
		}
		for j := range len(w.Text) {
			out.Map = append(out.Map, int32(w.Column(j)))
		}
		text = append(text, w.Text...)
	}
	out.Text = string(text)
	return out
}
