package stats

import (
	"fmt"
	"strconv"
	"strings"
)

// tip puts an explanation behind a text: it shows when the pointer is there.
func tip(s, why string) string {
	if why == "" {
		return s
	}
	return "<u>" + s + "<div class=tips>" + why + "</div></u>"
}

// grouped writes a number with its thousands set apart.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	if len(digits) < 4 {
		return digits
	}
	var b strings.Builder
	for i := range len(digits) {
		if rest := len(digits) - 1 - i; rest > 0 && rest%3 == 0 && digits[i] != '-' {
			b.WriteString(`<span class="rls">` + digits[i:i+1] + `</span>`)
		} else {
			b.WriteByte(digits[i])
		}
	}
	return b.String()
}

// details is a small table that explains a number by others.
type details struct {
	o    *Object
	unit string
	b    strings.Builder
}

func (d *details) value(field string) int64 { return d.o.Get(Find(Fields, field)).N }

// on puts the details behind the value of a field.
func (d *details) on(field string) string {
	return tip(grouped(d.value(field)), "<table class=det>"+d.b.String()+"</table>")
}

// line adds a field.
func (d *details) line(label, field string) *details {
	fmt.Fprintf(&d.b, "<tr><th>%s</th><td>%s%s</td></tr>", label, grouped(d.value(field)), d.unit)
	return d
}

// share adds a field with its percentage of a whole.
func (d *details) share(label string, n, whole int64) *details {
	pct := int64(0)
	if whole > 0 {
		pct = 100 * n / whole
	}
	fmt.Fprintf(&d.b, "<tr><th>%s</th><td>%s</td><td>(%d%%)</td></tr>", label, grouped(n), pct)
	return d
}

// bound adds a limit, "-" for none.
func (d *details) bound(label string, n int64) *details {
	text := "-"
	if n > 0 {
		text = strconv.FormatInt(n, 10)
	}
	fmt.Fprintf(&d.b, "<tr><th>%s</th><td>%s</td></tr>", label, text)
	return d
}

// connections explain a server's current sessions.
func connections(o *Object) *details {
	d := &details{o: o}
	d.line("Current active connections:", "scur").line("Current used connections:", "used_conn_cur")
	d.line("Current idle connections:", "srv_icur").line("- unsafe:", "idle_conn_cur").line("- safe:", "safe_conn_cur")
	d.line("Estimated need of connections:", "need_conn_est").line("Private idle connections:", "priv_idle_cur")
	return d.bound("Active connections limit:", slim(o).N).bound("Idle connections limit:", d.value("src_ilim"))
}

// totals explain the number of sessions.
func totals(o *Object) *details {
	d := &details{o: o}
	front, http := o.Kind == Frontend, o.Px.IsHTTP()
	if front {
		d.line("Cum. connections:", "conn_tot")
	}
	d.line("Cum. sessions:", "stot")
	if front && http {
		d.line("- HTTP/1 sessions:", "h1sess").line("- HTTP/2 sessions:", "h2sess").line("- HTTP/3 sessions:", "h3sess").line("- other sessions:", "sess_other")
	}
	if http {
		d.requests(front)
	}
	if front {
		return d
	}
	d.b.WriteString("<tr><th colspan=3>Max / Avg over last 1024 success. conn.</th></tr>")
	d.times("- Queue time:", "qtime").times("- Connect time:", "ctime")
	if http {
		d.times("- Responses time:", "rtime")
	}
	return d.times("- Total time:", "ttime")
}

// requests explain the sessions of a proxy or server in HTTP mode.
func (d *details) requests(front bool) {
	server := d.o.Kind == Server
	if !front {
		d.line("New connections:", "connect").share("Reused connections:", d.value("reuse"), d.value("connect")+d.value("reuse"))
	}
	d.line("Cum. HTTP requests:", "req_tot")
	if front {
		d.line("- HTTP/1 requests:", "h1req").line("- HTTP/2 requests:", "h2req").line("- HTTP/3 requests:", "h3req").line("- other requests:", "req_other")
	}
	for _, c := range Codes {
		label := "- HTTP " + c.Label + " responses:"
		if c.Label == "other" {
			label = "- other responses:"
		}
		if server {
			d.share(label, d.value(c.Field), d.value("req_tot"))
		} else {
			d.line(label, c.Field)
		}
		if c.Label == "2xx" && !server {
			d.share("&nbsp;&nbsp;Compressed 2xx:", d.value("comp_rsp"), d.value("hrsp_2xx"))
		}
	}
	if front {
		d.line("Intercepted requests:", "intercepted")
	}
	if server {
		d.line("Failed hdr rewrites:", "wrew").line("Internal error:", "eint")
		return
	}
	d.line("Cache lookups:", "cache_lookups").share("Cache hits:", d.value("cache_hits"), d.value("cache_lookups"))
	d.line("Cache hint hits:", "cache_hint_hits").line("Failed hdr rewrites:", "wrew").line("Internal errors:", "eint")
}

func (d *details) times(label, field string) *details {
	fmt.Fprintf(&d.b, "<tr><th>%s</th><td>%s / %s</td><td>ms</td></tr>", label, grouped(d.value(field+"_max")), grouped(d.value(field)))
	return d
}

// savings explain the bytes that were sent.
func savings(o *Object) *details {
	d := &details{o: o}
	in, out := d.value("comp_in"), d.value("comp_out")
	saved := max(in-out, 0)
	return d.line("Response bytes in:", "bout").line("Compression in:", "comp_in").share("Compression out:", out, in).
		line("Compression bypass:", "comp_byp").share("Total bytes saved:", saved, d.value("bout")+saved)
}
