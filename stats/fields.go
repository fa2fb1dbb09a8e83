// Package stats holds the tables of statistics fields: the columns of `show
// stat`, the lines of `show info`, and the metrics of the Prometheus exporter,
// with HAProxy 3.5's names, order, types and tags, so that what reads HAProxy
// reads this.
//
// The tables are data; they hold no values and ask no object for any. Who
// shows a field finds its value by the field's name. Names, order and tags
// come from the output of `show stat typed`, `show info typed` and /metrics
// and from section 9 of the management manual; the descriptions are our own.
package stats

import (
	"strings"

	"hawser/engine"
)

// Kind is a set of the kinds of objects that have a field.
type Kind uint8

const (
	Frontend Kind = 1 << iota
	Listener
	Backend
	Server
	Process
	StickTable
	Nameserver

	all = Frontend | Listener | Backend | Server
)

// Field is a column of `show stat` or a line of `show info`.
type Field struct {
	Name  string
	Kinds Kind
	// Tags are the four letters of the typed output (management manual, 9.2):
	// origin (Metric, Status, Key, Config, Product), nature (Age, average,
	// Counter, Duration, Gauge, Limit, Max, min, Name, Output, Rate, Time),
	// scope (Cluster, Process, Service, system), and Volatile or Persistent.
	Tags        string
	BackendTags string // where a backend's differ; "" as Tags
	Type        string // of the typed output: str, u32, s32, u64
	Module      string // of ExtraFields: who counts it
	Desc        string
}

// TagsOf are the letters for one kind of object.
func (f *Field) TagsOf(k Kind) string {
	if k == Backend && f.BackendTags != "" {
		return f.BackendTags
	}
	return f.Tags
}

// Metric is one name of the Prometheus exporter.
type Metric struct {
	Name    string
	Kind    Kind
	Counter bool     // else a gauge
	Field   string   // in Fields or InfoFields; of stick tables and name servers the value's own name
	Milli   bool     // the field is in milliseconds, the metric in seconds
	States  []string // one time series per state, label "state": 1 for the one that holds
	Codes   bool     // one per class of status, label "code": hrsp_1xx … hrsp_other
	Label   string   // of the process: the label that carries a text, the value is 1
}

// Codes are the values of the label "code" with their fields.
var Codes = [...]struct{ Label, Field string }{
	{"1xx", "hrsp_1xx"}, {"2xx", "hrsp_2xx"}, {"3xx", "hrsp_3xx"}, {"4xx", "hrsp_4xx"}, {"5xx", "hrsp_5xx"}, {"other", "hrsp_other"},
}

// Type is the word of the TYPE line.
func (m *Metric) Type() string {
	if m.Counter {
		return "counter"
	}
	return "gauge"
}

// Help is the text of the HELP line: the field's description.
func (m *Metric) Help() string {
	if m.Codes {
		return "Responses by class of status"
	}
	if m.Kind == Nameserver {
		for _, f := range engine.NameserverFields {
			if f.Stat == m.Field {
				return f.Desc
			}
		}
	}
	list := Fields
	if m.Kind == Process {
		list = InfoFields
	}
	if f := Find(list, m.Field); f != nil {
		return strings.ToUpper(f.Desc[:1]) + f.Desc[1:]
	}
	return m.Field
}

// Find returns the field with a name, nil if there is none. For tables at
// start, not for the request path.
func Find(list []Field, name string) *Field {
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	return nil
}
