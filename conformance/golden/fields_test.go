package golden

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"hawser/conformance/testbed"
	"hawser/stats"
)

const fieldsConfig = `global
    stats socket /run/x.sock level admin
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
    option socket-stats
frontend fe
    bind :80
    stick-table type ip size 100
    default_backend be
    http-request use-service prometheus-exporter
backend be
    server s1 127.0.0.1:1 check agent-check agent-port 1
resolvers r1
    nameserver n1 127.0.0.1:53
`

// TestFieldTables: the tables of package stats against a HAProxy of the same
// version, where there is one.
func TestFieldTables(t *testing.T) {
	bin, ok := testbed.HAProxy35()
	if !ok {
		t.Skip("no haproxy35 here")
	}
	dir := testbed.TempDir(t)
	plan, err := testbed.Rewrite(fieldsConfig, testbed.Move{Checks: true, Dir: dir, Sink: "127.0.0.1:9",
		Origin: func(_, _, _, _ string) string { return "127.0.0.1:1" }})
	if err != nil {
		t.Fatal(err)
	}
	p, err := testbed.Run(bin, dir, dir, plan)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	csv, err := testbed.Ask(plan.Socket, "show stat")
	if err != nil {
		t.Fatal(err)
	}
	compareColumns(t, csv)
	typed, err := testbed.Ask(plan.Socket, "show info typed")
	if err != nil {
		t.Fatal(err)
	}
	compareInfo(t, typed)
	res, err := http.Get("http://" + plan.Fronts[0].Addr + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	compareMetrics(t, string(text))
}

func compareColumns(t *testing.T, csv string) {
	line, _, _ := strings.Cut(strings.TrimPrefix(csv, "# "), "\n")
	for i, name := range strings.Split(line, ",") {
		if name == "-" {
			break
		}
		if i >= len(stats.Fields) || stats.Fields[i].Name != name {
			t.Fatalf("column %d is %s there", i, name)
		}
	}
}

func compareInfo(t *testing.T, typed string) {
	for _, m := range regexp.MustCompile(`(?m)^(\d+)\.(.+?)\.1:(....):(\w+):`).FindAllStringSubmatch(typed, -1) {
		var i int
		fmt.Sscan(m[1], &i)
		if i >= len(stats.InfoFields) {
			t.Fatalf("info field %d %s is missing", i, m[2])
		}
		if f := stats.InfoFields[i]; f.Name != m[2] || f.Tags != m[3] || f.Type != m[4] {
			t.Errorf("info field %d: %v, there %v", i, f, m[2:])
		}
	}
}

func compareMetrics(t *testing.T, text string) {
	types := regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`).FindAllStringSubmatch(text, -1)
	known := map[string]string{}
	for i := range stats.Metrics {
		known[stats.Metrics[i].Name] = stats.Metrics[i].Type()
	}
	if len(types) < 200 {
		t.Fatalf("only %d metrics there", len(types))
	}
	for _, m := range types {
		if known[m[1]] != m[2] {
			t.Errorf("%s is %q here, %q there", m[1], known[m[1]], m[2])
		}
	}
}
