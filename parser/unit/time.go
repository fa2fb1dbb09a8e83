// Package unit reads the small values of the configuration language: times, sizes, numbers, percentages and network
// addresses, in HAProxy's forms and with its sentences.
//
// It resolves no host name and opens nothing: an address that names a host keeps the name, and a file descriptor is
// only a number here. Callers own the diagnostics; the errors here are the part of the sentence that does not depend
// on the keyword, or can be asked for it with the keyword's name.
package unit

import (
	"math"
	"time"
)

// The units of time; a value without a suffix counts in the unit that the keyword's place defines.
const (
	Microsecond = time.Microsecond
	Millisecond = time.Millisecond
	Second      = time.Second
	Minute      = time.Minute
	Hour        = time.Hour
	Day         = 24 * time.Hour
)

// MaxTimer is the longest timer in milliseconds, about 24.8 days.
const MaxTimer = math.MaxInt32 * time.Millisecond

// TimeFault says what is wrong with a time.
type TimeFault uint8

// Trailing is no error: the value is good and Bad comes after it, for which HAProxy warns.
const (
	TimeOver TimeFault = iota + 1
	TimeUnder
	TimeChar
	TimeEmpty
	TimeTrailing
)

// TimeError is why a text is no time.
type TimeError struct {
	Fault TimeFault
	Text  string
	At    int  // offset of Bad in Text
	Bad   byte // the unexpected byte of TimeChar and TimeTrailing
}

// Error is the sentence without a keyword's name.
func (e *TimeError) Error() string {
	switch e.Fault {
	case TimeOver:
		return "timer overflow in argument '" + e.Text + "' (maximum value is 2147483647 ms or ~24.8 days)"
	case TimeUnder:
		return "timer underflow in argument '" + e.Text + "' (minimum non-null value is 1 ms)"
	case TimeTrailing:
		return "unexpected character '" + string(rune(e.Bad)) + "' after the timer value '" + e.Text +
			"', only (us=microseconds,ms=milliseconds,s=seconds,m=minutes,h=hours,d=days) are supported." +
			" This will be reported as an error in next versions."
	case TimeEmpty:
		return "missing time value"
	}
	return "unexpected character '" + string(rune(e.Bad)) + "' in '" + e.Text + "'"
}

// For is the sentence as 'timeout' and most keywords with a time print it.
func (e *TimeError) For(keyword string) string {
	switch e.Fault {
	case TimeOver:
		return "timer overflow in argument '" + e.Text + "' to '" + keyword + "' (maximum value is 2147483647 ms or ~24.8 days)"
	case TimeUnder:
		return "timer underflow in argument '" + e.Text + "' to '" + keyword + "' (minimum non-null value is 1 ms)"
	case TimeEmpty:
		return "'" + keyword + "' expects an integer value (in milliseconds)"
	case TimeTrailing:
		return e.Error()
	}
	return "unexpected character '" + string(rune(e.Bad)) + "' in '" + keyword + "'"
}

// Warning tells that the value can be used all the same.
func (e *TimeError) Warning() bool { return e.Fault == TimeTrailing }

// Time reads an integer with an optional unit (us ms s m h d); without one it counts in def. The value is rounded up
// to whole def units, as HAProxy keeps it, and must stay below 2^31 of them and below MaxTimer. With a TimeTrailing
// error the value is valid.
func Time(text string, def time.Duration) (time.Duration, *TimeError) {
	n, i, over := digits(text)
	if i == 0 {
		if text == "" {
			return 0, &TimeError{Fault: TimeEmpty}
		}
		return 0, &TimeError{Fault: TimeChar, Text: text, Bad: text[0]}
	}
	scale, width := timeSuffix(text[i:], def)
	if width < 0 {
		return 0, &TimeError{Fault: TimeChar, Text: text, At: i, Bad: text[i]}
	}
	limit := min(def, time.Second) * math.MaxInt32
	if over || n > uint64(limit/scale) {
		return 0, &TimeError{Fault: TimeOver, Text: text}
	}
	value := time.Duration(n) * scale
	value = (value + def - 1) / def * def
	if i+width < len(text) {
		return value, &TimeError{Fault: TimeTrailing, Text: text, At: i + width, Bad: text[i+width]}
	}
	return value, nil
}

// timeSuffix gives the unit at the start of s and its length; -1 when s starts with none.
func timeSuffix(s string, def time.Duration) (time.Duration, int) {
	if s == "" {
		return def, 0
	}
	two := len(s) > 1 && s[1] == 's'
	switch {
	case s[0] == 'u' && two:
		return Microsecond, 2
	case s[0] == 'm' && two:
		return Millisecond, 2
	case s[0] == 's':
		return Second, 1
	case s[0] == 'm':
		return Minute, 1
	case s[0] == 'h':
		return Hour, 1
	case s[0] == 'd':
		return Day, 1
	}
	return 0, -1
}

// digits reads the leading decimal digits: the value, how many bytes, and whether it overflowed.
func digits(s string) (n uint64, i int, over bool) {
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		d := uint64(s[i] - '0')
		if n > (math.MaxUint64-d)/10 {
			over = true
		}
		n = n*10 + d
	}
	return n, i, over
}
