package unit

import (
	"testing"
	"time"
)

func TestTime(t *testing.T) {
	tests := []struct {
		text string
		def  time.Duration
		want time.Duration
		err  string // For("timeout connect")
	}{
		{"10", Millisecond, 10 * Millisecond, ""},
		{"10", Second, 10 * Second, ""},
		{"1us", Millisecond, Millisecond, ""},
		{"1500us", Millisecond, 2 * Millisecond, ""},
		{"1ms", Second, Second, ""},
		{"5m", Millisecond, 5 * Minute, ""},
		{"2h", Millisecond, 2 * Hour, ""},
		{"1d", Second, Day, ""},
		{"0", Millisecond, 0, ""},
		{"2147483647", Millisecond, MaxTimer, ""},
		{"2147483648", Millisecond, 0, "timer overflow in argument '2147483648' to 'timeout connect' (maximum value is 2147483647 ms or ~24.8 days)"},
		{"25d", Millisecond, 0, "timer overflow in argument '25d' to 'timeout connect' (maximum value is 2147483647 ms or ~24.8 days)"},
		{"99999999999999999999", Millisecond, 0, "timer overflow in argument '99999999999999999999' to 'timeout connect' (maximum value is 2147483647 ms or ~24.8 days)"},
		{"10x", Millisecond, 0, "unexpected character 'x' in 'timeout connect'"},
		{"abc", Millisecond, 0, "unexpected character 'a' in 'timeout connect'"},
		{"-5", Millisecond, 0, "unexpected character '-' in 'timeout connect'"},
		{"1.5s", Millisecond, 0, "unexpected character '.' in 'timeout connect'"},
		{"", Millisecond, 0, "'timeout connect' expects an integer value (in milliseconds)"},
		{"5min", Millisecond, 5 * Minute, "unexpected character 'i' after the timer value '5min', only (us=microseconds,ms=milliseconds,s=seconds,m=minutes,h=hours,d=days) are supported. This will be reported as an error in next versions."},
		{"1sec", Millisecond, Second, "unexpected character 'e' after the timer value '1sec', only (us=microseconds,ms=milliseconds,s=seconds,m=minutes,h=hours,d=days) are supported. This will be reported as an error in next versions."},
	}
	for _, tt := range tests {
		got, err := Time(tt.text, tt.def)
		message := ""
		if err != nil {
			message = err.For("timeout connect")
		}
		if got != tt.want || message != tt.err {
			t.Errorf("Time(%q, %v) = %v, %q", tt.text, tt.def, got, message)
		}
	}
}

func TestSize(t *testing.T) {
	tests := []struct {
		text string
		want uint64
		err  string
	}{
		{"16384", 16384, ""}, {"16k", 16384, ""}, {"1K", 1024, ""}, {"2m", 2 << 20, ""}, {"3G", 3 << 30, ""},
		{"16x", 0, "unexpected 'x' after size passed to 'tune.bufsize'"},
		{"16kb", 0, "unexpected 'b' after size passed to 'tune.bufsize'"},
		{"x", 0, "invalid size 'x' passed to 'tune.bufsize'"},
		{"", 0, "invalid size '' passed to 'tune.bufsize'"},
		{"99999999999g", 0, "invalid size '99999999999g' passed to 'tune.bufsize'"},
	}
	for _, tt := range tests {
		got, err := Size(tt.text)
		message := ""
		if err != nil {
			message = err.ForSize("tune.bufsize")
		}
		if got != tt.want || message != tt.err {
			t.Errorf("Size(%q) = %d, %q", tt.text, got, message)
		}
	}
}

func TestInt(t *testing.T) {
	tests := []struct {
		text string
		want int64
		ok   bool
	}{
		{"0", 0, true}, {"12", 12, true}, {"-12", -12, true}, {"+1", 0, false}, {"1x", 0, false}, {"", 0, false},
		{"-", 0, false}, {"99999999999999999999", 0, false},
	}
	for _, tt := range tests {
		if got, err := Int(tt.text); got != tt.want || (err == nil) != tt.ok {
			t.Errorf("Int(%q) = %d, %v", tt.text, got, err)
		}
	}
}

func TestPercent(t *testing.T) {
	for text, want := range map[string]int64{"50%": 50, "100": 100, "250%": 250} {
		if got, err := Percent(text, true); got != want || err != nil {
			t.Errorf("Percent(%q) = %d, %v", text, got, err)
		}
	}
	if _, err := Percent("50", false); err == nil {
		t.Error("Percent(50) needs its sign")
	}
}

func TestTimeSentences(t *testing.T) {
	over, char := &TimeError{Fault: TimeOver, Text: "9999d"}, &TimeError{Fault: TimeChar, Text: "10x", At: 2, Bad: 'x'}
	tests := map[string]string{
		over.ForServer("inter", "s1"):     "timer overflow in argument <9999d> to <inter> of server s1, maximum value is 2147483647 ms (~24.8 days).",
		char.ForServer("slowstart", "s2"): "unexpected character 'x' in 'slowstart' argument of server s2.",
		over.ForSection("timeout retry"):  "timer overflow in argument <9999d> to <timeout retry>, maximum value is 2147483647 ms (~24.8 days)",
		char.ForSection("hold"):           "unexpected character 'x' in argument to <hold>",
		over.ForGlobal("grace"):           "timer overflow in argument '9999d' to 'grace' (maximum value is 2147483647 ms or ~24.8 days)",
		char.ForGlobal("grace"):           "unexpected character 'x' in argument to <grace>",
	}
	for got, want := range tests {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
