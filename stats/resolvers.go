package stats

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"hawser/engine"
)

// nsHead are the columns of "show stat domain resolvers" before the figures.
var nsHead = []struct{ name, desc string }{{"id", "ID"}, {"pid", "Parent ID"}}

func nameservers(rt *engine.Runtime) []engine.Nameserver {
	if engine.Nameservers == nil {
		return nil
	}
	return engine.Nameservers(rt)
}

// appendResolvers is "show stat domain resolvers" in one of its forms.
func appendResolvers(dst []byte, rt *engine.Runtime, form string, desc bool) []byte {
	list := nameservers(rt)
	switch form {
	case "typed":
		for _, ns := range list {
			dst = appendNameserver(dst, ns, desc)
		}
		return dst
	case "json":
		return appendResolversJSON(dst, list)
	}
	dst = append(dst, "# id,pid,"...)
	for _, f := range engine.NameserverFields {
		dst = append(append(dst, f.Stat...), ',')
	}
	dst = append(dst, '\n')
	for _, ns := range list {
		dst = append(append(dst, ns.Name...), ',')
		dst = append(append(dst, ns.Section...), ',')
		for _, f := range engine.NameserverFields {
			dst = append(strconv.AppendInt(dst, f.Of(ns.C).Load(), 10), ',')
		}
		dst = append(dst, '\n')
	}
	return dst
}

// appendNameserver is one name server in the typed form.
func appendNameserver(dst []byte, ns engine.Nameserver, desc bool) []byte {
	line := func(i int, text, about string) {
		dst = append(append(append(dst, "N."...), strconv.Itoa(i)...), text...)
		if desc {
			dst = append(dst, ":\""+about+"\""...)
		}
		dst = append(dst, '\n')
	}
	for i, v := range []string{ns.Name, ns.Section} {
		line(i, "."+nsHead[i].name+":CGPV:str:"+v, nsHead[i].desc)
	}
	for i, f := range engine.NameserverFields {
		line(i+len(nsHead), "."+f.Stat+":MGPV:u64:"+strconv.FormatInt(f.Of(ns.C).Load(), 10), f.Desc)
	}
	return append(dst, '\n')
}

func appendResolversJSON(dst []byte, list []engine.Nameserver) []byte {
	dst = append(dst, '[')
	for i, ns := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '[')
		for j, v := range []string{ns.Name, ns.Section} {
			dst = append(dst, `{"field":{"pos":`+strconv.Itoa(j)+`,"name":"`+nsHead[j].name+
				`"},"tags":{"origin":"Config","nature":"Gauge","scope":"Process"},"value":{"type":"str","value":`+strconv.Quote(v)+`}},`...)
		}
		for j, f := range engine.NameserverFields {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, `{"field":{"pos":`+strconv.Itoa(j+len(nsHead))+`,"name":"`+f.Stat+
				`"},"tags":{"origin":"Metric","nature":"Gauge","scope":"Process"},"value":{"type":"u64","value":`...)
			dst = append(strconv.AppendInt(dst, f.Of(ns.C).Load(), 10), "}}"...)
		}
		dst = append(dst, ']')
	}
	return append(dst, "]\n"...)
}

// resolvers gives the metrics of name servers.
func (c *collector) resolvers(ch chan<- prometheus.Metric) {
	if c.kinds&Nameserver == 0 {
		return
	}
	for _, ns := range nameservers(c.rt) {
		for i := range descs {
			d := &descs[i]
			if d.m.Kind != Nameserver {
				continue
			}
			for _, f := range engine.NameserverFields {
				if f.Stat == d.m.Field {
					ch <- prometheus.MustNewConstMetric(d.d, d.m.valueType(), float64(f.Of(ns.C).Load()), ns.Section, ns.Name)
				}
			}
		}
	}
}
