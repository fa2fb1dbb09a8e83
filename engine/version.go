package engine

// Version is Hawser's own; Compatible is the HAProxy whose language and
// behaviour it has, which scripts read; Released is the date of both.
const (
	Version    = "0.1.0"
	Compatible = "3.5.0"
	Released   = "2026/11/21"
)
