package stats

import (
	"slices"
	"strconv"
	"strings"

	"hawser/engine"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

func init() {
	engine.Services.Add("prometheus-exporter", &engine.Service{Name: "prometheus-exporter",
		Usage: "the metrics of the process, its proxies and servers in Prometheus' text format, with HAProxy's names", Serve: export})
}

// desc is a metric with its description in client_golang's form.
type desc struct {
	m *Metric
	d *prometheus.Desc
}

var descs = func() []desc {
	out := make([]desc, len(Metrics))
	for i := range Metrics {
		m := &Metrics[i]
		labels := map[Kind][]string{Frontend: {"proxy"}, Backend: {"proxy"}, Server: {"proxy", "server"}, Listener: {"proxy", "listener"}, Nameserver: {"resolver", "nameserver"}}[m.Kind]
		switch {
		case m.Codes:
			labels = append(labels, "code")
		case m.States != nil:
			labels = append(labels, "state")
		case m.Label != "":
			labels = append(labels, m.Label)
		}
		out[i] = desc{m, prometheus.NewDesc(m.Name, m.Help(), labels, nil)}
	}
	return out
}()

// collector gives the metrics of one scrape to client_golang.
type collector struct {
	rt    *engine.Runtime
	kinds Kind
	sc    Scope
}

// Describe sends nothing: what exists depends on the configuration.
func (*collector) Describe(chan<- *prometheus.Desc) {}

// Collect sends every metric of every object.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	for i := range descs {
		if d := &descs[i]; d.m.Kind == Process && c.kinds&Process != 0 {
			c.process(ch, d)
		}
	}
	c.resolvers(ch)
	Each(c.rt, c.sc, func(o *Object) {
		if c.kinds&o.Kind == 0 {
			return
		}
		labels := []string{o.Px.Name}
		if o.Kind == Server || o.Kind == Listener {
			labels = append(labels, svname(o).S)
		}
		for i := range descs {
			if descs[i].m.Kind == o.Kind {
				object(ch, &descs[i], o, labels)
			}
		}
	})
}

func (c *collector) process(ch chan<- prometheus.Metric, d *desc) {
	v := infoValue(c.rt, d.m.Field)
	if d.m.Label != "" {
		if v.Text && v.S != "" {
			ch <- prometheus.MustNewConstMetric(d.d, prometheus.GaugeValue, 1, v.S)
		}
		return
	}
	ch <- prometheus.MustNewConstMetric(d.d, d.m.valueType(), d.m.scale(v.N))
}

func (m *Metric) valueType() prometheus.ValueType {
	if m.Counter {
		return prometheus.CounterValue
	}
	return prometheus.GaugeValue
}

func (m *Metric) scale(n int64) float64 {
	if m.Milli {
		return float64(n) / 1000
	}
	return float64(n)
}

func object(ch chan<- prometheus.Metric, d *desc, o *Object, labels []string) {
	m := d.m
	with := func(v int64, extra ...string) {
		ch <- prometheus.MustNewConstMetric(d.d, m.valueType(), m.scale(v), append(labels[:len(labels):len(labels)], extra...)...)
	}
	switch {
	case m.Codes:
		for _, c := range Codes {
			if v := o.Get(Find(Fields, c.Field)); v.Set {
				with(v.N, c.Label)
			}
		}
	case m.States != nil:
		is := state(o, m)
		for _, s := range m.States {
			with(flag(s == is), s)
		}
	default:
		f := Find(Fields, m.Field)
		if f == nil {
			return
		}
		if v := o.Get(f); v.Set && !v.Text {
			with(v.N)
		}
	}
}

// state names the state that holds, without its progress.
func state(o *Object, m *Metric) string {
	s := o.Status()
	if m.Field == "check_status" {
		s = strings.TrimPrefix(o.Get(Find(Fields, "check_status")).S, "* ")
	}
	s, _, _ = strings.Cut(s, " ")
	switch {
	case o.Kind == Frontend || s == "no": // a frontend is UP, an unchecked server, too
		if s == "STOP" || s == "PAUSED" {
			return "DOWN"
		}
		return "UP"
	}
	return s
}

// export answers a scrape: ?scope=global|frontend|listener|backend|server|*, ?no-maint.
func export(s *engine.Stream) engine.Verdict {
	m := s.Req
	c := &collector{rt: s.Sess.RT, kinds: Process | Frontend | Listener | Backend | Server | Nameserver}
	if q, ok := m.Query(); ok && !c.query(string(m.Bytes(q))) {
		s.Local.Reply = engine.StandardError(400)
		return engine.Deny
	}
	if method := string(m.Bytes(m.Method)); method != "GET" && method != "HEAD" {
		s.Local.Reply = engine.StandardError(405)
		return engine.Deny
	}
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(c)
	families, err := reg.Gather()
	if err != nil {
		return engine.Failed
	}
	body := appendFamilies(nil, families)
	res := s.Res
	res.StartResponse(200, "OK")
	res.AddStr("cache-control", "no-cache")
	res.AddStr("content-type", "text/plain; version=0.0.4")
	chunked(s, len(body))
	s.Local.Set, s.Local.Body, s.HasRes = true, body, true
	s.Service = "PROMEX"
	return engine.Done
}

// place is the position of each metric in HAProxy's output.
var place = func() map[string]int {
	m := make(map[string]int, len(Metrics))
	for i := range Metrics {
		m[Metrics[i].Name] = i
	}
	return m
}()

// appendFamilies writes the text format in HAProxy's order of metrics and labels;
// client_golang's own encoder sorts both.
func appendFamilies(dst []byte, families []*dto.MetricFamily) []byte {
	slices.SortFunc(families, func(a, b *dto.MetricFamily) int { return place[a.GetName()] - place[b.GetName()] })
	for _, f := range families {
		name, kind := f.GetName(), "gauge"
		if f.GetType() == dto.MetricType_COUNTER {
			kind = "counter"
		}
		dst = append(dst, "# HELP "+name+" "+f.GetHelp()+"\n# TYPE "+name+" "+kind+"\n"...)
		for _, m := range f.GetMetric() {
			dst = appendMetric(dst, name, m)
		}
	}
	return dst
}

func appendMetric(dst []byte, name string, m *dto.Metric) []byte {
	dst = append(dst, name...)
	labels := m.GetLabel()
	slices.SortStableFunc(labels, func(a, b *dto.LabelPair) int { return labelRank(a) - labelRank(b) })
	for i, l := range labels {
		sep := byte(',')
		if i == 0 {
			sep = '{'
		}
		dst = append(append(dst, sep), l.GetName()+"=\""...)
		dst = append(dst, strings.NewReplacer("\\", `\\`, "\"", `\"`, "\n", `\n`).Replace(l.GetValue())...)
		dst = append(dst, '"')
	}
	if len(labels) > 0 {
		dst = append(dst, '}')
	}
	v := m.GetGauge().GetValue() + m.GetCounter().GetValue()
	return append(strconv.AppendFloat(append(dst, ' '), v, 'f', -1, 64), '\n')
}

// labelRank puts what names the object before what divides it.
func labelRank(l *dto.LabelPair) int {
	switch l.GetName() {
	case "proxy", "resolver":
		return 0
	case "server", "listener", "nameserver":
		return 1
	}
	return 2
}

// query reads the parameters; false means that one is wrong.
func (c *collector) query(q string) bool {
	scopes := map[string]Kind{"global": Process, "frontend": Frontend, "listener": Listener, "backend": Backend, "server": Server,
		"*": Process | Frontend | Listener | Backend | Server | Nameserver, "sticktable": 0, "resolver": Nameserver}
	var kinds Kind
	seen := false
	for _, kv := range strings.Split(q, "&") {
		k, v, _ := strings.Cut(kv, "=")
		switch k {
		case "scope":
			bits, ok := scopes[v]
			if !ok && v != "" {
				return false
			}
			kinds, seen = kinds|bits, true
		case "no-maint":
			c.sc.Ready = true
		}
	}
	if seen {
		c.kinds = kinds
	}
	return true
}
