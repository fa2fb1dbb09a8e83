package conv

import (
	"strconv"
	"time"

	"hawser/engine"
)

func init() {
	fmtArgs := types(engine.ArgStr, engine.ArgInt)
	for _, d := range []struct {
		prefix string
		per    int64
		unit   string
	}{{"", 1, "seconds"}, {"ms_", 1e3, "milliseconds"}, {"us_", 1e6, "microseconds"}} {
		for _, utc := range []bool{false, true} {
			name, zone := d.prefix+"ltime", "local time"
			if utc {
				name, zone = d.prefix+"utime", "UTC"
			}
			per := d.per
			conv(name, engine.TSint, engine.TStr, "(format[,offset]): a date in "+d.unit+" as text in "+zone+", by strftime's format.", 1, fmtArgs, func(e env, a args, v smp) (smp, stat) {
				sec := v.Int / per
				frac := v.Int % per * (1e9 / per)
				if given(a, 1) {
					sec += a[1].Int
				}
				t := time.Unix(sec, frac)
				if utc {
					t = t.UTC()
				}
				m := e.Mark()
				e.Tmp = appendTime(e.Tmp, a[0].Text, t, per)
				return str(e.Since(m))
			})
		}
	}
	made("http_date", engine.TSint, engine.TStr, "([offset[,unit]]): a date as HTTP writes it.", 0, types(engine.ArgInt, engine.ArgStr), func(_ *engine.Build, a args) (engine.ConvFunc, error) {
		switch u := text(a, 1, "s"); {
		case given(a, 1) && a[1].Text == "":
			return nil, errText("expects 's', 'ms' or 'us', got ''")
		case u == "s", u == "ms", u == "us":
			return httpDate, nil
		default:
			return nil, errText("expects 's', 'ms' or 'us', got '" + u + "'")
		}
	})
	conv("date", engine.TStr, engine.TSint, "The seconds since the epoch of a date as HTTP, RFC 3339 or strftime write it.", 0, nil, parseDate)
}

// appendHTTPDate writes a date with a fraction, which HAProxy does not fill up with zeros.
func appendHTTPDate(dst []byte, t time.Time, unit int) []byte {
	t = t.UTC()
	dst = t.AppendFormat(dst, "Mon, 02 Jan 2006 15:04:05.")
	return append(strconv.AppendInt(dst, int64(t.Nanosecond()/unit), 10), " GMT"...)
}

func httpDate(e env, a args, v smp) (smp, stat) {
	at := v.Int
	if given(a, 0) {
		at += a[0].Int
	}
	m := e.Mark()
	switch text(a, 1, "s") {
	case "ms":
		e.Tmp = appendHTTPDate(e.Tmp, time.UnixMilli(at), 1e6)
	case "us":
		e.Tmp = appendHTTPDate(e.Tmp, time.UnixMicro(at), 1e3)
	default:
		e.Tmp = time.Unix(at, 0).UTC().AppendFormat(e.Tmp, "Mon, 02 Jan 2006 15:04:05 GMT")
	}
	return str(e.Since(m))
}

var dateLayouts = []string{"Mon, 02 Jan 2006 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 GMT", "Mon Jan _2 15:04:05 2006", time.RFC3339}

func parseDate(_ env, _ args, v smp) (smp, stat) {
	if len(v.B) > 64 {
		return none()
	}
	text := string(v.B)
	for _, l := range dateLayouts {
		if t, err := time.Parse(l, text); err == nil {
			return sint(t.Unix())
		}
	}
	// A day that the month does not have counts on into the next one.
	if len(text) == len(dateLayouts[0]) && (text[5:7] == "29" || text[5:7] == "30" || text[5:7] == "31") {
		if t, err := time.Parse(dateLayouts[0], text[:5]+"28"+text[7:]); err == nil {
			return sint(t.Unix() + int64(text[6]-'0'+10*(text[5]-'0')-28)*86400)
		}
	}
	return none()
}

// appendTime is strftime; %N is the fraction of a second in nine digits, %3N in three.
func appendTime(dst []byte, format string, t time.Time, per int64) []byte {
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			dst = append(dst, format[i])
			continue
		}
		i++
		c := format[i]
		if per > 1 && c == 'N' {
			dst = pad(dst, t.Nanosecond(), 9, '0')
			continue
		}
		if per > 1 && c >= '1' && c <= '9' && i+1 < len(format) && format[i+1] == 'N' {
			i++
			width := int(c - '0')
			dst = pad(dst, t.Nanosecond()/pow10(9-width), width, '0')
			continue
		}
		if c == 'Z' && t.Location() == time.UTC {
			dst = append(dst, "GMT"...)
			continue
		}
		if layout, ok := layouts[c]; ok {
			dst = t.AppendFormat(dst, layout)
			continue
		}
		dst = appendField(dst, c, t)
	}
	return dst
}

var layouts = map[byte]string{
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'h': "Jan", 'B': "January", 'c': "Mon Jan _2 15:04:05 2006", 'D': "01/02/06",
	'd': "02", 'e': "_2", 'F': "2006-01-02", 'H': "15", 'I': "03", 'M': "04", 'm': "01", 'p': "PM", 'P': "pm", 'R': "15:04",
	'r': "03:04:05 PM", 'S': "05", 'T': "15:04:05", 'X': "15:04:05", 'x': "01/02/06", 'Y': "2006", 'y': "06", 'z': "-0700", 'Z': "MST",
}

func appendField(dst []byte, c byte, t time.Time) []byte {
	switch c {
	case 's':
		return strconv.AppendInt(dst, t.Unix(), 10)
	case 'j':
		return pad(dst, t.YearDay(), 3, '0')
	case 'k':
		return pad(dst, t.Hour(), 2, ' ')
	case 'l':
		return pad(dst, (t.Hour()+11)%12+1, 2, ' ')
	case 'u':
		return pad(dst, (int(t.Weekday())+6)%7+1, 1, '0')
	case 'w':
		return pad(dst, int(t.Weekday()), 1, '0')
	case 'C':
		return pad(dst, t.Year()/100, 2, '0')
	case 'G':
		y, _ := t.ISOWeek()
		return pad(dst, y, 4, '0')
	case 'g':
		y, _ := t.ISOWeek()
		return pad(dst, y%100, 2, '0')
	case 'V':
		_, w := t.ISOWeek()
		return pad(dst, w, 2, '0')
	case 'U':
		return pad(dst, (t.YearDay()+6-int(t.Weekday()))/7, 2, '0')
	case 'W':
		return pad(dst, (t.YearDay()+6-(int(t.Weekday())+6)%7)/7, 2, '0')
	case 'n':
		return append(dst, '\n')
	case 't':
		return append(dst, '\t')
	case '%':
		return append(dst, '%')
	}
	return append(dst, '%', c)
}

func pad(dst []byte, v, width int, with byte) []byte {
	for n := 10; width > 1; width, n = width-1, n*10 {
		if v < pow10(width-1) {
			dst = append(dst, with)
		}
	}
	return strconv.AppendInt(dst, int64(v), 10)
}

func pow10(n int) int {
	v := 1
	for range n {
		v *= 10
	}
	return v
}
