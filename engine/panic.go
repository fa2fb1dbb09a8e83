package engine

import "fmt"

// ReportPanic shows the operator an internal error beside the log; the daemon
// prints it on standard error. nil in tests.
var ReportPanic func(text string)

// Panicked counts and tells a panic that was caught: what ended by it, its value
// and its stack.
func Panicked(rt *Runtime, what string, value any, stack []byte) {
	rt.Proc.Panics.Add(1)
	text := fmt.Sprintf("internal error (panic: %v) ended %s", value, what)
	if Log != nil {
		Log(rt, rt.Global.Logs, rt.Global.LogTag, 1, text)
	}
	if ReportPanic != nil {
		ReportPanic(text + "\n" + string(stack))
	}
}
