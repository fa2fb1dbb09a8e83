package stats

import (
	"strconv"
	"strings"

	"hawser/engine"
)

// Columns are all columns of the CSV, those of modules behind the fixed ones.
var Columns = append(append([]Field(nil), Fields...), ExtraFields...)

// AppendCSV appends the heading and the rows of "show stat".
func AppendCSV(dst []byte, rt *engine.Runtime, sc Scope) []byte {
	dst = append(dst, "# "...)
	for i := range Fields {
		dst = append(append(dst, Fields[i].Name...), ',')
	}
	dst = append(dst, "-,"...)
	for i := range ExtraFields {
		dst = append(append(dst, ExtraFields[i].Name...), ',')
	}
	dst = append(dst, '\n')
	Each(rt, sc, func(o *Object) {
		for i := range Fields {
			dst = appendCell(dst, o.Get(&Fields[i]).String())
			dst = append(dst, ',')
		}
		dst = append(dst, "-,"...)
		for i := range ExtraFields {
			if ExtraFields[i].Kinds&o.Kind != 0 {
				dst = append(dst, '0')
			}
			dst = append(dst, ',')
		}
		dst = append(dst, '\n')
	})
	return dst
}

// appendCell quotes a cell that would not be one otherwise (RFC 4180).
func appendCell(dst []byte, s string) []byte {
	if strings.ContainsAny(s, ",\"\n\r") {
		return append(append(append(dst, '"'), strings.ReplaceAll(s, `"`, `""`)...), '"')
	}
	return append(dst, s...)
}

var kindLetter = map[Kind]string{Frontend: "F", Backend: "B", Server: "S", Listener: "L"}

// AppendTyped appends "show stat typed": one line a value (management manual, 9.2).
func AppendTyped(dst []byte, rt *engine.Runtime, sc Scope, desc bool) []byte {
	Each(rt, sc, func(o *Object) {
		_, id := o.ids()
		head := kindLetter[o.Kind] + "." + strconv.Itoa(o.Px.ID) + "." + strconv.Itoa(id) + "."
		for i := range Fields {
			f := &Fields[i]
			v := o.Get(f)
			if !v.Set {
				continue
			}
			dst = append(dst, head...)
			dst = strconv.AppendInt(dst, int64(i), 10)
			dst = append(dst, "."+f.Name+".1:"+f.TagsOf(o.Kind)+":"+f.Type+":"+v.String()...)
			if desc {
				dst = append(dst, ":\""+f.Desc+"\""...)
			}
			dst = append(dst, '\n')
		}
		dst = append(dst, '\n')
	})
	return dst
}

func (o *Object) ids() (proxy, id int) {
	switch o.Kind {
	case Server:
		id = o.Srv.ID
	case Listener:
		id = o.Bind.ID
	}
	return o.Px.ID, id
}
