package stats

import (
	"encoding/json"
	"strconv"

	"hawser/engine"
)

// The letters of the tags, spelt out.
var (
	tagOrigin = map[byte]string{'M': "Metric", 'S': "Status", 'K': "Key", 'C': "Config", 'P': "Product"}
	tagNature = map[byte]string{'A': "Age", 'a': "Avg", 'C': "Counter", 'D': "Duration", 'G': "Gauge", 'L': "Limit", 'M': "Max",
		'm': "Min", 'N': "Name", 'O': "Output", 'R': "Rate", 'T': "Time", 'E': "Entity"}
	tagScope = map[byte]string{'C': "Cluster", 'P': "Process", 'S': "Service", 's': "System"}
	objType  = map[Kind]string{Frontend: "Frontend", Backend: "Backend", Server: "Server", Listener: "Listener"}
)

// AppendJSON appends "show stat json".
func AppendJSON(dst []byte, rt *engine.Runtime, sc Scope) []byte {
	dst = append(dst, '[')
	first := true
	Each(rt, sc, func(o *Object) {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, '[')
		px, id := o.ids()
		head := `{"objType":"` + objType[o.Kind] + `","proxyId":` + strconv.Itoa(px) + `,"id":` + strconv.Itoa(id) + `,`
		n := 0
		for i := range Fields {
			f := &Fields[i]
			if v := o.Get(f); v.Set {
				if n++; n > 1 {
					dst = append(dst, ',')
				}
				dst = append(dst, head...)
				dst = appendJSONField(dst, i, f, f.TagsOf(o.Kind), v)
			}
		}
		dst = append(dst, ']')
	})
	return append(dst, "]\n"...)
}

func appendJSONField(dst []byte, pos int, f *Field, tags string, v Value) []byte {
	dst = append(dst, `"field":{"pos":`...)
	dst = strconv.AppendInt(dst, int64(pos), 10)
	dst = append(dst, `,"name":"`+f.Name+`"},"processNum":1,"tags":{"origin":"`...)
	for len(tags) < 4 {
		tags += " "
	}
	dst = append(dst, tagOrigin[tags[0]]+`","nature":"`+tagNature[tags[1]]+`","scope":"`+tagScope[tags[2]]+`"},"value":{"type":"`+f.Type+`","value":`...)
	if v.Text {
		quoted, _ := json.Marshal(v.S)
		dst = append(dst, quoted...)
	} else {
		dst = strconv.AppendInt(dst, v.N, 10)
	}
	return append(dst, "}}"...)
}
