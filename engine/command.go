package engine

import "hawser/engine/registry"

// Level is what a connection to the runtime API may do.
type Level uint8

// The levels, ascending.
const (
	LevelUser Level = iota
	LevelOperator
	LevelAdmin
)

// Command is a command of the runtime API (management manual, 9.3). Words is
// its beginning ("show stat"); the longest that fits wins.
type Command struct {
	Words  string
	Level  Level
	Master bool // for the master's socket
	Worker bool // for the process's sockets
	Expert bool // needs expert-mode
	Hidden bool
	Usage  string // arguments and what it does, as "help" prints it
	Run    func(c *CLI, args []string) error
}

// Commands is the table of commands.
var Commands = registry.New[*Command]("command")

// AddCommands registers rows for the worker's sockets; for init functions.
func AddCommands(rows ...Command) {
	for i := range rows {
		rows[i].Worker = rows[i].Worker || !rows[i].Master
		Commands.Add(rows[i].Words, &rows[i])
	}
}

// CLI is one command being run. Output goes to Out, which the server of the
// runtime API sends; the last line needs no line feed.
type CLI struct {
	RT      *Runtime
	Level   Level
	Expert  bool
	Payload string // what followed "<<"
	Out     []byte
	// Severity prefixes, prompt and the like are the server's.
	Session any
	// Sess is the connection that the command came by; nil in tests.
	Sess *Session
	// Flush sends what is in Out, for long answers; it fails when the peer left.
	Flush func() error
	// Actions of the daemon, nil where they are not there (tests).
	Reload func() (string, error)
	// Closed is closed when the peer leaves.
	Closed <-chan struct{}
}

// Print appends text to the answer.
func (c *CLI) Print(s string) { c.Out = append(c.Out, s...) }

// CLIError is a refusal, with the severity of severity-output (1 alert … 7 debug).
type CLIError struct {
	Severity int
	Text     string
}

func (e *CLIError) Error() string { return e.Text }

// Refuse makes a CLIError of severity 3 (error).
func Refuse(text string) error { return &CLIError{Severity: 3, Text: text} }

// Service is content that Hawser itself serves (http-request use-service).
type Service struct {
	Name  string
	Usage string
	// Serve prepares the reply in s.Res and s.Local.
	Serve func(s *Stream) Verdict
}

// Services is the table of services.
var Services = registry.New[*Service]("service")

// ReloadFunc and CloseFrontend are the daemon's: what "reload" and "shutdown
// frontend" do. ListenersChanged has the accept loops look at their limits and
// pauses, after "disable frontend" or "set maxconn". nil in tests.
var (
	ReloadFunc       func() (string, error)
	CloseFrontend    func(px *Proxy)
	ListenersChanged func()
)
