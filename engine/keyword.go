package engine

import (
	"hawser/engine/registry"
	"hawser/parser"
)

// Word and Line are the parser's: a word after expansion, and a directive.
type (
	Word    = parser.Word
	Line    = parser.Line
	Section = parser.Section
)

// In tells in which sections a keyword may stand.
type In uint16

// The sections. Named: only in a defaults section that has a name.
const (
	InGlobal In = 1 << iota
	InDefaults
	InFrontend
	InListen
	InBackend
	InNamedDefaults
	InProxy = InFrontend | InListen | InBackend
	InFE    = InFrontend | InListen
	InBE    = InBackend | InListen
	InAll   = InProxy | InDefaults
	InAllFE = InFE | InDefaults
	InAllBE = InBE | InDefaults
)

// KeywordFlags qualify a keyword.
type KeywordFlags uint16

// The flags.
const (
	TakesNo      KeywordFlags = 1 << iota // may be prefixed with "no"
	TakesDefault                          // may be prefixed with "default"
	NoEffect                              // accepted for compatibility; a notice says so
	Legacy                                // removed from HAProxy; translated with a warning
	HTTPOnly                              // ignored with a warning outside of mode http
	Experimental
	NotInDefault // a server option that default-server does not take
)

// Keyword is a directive of global, defaults or a proxy. Names of two words
// ("timeout client", "option httplog") are looked up before those of one.
type Keyword struct {
	Name  string
	In    In
	Min   int // arguments after the name
	Max   int // -1: any number
	Flags KeywordFlags
	Usage string // syntax, and what it does in a line
	Parse func(b *Build, l *Line) error
}

// Keywords is the table of directives; GlobalKeywords that of the global section.
var (
	Keywords       = registry.New[*Keyword]("keyword")
	GlobalKeywords = registry.New[*Keyword]("global keyword")
)

// AddKeywords registers rows; a row with InGlobal goes to GlobalKeywords.
func AddKeywords(rows ...Keyword) {
	for i := range rows {
		k := &rows[i]
		if k.In&InGlobal != 0 {
			GlobalKeywords.Add(k.Name, k)
		}
		if k.In&^InGlobal != 0 {
			Keywords.Add(k.Name, k)
		}
	}
}

// BindKeyword is an option of a bind line. Args is the number of words that it
// takes.
type BindKeyword struct {
	Name  string
	Args  int
	Flags KeywordFlags
	Usage string
	Parse func(b *Build, bind *Bind, name Word, args []Word) error
	// Missing is the sentence when the argument is not there; "" a general one.
	Missing string
}

// ServerKeyword is an option of a server or default-server line. Args is the
// number of words that it takes, or -1: Parse says how many it used.
type ServerKeyword struct {
	Name   string
	Args   int
	Flags  KeywordFlags
	Usage  string
	Parse  func(b *Build, srv *Server, name Word, args []Word) error
	ParseN func(b *Build, srv *Server, name Word, rest []Word) (used int, err error)
	// Missing is the sentence when the argument is not there; "" a general one.
	Missing string
}

// SectionKeyword is a section other than global, defaults and the proxies.
type SectionKeyword struct {
	Name  string
	Usage string
	Parse func(b *Build, s *Section) error
}

// The tables.
var (
	BindKeywords   = registry.New[*BindKeyword]("bind option")
	ServerKeywords = registry.New[*ServerKeyword]("server option")
	Sections       = registry.New[*SectionKeyword]("section")
	Balances       = registry.New[*BalanceKeyword]("balance algorithm")
)

// BalanceKeyword is a balance algorithm that the user can name.
type BalanceKeyword struct {
	Name  string
	Usage string
	// Fixed algorithms have a table made of the configured weights: at run time no
	// server comes or is weighed anew. Keyed ones are so unless hash-type is consistent.
	Fixed, Keyed bool
	New          func(b *Build, px *Proxy, words []Word) (Balancer, error)
}

// AddBindKeywords registers rows; for init functions.
func AddBindKeywords(rows ...BindKeyword) {
	for i := range rows {
		BindKeywords.Add(rows[i].Name, &rows[i])
	}
}

// AddServerKeywords registers rows; for init functions.
func AddServerKeywords(rows ...ServerKeyword) {
	for i := range rows {
		ServerKeywords.Add(rows[i].Name, &rows[i])
	}
}

// AddBalances registers rows; for init functions.
func AddBalances(rows ...BalanceKeyword) {
	for i := range rows {
		Balances.Add(rows[i].Name, &rows[i])
	}
}

// AddSection registers a section; for init functions.
func AddSection(row SectionKeyword) { Sections.Add(row.Name, &row) }

// KnownBind tells whether HAProxy has an option that Hawser
// lacks; the keyword feature provides them.
var KnownBind func(name string) bool
