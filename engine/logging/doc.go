// Package logging writes logs: the lines of streams and sessions in the formats
// that the configuration gives them (configuration manual, 8), and the messages
// about objects. It owns the "log" keywords, the encodings of log formats, the
// aliases (%ci, %ST …) and the sinks, which live as long as the process and are
// shared by all generations.
//
// A stream never waits for a log: what a sink cannot take at once is lost and
// counted (DroppedLogs). A line costs no allocation.
//
// It does not decide what a timer or a termination flag is: engine/stream fills
// them; rings are not here.
package logging
