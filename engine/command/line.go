package command

import (
	"bufio"
	"io"
	"strings"
	"sync/atomic"

	"hawser/engine/conn"
)

// maxPayload is the room for a payload unless tune.cli.max-payload-size says it.
const maxPayload = 128 << 10

// maxPattern is how long the word after "<<" may be to still end a payload.
const maxPattern = 64

// input is a line with what followed it.
type input struct {
	line    string
	payload string
	begun   bool // a payload begins: the prompt changes
	bad     string
}

// reader reads lines in a goroutine of its own until the connection ends.
type reader struct {
	c    *conn.Conn
	br   *bufio.Reader
	out  chan input
	gone chan struct{} // closed when the peer sends no more
	done chan struct{} // closed to end it
	busy atomic.Bool   // a command runs: silence is no reason to close
	room int           // for a payload
}

// newReader reads lines of at most size bytes, and payloads of room; 0: the default.
func newReader(c *conn.Conn, size, room int) *reader {
	if room == 0 {
		room = maxPayload
	}
	r := &reader{c: c, room: room, out: make(chan input), gone: make(chan struct{}), done: make(chan struct{})}
	r.br = bufio.NewReaderSize(patient{c, &r.busy}, size)
	return r
}

// patient reads from a connection and does not mind timeouts while a command runs.
type patient struct {
	c    *conn.Conn
	busy *atomic.Bool
}

func (p patient) Read(b []byte) (int, error) {
	for {
		n, err := p.c.Read(b)
		if n == 0 && err != nil && p.busy.Load() {
			if _, late := conn.IsTimeout(err); late {
				continue
			}
		}
		return n, err
	}
}

// run reads until the end.
func (r *reader) run() {
	defer close(r.out)
	defer close(r.gone)
	for {
		line, err := r.line()
		if err == bufio.ErrBufferFull {
			r.give(input{bad: "Input is too long.\n"})
			return
		}
		if err != nil {
			return
		}
		in := input{line: line}
		if head, pattern, ok := cutPayload(line); ok {
			if !r.give(input{begun: true}) {
				return
			}
			in.line = head
			if in.payload, err = r.payload(pattern); err == io.ErrShortBuffer {
				in.bad = "Payload is too big.\n"
			} else if err != nil {
				return
			}
		}
		if !r.give(in) {
			return
		}
	}
}

func (r *reader) give(in input) bool {
	select {
	case r.out <- in:
		return true
	case <-r.done:
		return false
	}
}

func (r *reader) line() (string, error) {
	b, err := r.br.ReadSlice('\n')
	if err != nil {
		return "", err
	}
	return string(b[:len(b)-1]), nil
}

// payload reads lines up to one that is pattern (or empty).
func (r *reader) payload(pattern string) (string, error) {
	var b strings.Builder
	for {
		line, err := r.br.ReadString('\n')
		if err != nil {
			return "", err
		}
		if strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r") == pattern {
			return b.String(), nil
		}
		if b.WriteString(line); b.Len() > r.room {
			return "", io.ErrShortBuffer
		}
	}
}

// cutPayload finds "<<pattern" as the last word of a line.
func cutPayload(line string) (head, pattern string, ok bool) {
	line = strings.TrimRight(line, " \t\r")
	i := strings.LastIndex(line, "<<")
	if i < 0 || i > 0 && line[i-1] != ' ' && line[i-1] != '\t' {
		return "", "", false
	}
	pattern = line[i+2:]
	if len(pattern) > maxPattern || strings.ContainsAny(pattern, " \t;") {
		return "", "", false
	}
	return line[:i], pattern, true
}

// split parts a line into its commands and these into words: ";" separates
// commands, spaces words, and a backslash takes their meaning from both.
func split(line string) [][]string {
	var (
		all   [][]string
		words []string
		word  []byte
		open  bool
	)
	endWord := func() {
		if open {
			words, word, open = append(words, string(word)), nil, false
		}
	}
	for i := 0; i < len(line); i++ {
		switch c := line[i]; c {
		case ' ', '\t':
			endWord()
		case ';', '\r':
			endWord()
			all, words = append(all, words), nil
		case '\\':
			if i+1 < len(line) {
				i++
				word = append(word, line[i])
			}
			open = true
		default:
			word, open = append(word, c), true
		}
	}
	endWord()
	return append(all, words)
}
