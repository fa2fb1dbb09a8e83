package diag

// Severity orders diagnostics by how much they matter. Only Alert makes a configuration fail by itself.
type Severity uint8

// Diag is shown only in diagnostic mode (-dD); Warning fails the start under zero-warning (-dW).
const (
	Diag Severity = iota
	Notice
	Warning
	Alert
)

var severityNames = [...]string{"DIAG", "NOTICE", "WARNING", "ALERT"}

// String is the name between the brackets of HAProxy's messages.
func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return "UNKNOWN"
}
