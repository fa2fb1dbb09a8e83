package diag

import (
	"strings"
	"sync"
)

// Sources keeps the text of the files that were read, so that a diagnostic can show its line. It is safe for
// concurrent use: a reload may print while another reads.
type Sources struct {
	mu    sync.Mutex
	files map[string]*source // guarded by mu
}

type source struct {
	text  string
	lines []int // offset of each line; made when first asked for
}

// Add keeps the text of a file.
func (s *Sources) Add(file, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files == nil {
		s.files = make(map[string]*source)
	}
	s.files[file] = &source{text: text}
}

// Line is the text of a line (1-based) without its line end; false when it is not known.
func (s *Sources) Line(file string, line int) (string, bool) {
	if s == nil || line < 1 {
		return "", false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	src := s.files[file]
	if src == nil {
		return "", false
	}
	return src.line(line)
}

func (s *source) line(n int) (string, bool) {
	if s.lines == nil {
		s.index()
	}
	if n > len(s.lines) {
		return "", false
	}
	rest := s.text[s.lines[n-1]:]
	if end := strings.IndexByte(rest, '\n'); end >= 0 {
		rest = rest[:end]
	}
	return strings.TrimSuffix(rest, "\r"), true
}

func (s *source) index() {
	s.lines = append(make([]int, 0, 1+strings.Count(s.text, "\n")), 0)
	for i := range len(s.text) {
		if s.text[i] == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
}
