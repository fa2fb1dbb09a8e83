// Package golden holds configurations with mistakes, and what a user must be
// told of each: the line, the word, and the way out. HAProxy is asked first,
// for what it finds too; hawser must find all of them in one run.
package golden

import (
	"os"
	"regexp"
	"testing"

	"hawser/conformance/testbed"
)

func TestMain(m *testing.M) {
	status := m.Run()
	testbed.Clean()
	os.Exit(status)
}

// mistake is a line that must be named together with all of says, in one
// diagnostic. both: HAProxy 2.6 says so as well.
type mistake struct {
	name string
	both bool
	says string // regular expression over one diagnostic
}

var misspelt = []mistake{
	{"comment out of section", true, `misspelt\.cfg:1\D.*//`},
	{"comment in a section", true, `misspelt\.cfg:11\D.*'//'`},
	{"backend that is not there", false, `misspelt\.cfg:14\D.*applicaton_nodes.*did you mean 'application_nodes'`},
	{"keyword", true, `misspelt\.cfg:17\D.*'balence' in 'backend' section; did you mean 'balance'`},
	{"server option", true, `misspelt\.cfg:20\D.*unknown keyword 'weghit'; did you mean 'weight'`},
	{"server name used twice", false, `misspelt\.cfg:22\D.*another server named 'server03' was already defined at line 21`},
	{"statistics parameter", true, `misspelt\.cfg:27\D.*unknown stats parameter 'url'`},
	{"statistics parameter, hint", false, `(?s)misspelt\.cfg:27\D.*did you mean 'uri'`},
}

func TestMisspeltOnHAProxy(t *testing.T) { judge(t, testbed.HAProxy(t), false) }

func TestMisspeltOnHawser(t *testing.T) { judge(t, testbed.Hawser(t), true) }

func judge(t *testing.T, bin testbed.Binary, all bool) {
	status, out := testbed.Check(bin, ".", "misspelt.cfg")
	if status != 1 {
		t.Errorf("exit status %d", status)
	}
	for _, m := range misspelt {
		if (m.both || all) && !regexp.MustCompile(m.says).MatchString(out) {
			t.Errorf("%s: nothing like %s", m.name, m.says)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}
