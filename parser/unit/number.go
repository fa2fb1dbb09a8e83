package unit

import "strconv"

// ValueError is why a text is no size or number: Bad is the first unexpected byte, or zero when Over or empty.
type ValueError struct {
	Text string
	At   int
	Bad  byte
	Over bool
}

// Error is a sentence without a keyword's name.
func (e *ValueError) Error() string {
	switch {
	case e.Over:
		return "value '" + e.Text + "' is out of range"
	case e.Text == "":
		return "missing integer value"
	case e.At > 0:
		return "unexpected '" + e.Text[e.At:] + "' after '" + e.Text[:e.At] + "'"
	}
	return "unexpected character '" + string(rune(e.Bad)) + "' in '" + e.Text + "'"
}

// ForSize is the sentence of the settings that take a size, as tune.bufsize.
func (e *ValueError) ForSize(keyword string) string {
	if e.At > 0 && !e.Over {
		return "unexpected '" + e.Text[e.At:] + "' after size passed to '" + keyword + "'"
	}
	return "invalid size '" + e.Text + "' passed to '" + keyword + "'"
}

// Size reads an integer with an optional k, m or g (powers of 1024) in either case.
func Size(text string) (uint64, *ValueError) {
	n, i, over := digits(text)
	if i == 0 {
		return 0, badValue(text, 0)
	}
	shift, end := 0, i
	if i < len(text) {
		switch text[i] | 0x20 {
		case 'k':
			shift = 10
		case 'm':
			shift = 20
		case 'g':
			shift = 30
		default:
			return 0, badValue(text, i)
		}
		end++
	}
	if end < len(text) {
		return 0, badValue(text, end)
	}
	if over || n<<shift>>shift != n {
		return 0, &ValueError{Text: text, Over: true}
	}
	return n << shift, nil
}

// Int reads a signed decimal integer and nothing else.
func Int(text string) (int64, *ValueError) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && text[0] != '+' {
		return n, nil
	}
	start := 0
	if text != "" && text[0] == '-' {
		start = 1
	}
	_, i, _ := digits(text[start:])
	if i += start; i > start && i == len(text) {
		return 0, &ValueError{Text: text, Over: true}
	}
	if i == start {
		i = 0
	}
	return 0, badValue(text, i)
}

// Percent reads a number that ends in '%', or one without the sign when bare is true; it may exceed 100.
func Percent(text string, bare bool) (int64, *ValueError) {
	if n := len(text); n > 0 && text[n-1] == '%' {
		return Int(text[:n-1])
	}
	if bare {
		return Int(text)
	}
	return 0, badValue(text, len(text))
}

// IsPercent tells whether the text ends in '%'.
func IsPercent(text string) bool { return text != "" && text[len(text)-1] == '%' }

func badValue(text string, at int) *ValueError {
	e := &ValueError{Text: text, At: at}
	if at < len(text) {
		e.Bad = text[at]
	}
	return e
}
