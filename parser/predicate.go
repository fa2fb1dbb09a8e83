package parser

import (
	"strings"

	"hawser/parser/expr"
)

// Facts are what the predicates of ".if" can ask. Nil functions know nothing.
type Facts struct {
	Version        string                 // "3.5-dev5"; see CompareVersions
	Feature        func(name string) bool // of the list that -vv prints
	Enabled        func(name string) bool // run-time options
	SSLLib         string                 // "OpenSSL 3.0.17 ..."
	OpenSSLVersion string                 // "3.0.17"; empty: no such predicate holds
	AWSLC          string                 // API number; empty where the library is another
	FIPS           bool
}

// predicate is one row: how many arguments it takes and what it answers; ok is false for an argument it cannot read.
type predicate struct {
	args int
	eval func(e *evaluator, args []string) (result, ok bool)
}

var predicates map[string]predicate

func init() {
	predicates = map[string]predicate{
		"defined":         {1, func(e *evaluator, a []string) (bool, bool) { _, ok := e.env.Get(a[0]); return ok, true }},
		"feature":         {1, func(e *evaluator, a []string) (bool, bool) { return ask(e.facts.Feature, a[0]), true }},
		"enabled":         {1, func(e *evaluator, a []string) (bool, bool) { return ask(e.facts.Enabled, a[0]), true }},
		"fips_mode":       {0, func(e *evaluator, _ []string) (bool, bool) { return e.facts.FIPS, true }},
		"streq":           {2, func(_ *evaluator, a []string) (bool, bool) { return a[0] == a[1], true }},
		"strneq":          {2, func(_ *evaluator, a []string) (bool, bool) { return a[0] != a[1], true }},
		"strstr":          {2, func(_ *evaluator, a []string) (bool, bool) { return strings.Contains(a[0], a[1]), true }},
		"version_atleast": {1, func(e *evaluator, a []string) (bool, bool) { return CompareVersions(e.facts.Version, a[0]) >= 0, true }},
		"version_before":  {1, func(e *evaluator, a []string) (bool, bool) { return CompareVersions(e.facts.Version, a[0]) < 0, true }},
		"ssllib_name_startswith": {1, func(e *evaluator, a []string) (bool, bool) {
			return e.facts.SSLLib != "" && strings.HasPrefix(e.facts.SSLLib, a[0]), true
		}},
		"openssl_version_atleast": {1, func(e *evaluator, a []string) (bool, bool) {
			return compareOpenSSL(e.facts.OpenSSLVersion, a[0], func(c int) bool { return c >= 0 })
		}},
		"openssl_version_before": {1, func(e *evaluator, a []string) (bool, bool) {
			return compareOpenSSL(e.facts.OpenSSLVersion, a[0], func(c int) bool { return c < 0 })
		}},
		"awslc_api_atleast": {1, func(e *evaluator, a []string) (bool, bool) {
			return compareNumber(e.facts.AWSLC, a[0], func(c int) bool { return c >= 0 })
		}},
		"awslc_api_before": {1, func(e *evaluator, a []string) (bool, bool) {
			return compareNumber(e.facts.AWSLC, a[0], func(c int) bool { return c < 0 })
		}},
	}
}

// arity serves expr.ParsePred.
func arity(name string) (int, bool) {
	p, ok := predicates[name]
	return p.args, ok
}

func ask(f func(string) bool, name string) bool { return f != nil && f(name) }

// evaluator answers predicates during one Parse.
type evaluator struct {
	facts *Facts
	env   *Env
}

func (o *Options) evaluator() *evaluator { return &evaluator{facts: &o.Facts, env: o.Env} }

// pred evaluates from left to right and stops at the first answer that decides.
func (e *evaluator) pred(p *expr.Pred) (bool, *expr.PredError) {
	for i := range p.Or {
		result, err := e.and(p.Or[i].And)
		if result || err != nil {
			return result, err
		}
	}
	return false, nil
}

func (e *evaluator) and(terms []expr.PredTerm) (bool, *expr.PredError) {
	for i := range terms {
		result, err := e.term(&terms[i])
		if err != nil || result == terms[i].Neg {
			return false, err
		}
	}
	return true, nil
}

// term is the answer before negation.
func (e *evaluator) term(t *expr.PredTerm) (bool, *expr.PredError) {
	switch {
	case t.Int:
		return t.True, nil
	case t.Sub != nil:
		return e.pred(t.Sub)
	}
	p := predicates[t.Name]
	args := t.Args
	if len(args) < p.args {
		args = append(append([]string(nil), args...), make([]string, p.args-len(args))...)
	}
	result, ok := p.eval(e, args)
	if !ok {
		return false, &expr.PredError{At: t.End, Message: "invalid argument to conditional expression predicate '" +
			t.Name + "': '" + args[0] + "'"}
	}
	return result, nil
}
