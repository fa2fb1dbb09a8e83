package h1

import "hawser/engine/htx"

// Parser reads one head after another. Set the limits once; Reset between heads.
type Parser struct {
	// Immutable while a head is parsed.
	MaxFields    int  // most fields, 0: 100 (tune.http.maxhdr 101 counts the start line)
	Relaxed      bool // option accept-unsafe-violations-in-http-request / -response
	KeepInsecure bool // h1-do-not-close-on-insecure-transfer-encoding
	AnyPayload   bool // h1-accept-payload-with-any-method

	phase   uint8
	badName bool // relaxed: the field being read is dropped
	anyFold bool // some value goes over several lines
	simple  bool // a request line of HTTP/0.9
	skipped int  // bytes of empty lines before the head
	pos     int  // next byte to look at
	mark    int  // where the current element began
	name    htx.Span
	end     int // end of the element just read
}

// DefaultMaxFields is tune.http.maxhdr's 101 less the start line.
const DefaultMaxFields = 100

// Phases, in order. A phase consumes as much as it can.
const (
	phSkip uint8 = iota
	phMethod
	phTargetWS
	phTarget
	phVersionWS
	phVersion
	phStatusVersion // responses
	phStatusWS
	phStatus
	phReasonWS
	phReason
	phLineLF
	phField
	phName
	phValueWS
	phValue
	phValueLF
	phFold
	phEndLF
	phDone
)

// Reset prepares for another head.
func (p *Parser) Reset() {
	p.phase, p.badName, p.anyFold, p.simple = phSkip, false, false, false
	p.skipped, p.pos, p.mark = 0, 0, 0
}

// Started reports whether anything but empty lines has been seen of this head.
func (p *Parser) Started() bool { return p.phase > phSkip }

// InStartLine reports whether the first line is not complete yet.
func (p *Parser) InStartLine() bool { return p.phase <= phLineLF }

// Request parses the head of a request at the front of in, which must begin with
// the same bytes each time until the head is done. It returns the number of bytes
// that the head takes, or ErrMore, or an *Error, which is in m.Err too.
func (p *Parser) Request(m *htx.Msg, in []byte) (int, error) {
	if err := p.scan(m, in, phMethod); err != nil {
		return p.fail(m, in, err)
	}
	p.adopt(m, in)
	if err := p.finishRequest(m); err != nil {
		return p.fail(m, in, err)
	}
	return p.pos, nil
}

// Response parses the head of a response to req, which may be nil.
func (p *Parser) Response(m *htx.Msg, in []byte, req *htx.Msg) (int, error) {
	m.Flags |= htx.Response
	if err := p.scan(m, in, phStatusVersion); err != nil {
		return p.fail(m, in, err)
	}
	p.adopt(m, in)
	if err := p.finishResponse(m, req); err != nil {
		return p.fail(m, in, err)
	}
	return p.pos, nil
}

// fail notes an error in the message; what could be parsed stays readable.
func (p *Parser) fail(m *htx.Msg, in []byte, err error) (int, error) {
	if err == ErrMore {
		return 0, err
	}
	m.Err = err
	if p.phase != phDone {
		m.ErrOff = p.pos
		p.adopt(m, in)
	}
	return 0, err
}

// adopt copies the scanned bytes into the arena, so that the spans, which are
// offsets into the input so far, become offsets into it; then it lower-cases names.
func (p *Parser) adopt(m *htx.Msg, in []byte) {
	m.Grow(p.pos + 128)
	m.Put(in[:p.pos])
	arena := m.Arena()
	for i := range m.Fields {
		f := &m.Fields[i]
		htx.Lower(arena[f.Name.Off : f.Name.Off+f.Name.Len])
	}
	if p.anyFold {
		p.unfold(m)
	}
}

// unfold turns line ends within values into spaces and trims again.
func (p *Parser) unfold(m *htx.Msg) {
	for i := range m.Fields {
		v := m.Value(i)
		for j, c := range v {
			if c == '\r' || c == '\n' {
				v[j] = ' '
			}
		}
		f := &m.Fields[i]
		f.Value = trim(v, f.Value)
	}
}

func trim(v []byte, s htx.Span) htx.Span {
	from, to := 0, len(v)
	for from < to && class[v[from]]&cBlank != 0 {
		from++
	}
	for to > from && class[v[to-1]]&cBlank != 0 {
		to--
	}
	return htx.Span{Off: s.Off + uint32(from), Len: uint32(to - from)}
}

// scan runs the phases over in from where it stopped. first is the phase after
// leading empty lines.
func (p *Parser) scan(m *htx.Msg, in []byte, first uint8) error {
	if p.phase == phSkip {
		if err := p.skipEmpty(in, first); err != nil {
			return err
		}
	}
	if p.phase < phField {
		if err := p.startLine(m, in); err != nil {
			return err
		}
	}
	if p.phase == phDone || p.phase == phField && p.plainFields(m, in) {
		return nil
	}
	return p.fields(m, in)
}

// skipEmpty passes over empty lines before a head.
func (p *Parser) skipEmpty(in []byte, first uint8) error {
	for p.pos < len(in) {
		switch in[p.pos] {
		case '\n':
			p.pos++
		case '\r':
			if p.pos+1 == len(in) {
				return ErrMore
			}
			if in[p.pos+1] != '\n' {
				p.pos++
				return ErrBareCR
			}
			p.pos += 2
		default:
			p.mark, p.phase, p.skipped = p.pos, first, p.pos
			return nil
		}
	}
	return ErrMore
}

func (p *Parser) startLine(m *htx.Msg, in []byte) error {
	if p.phase >= phStatusVersion && p.phase < phLineLF {
		return p.statusLine(m, in)
	}
	if p.phase == phLineLF {
		return p.lineLF(in)
	}
	return p.requestLine(m, in)
}

// lineLF wants the LF after the CR of a start line.
func (p *Parser) lineLF(in []byte) error {
	if p.pos == len(in) {
		return ErrMore
	}
	if in[p.pos] != '\n' {
		return ErrBareCR
	}
	p.pos++
	if p.phase = phField; p.simple {
		p.phase = phDone
	}
	return nil
}

// span is the element from mark to i.
func (p *Parser) span(i int) htx.Span {
	return htx.Span{Off: uint32(p.mark), Len: uint32(i - p.mark)}
}

// plainFields parses complete, unfolded, faultless header lines and leaves the rest
// to fields, which starts again at the first line that is not. It reports whether
// it came to the end of the head.
func (p *Parser) plainFields(m *htx.Msg, in []byte) bool {
	i, fields := p.pos, m.Fields
	most := p.MaxFields
	if most == 0 {
		most = DefaultMaxFields
	}
	for i+1 < len(in) {
		if in[i] == '\r' && in[i+1] == '\n' {
			p.pos, p.phase = i+2, phDone
			m.Fields = fields
			return true
		}
		colon := indexColon(in, i)
		if colon >= len(in) || colon == i {
			break
		}
		id := htx.KnownField(in[i:colon])
		if id == htx.None && skipClass(in[:colon], i, cToken) != colon {
			break
		}
		v := colon + 1
		for v < len(in) && class[in[v]]&cBlank != 0 {
			v++
		}
		end := skipValue(in, v)
		if end+2 >= len(in) || in[end] != '\r' || in[end+1] != '\n' || class[in[end+2]]&cBlank != 0 || len(fields) == most {
			break
		}
		next := end + 2
		for end > v && class[in[end-1]]&cBlank != 0 {
			end--
		}
		fields = append(fields, htx.Field{
			Name:  htx.Span{Off: uint32(i), Len: uint32(colon - i)},
			Value: htx.Span{Off: uint32(v), Len: uint32(end - v)},
			ID:    id,
		})
		i = next
	}
	p.pos, m.Fields = i, fields
	return false
}

// fields parses header lines up to and including the empty one. Locals carry the
// state, since this loop is where the time goes; they are saved at every exit.
func (p *Parser) fields(m *htx.Msg, in []byte) error {
	i, mark := p.pos, p.mark
	max := p.MaxFields
	if max == 0 {
		max = DefaultMaxFields
	}
	for {
		switch p.phase {
		case phField:
			if i == len(in) {
				p.pos = i
				return ErrMore
			}
			mark = i
			switch c := in[i]; {
			case class[c]&cToken != 0:
				p.phase = phName
			case c == '\r':
				i++
				p.phase = phEndLF
			case c == '\n':
				p.pos, p.phase = i+1, phDone
				return nil
			default:
				p.pos = i
				if err := p.oddField(c, i); err != nil {
					return err
				}
				p.phase = phName
			}
			continue

		case phName:
			for i < len(in) && class[in[i]]&cToken != 0 {
				i++
			}
			if i == len(in) {
				p.pos, p.mark = i, mark
				return ErrMore
			}
			if in[i] != ':' {
				p.pos, p.mark = i, mark
				if err := p.oddName(in[i]); err != nil {
					return err
				}
				i++
				continue
			}
			p.name = htx.Span{Off: uint32(mark), Len: uint32(i - mark)}
			i++
			p.phase = phValueWS
			fallthrough

		case phValueWS:
			for i < len(in) && class[in[i]]&cBlank != 0 {
				i++
			}
			mark = i
			if i == len(in) {
				p.pos, p.mark = i, mark
				return ErrMore
			}
			p.phase = phValue
			fallthrough

		case phValue:
			i = skipValue(in, i)
			if i == len(in) {
				p.pos, p.mark = i, mark
				return ErrMore
			}
			if in[i] == 0 {
				if !p.Relaxed {
					p.pos, p.mark = i, mark
					return ErrFieldValue
				}
				m.Flags |= htx.Relaxed
				i++
				continue
			}
			p.end = i
			p.phase = phValueLF
			if in[i] == '\r' {
				i++
			}
			fallthrough

		case phValueLF:
			if i == len(in) {
				p.pos, p.mark = i, mark
				return ErrMore
			}
			if in[i] != '\n' {
				p.pos, p.mark = i, mark
				return ErrBareCR
			}
			i++
			p.phase = phFold
			fallthrough

		case phFold:
			if i == len(in) {
				p.pos, p.mark = i, mark
				return ErrMore
			}
			if class[in[i]]&cBlank != 0 {
				p.anyFold = true
				p.phase = phValue
				continue
			}
			end := p.end
			for end > mark && class[in[end-1]]&cBlank != 0 {
				end--
			}
			if p.badName {
				p.badName = false
				m.Flags |= htx.Relaxed
			} else {
				if len(m.Fields) == max {
					p.pos, p.mark = i, mark
					return ErrFields
				}
				m.Fields = append(m.Fields, htx.Field{
					ID:    htx.KnownField(in[p.name.Off : p.name.Off+p.name.Len]),
					Name:  p.name,
					Value: htx.Span{Off: uint32(mark), Len: uint32(end - mark)},
				})
			}
			p.phase = phField

		case phEndLF:
			p.pos = i
			if i == len(in) {
				return ErrMore
			}
			if in[i] != '\n' {
				return ErrBareCR
			}
			p.pos, p.phase = i+1, phDone
			return nil
		}
	}
}

// oddField judges a header line that does not begin with a token character.
func (p *Parser) oddField(c byte, i int) error {
	if c == ':' {
		return ErrEmptyName
	}
	if p.Relaxed {
		p.badName = true
		return nil
	}
	if class[c]&cBlank != 0 {
		return ErrLeadingFold
	}
	return ErrFieldName
}

// oddName judges a byte within a name that is neither token character nor colon.
// With violations allowed the whole field is dropped, as HAProxy does.
func (p *Parser) oddName(c byte) error {
	if c == '\r' || c == '\n' {
		return ErrNoColon
	}
	if !p.Relaxed {
		return ErrFieldName
	}
	p.badName = true
	return nil
}
