package unit

// HAProxy words the same fault of a time in several ways; each method here is one family of keywords. All are
// without a full stop where the manual's binary adds it, and TimeTrailing and TimeEmpty read as in For.

// ForGlobal is the sentence of hard-stop-after, grace, close-spread-time and pool-purge-delay.
func (e *TimeError) ForGlobal(keyword string) string {
	if e.Fault == TimeChar {
		return "unexpected character '" + string(rune(e.Bad)) + "' in argument to <" + keyword + ">"
	}
	return e.For(keyword)
}

// ForSection is the sentence of resolvers, mailers, tune.idletimer and other places that use angle brackets.
func (e *TimeError) ForSection(keyword string) string {
	switch e.Fault {
	case TimeOver:
		return "timer overflow in argument <" + e.Text + "> to <" + keyword + ">, maximum value is 2147483647 ms (~24.8 days)"
	case TimeUnder:
		return "timer underflow in argument <" + e.Text + "> to <" + keyword + ">, minimum non-null value is 1 ms"
	}
	return e.ForGlobal(keyword)
}

// ForServer is the sentence of inter, fastinter, downinter, agent-inter and slowstart of a server.
func (e *TimeError) ForServer(keyword, server string) string {
	switch e.Fault {
	case TimeOver:
		return "timer overflow in argument <" + e.Text + "> to <" + keyword + "> of server " + server +
			", maximum value is 2147483647 ms (~24.8 days)."
	case TimeUnder:
		return "timer underflow in argument <" + e.Text + "> to <" + keyword + "> of server " + server +
			", minimum non-null value is 1 ms."
	case TimeChar:
		return "unexpected character '" + string(rune(e.Bad)) + "' in '" + keyword + "' argument of server " + server + "."
	}
	return e.For(keyword)
}
