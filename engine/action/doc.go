// Package action is the rules' actions that belong to no larger feature: final
// verdicts, replies and redirections, edits of headers, the request and status
// line, addresses, timeouts and the like. An action is compiled once per line
// and shared by all streams; it keeps no state of its own.
package action
