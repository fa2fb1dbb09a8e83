package engine

import (
	"hawser/engine/registry"
	"hawser/parser/diag"
)

// RulesetID names a list of rules. As a bit set it tells where an action may
// be used.
type RulesetID uint16

// The rulesets, in the order in which they meet a stream.
const (
	TCPReqConn RulesetID = iota
	TCPReqSess
	TCPReqCont
	HTTPReq
	TCPResCont
	HTTPRes
	HTTPAfter
	QUICInit
	NRulesets
)

// RulesetName is the spelling of each ruleset in the configuration.
var RulesetName = [NRulesets]string{
	"tcp-request connection", "tcp-request session", "tcp-request content", "http-request",
	"tcp-response content", "http-response", "http-after-response", "quic-initial",
}

// In is the bit of a ruleset in ActionKeyword.In.
func (r RulesetID) In() RulesetSet { return 1 << r }

// RulesetSet is a set of rulesets.
type RulesetSet uint16

// Sets that actions use.
const (
	InTCPReq   = RulesetSet(1<<TCPReqConn | 1<<TCPReqSess | 1<<TCPReqCont)
	InHTTP     = RulesetSet(1<<HTTPReq | 1<<HTTPRes)
	InHTTPAll  = InHTTP | RulesetSet(1<<HTTPAfter)
	InContent  = RulesetSet(1<<TCPReqCont|1<<TCPResCont) | InHTTP
	InAnywhere = InTCPReq | RulesetSet(1<<TCPResCont) | InHTTPAll
)

// Rule is one line of a ruleset. Immutable after build.
type Rule struct {
	Cond *Cond
	Do   Action
	Name string // the action's keyword
	Pos  diag.Pos
}

// Verdict is what an action says about going on.
type Verdict uint8

// The verdicts.
const (
	Continue  Verdict = iota // next rule
	Wait4Data                // more data is needed; run this rule again
	Stop                     // end this ruleset, as "allow" does
	Done                     // a reply was prepared (Stream.Local) or the stream was taken over
	Deny                     // refuse with Stream.Local, or 403 (502 for a response)
	Tarpit                   // as Deny, after timeout tarpit
	Abort                    // close the connection, reset where asked
	Drop                     // close without telling the client (silent-drop)
	Invalid                  // the message is invalid: 400 or 502
	Failed                   // an internal error: 500
)

// Action is what a rule does. It may block (its goroutine is the stream's) and
// is shared by all streams: it keeps no state of its own.
type Action interface {
	Run(e *Env) Verdict
}

// ActionFunc is an Action that is a function.
type ActionFunc func(e *Env) Verdict

// Run calls f.
func (f ActionFunc) Run(e *Env) Verdict { return f(e) }

// ActionKeyword is an action that the user can name. Names that end in "*"
// match by prefix (set-var*, sc-inc-gpc0*).
type ActionKeyword struct {
	Name  string
	In    RulesetSet
	Usage string
	Idle  bool // accepted, without effect here: a notice says so
	// Parse reads the words behind the action's name, up to if/unless, which
	// the rule takes: see RuleArgs.
	Parse func(b *Build, a *RuleArgs) (Action, error)
}

// RuleArgs is a rule under construction.
type RuleArgs struct {
	Ruleset RulesetID
	Name    Word   // the action's name as written, with its brackets
	Words   []Word // arguments, without the condition
	Where   Where  // the place for expressions
	Pos     diag.Pos
	Line    *Line // the whole line
	extra   *Word
}

// Only tells that the action takes the first n words: one more is an error, as
// only a condition may follow. It returns them.
func (a *RuleArgs) Only(n int) []Word {
	if len(a.Words) > n {
		a.extra = &a.Words[n]
		return a.Words[:n]
	}
	return a.Words
}

// Actions is the table of actions for all rulesets: an action with different
// meanings in two rulesets has a row for each.
var Actions [NRulesets]*registry.Table[*ActionKeyword]

func init() {
	for i := range Actions {
		Actions[i] = registry.New[*ActionKeyword](RulesetName[i] + " action")
	}
}

// AddActions registers rows; for init functions.
func AddActions(rows ...ActionKeyword) {
	for i := range rows {
		for r := range NRulesets {
			if rows[i].In&r.In() != 0 {
				Actions[r].Add(rows[i].Name, &rows[i])
			}
		}
	}
}
