package stats

import (
	"fmt"
	"strconv"
	"strings"

	"hawser/engine"
)

// heads are the two lines over the columns of a table.
const heads = `<th rowspan=2></th><th colspan=3>Queue</th><th colspan=3>Session rate</th><th colspan=6>Sessions</th><th colspan=2>Bytes</th><th colspan=2>Denied</th>` +
	`<th colspan=3>Errors</th><th colspan=2>Warnings</th><th colspan=9>Server</th></tr>
<tr class="titre"><th>Cur</th><th>Max</th><th>Limit</th><th>Cur</th><th>Max</th><th>Limit</th><th>Cur</th><th>Max</th><th>Limit</th><th>Total</th><th>LbTot</th><th>Last</th>` +
	`<th>In</th><th>Out</th><th>Req</th><th>Resp</th><th>Req</th><th>Conn</th><th>Resp</th><th>Retr</th><th>Redis</th><th>Status</th><th>LastChk</th><th>Wght</th><th>Act</th>` +
	`<th>Bck</th><th>Chk</th><th>Dwn</th><th>Dwntme</th><th>Thrtle</th></tr>
`

// table writes a proxy: its name, its lines, and with admin rights what can be
// done to its servers.
func (w *writer) table(rows []*Object) {
	px := rows[0].Px
	w.form = w.r.admin && px.Side&engine.Back != 0 && len(px.All()) > 0
	if w.form {
		w.printf("<form method=\"post\">")
	}
	w.title(px)
	w.printf("<table class=\"tbl\" width=\"100%%\">\n<tr class=\"titre\">")
	switch {
	case w.form:
		w.printf("<th rowspan=2 width=1><input type=\"checkbox\" onclick=\"for(const c of document.getElementsByClassName('%s-checkbox')) c.checked = this.checked\"></th>", esc(px.Name))
	case w.r.admin:
		w.printf("<th rowspan=2></th>")
	}
	w.b = append(w.b, heads...)
	for _, o := range rows {
		w.row(o)
	}
	w.printf("</table>")
	if w.form {
		w.printf("Choose the action to perform on the checked servers : <select name=action><option value=\"\"></option>")
		for _, a := range actions {
			w.printf("<option value=\"%s\">%s</option>", a.name, a.label)
		}
		w.printf("</select><input type=\"hidden\" name=\"b\" value=\"#%d\">&nbsp;<input type=\"submit\" value=\"Apply\"></form>", px.ID)
	}
	w.printf("<p>\n")
}

// title is the name of a proxy with its description.
func (w *writer) title(px *engine.Proxy) {
	tip := ""
	if w.r.p.legends {
		capability := px.Kind
		if px.Kind == "listen" {
			capability = "proxy"
		}
		tip = fmt.Sprintf("<div class=tips>cap: %s, mode: %s, id: %d</div>", capability, px.Mode, px.ID)
	}
	name := esc(px.Name)
	w.printf("<table class=\"tbl\" width=\"100%%\">\n<tr class=\"titre\"><th class=\"pxname\" width=\"10%%\"><a name=\"%s\"></a><u><a class=px href=\"#%s\">%s</a>%s</u></th>", name, name, name, tip)
	if px.Description != "" {
		w.printf("<th class=\"desc\" width=\"90%%\">%s</th></tr>\n</table>\n", esc(px.Description))
	} else {
		w.printf("<th class=\"empty\" width=\"90%%\"></th></tr>\n</table>\n")
	}
}

// rowClass is the colour of a row.
func rowClass(o *Object) string {
	switch o.Kind {
	case Frontend:
		return "frontend"
	case Backend:
		return "backend"
	case Listener:
		return "socket"
	}
	kind := "active"
	if o.Srv.Backup {
		kind = "backup"
	}
	state, progress, _ := strings.Cut(o.Status(), " ")
	moving := o.Srv.Check && strings.Contains(progress, "/")
	switch {
	case state == "MAINT":
		return "maintain"
	case state == "no":
		return kind + "_no_check"
	case state == "DOWN" && moving:
		return kind + "_going_up"
	case state == "DOWN":
		return kind + "_down"
	case moving:
		return kind + "_going_down"
	case state == "NOLB":
		return kind + "_nolb"
	case state == "DRAIN":
		return kind + "_draining"
	}
	return kind + "_up"
}

func (w *writer) row(o *Object) {
	class := rowClass(o)
	w.printf("<tr class=\"%s\">", class)
	switch {
	case w.form && o.Kind == Server:
		w.printf("<td><input class='%s-checkbox' type=\"checkbox\" name=\"s\" value=\"%s\"></td>", esc(o.Px.Name), esc(o.Srv.Name))
	case w.r.admin:
		w.printf("<td></td>")
	}
	w.name(o)
	if o.Kind == Frontend || o.Kind == Listener {
		w.printf("<td colspan=3></td>")
	} else {
		w.counts(o, "qcur", "qmax")
		if o.Kind == Server {
			w.limit(o.Get(Find(Fields, "qlimit")))
		} else {
			w.printf("<td></td>")
		}
	}
	w.rates(o)
	w.sessions(o)
	w.traffic(o)
	w.errors(o)
	w.server(o, class)
	w.printf("</tr>\n")
}

// name is the first cell, with what is known of the object's place.
func (w *writer) name(o *Object) {
	label := map[Kind]string{Frontend: "Frontend", Backend: "Backend"}[o.Kind]
	mark := ""
	if label == "" {
		label = svname(o).S
	}
	if o.Kind == Listener {
		mark = "+"
	}
	anchor := esc(o.Px.Name + "/" + mark + label)
	href := "#" + anchor
	if o.Kind == Server && o.Srv.Redir != "" {
		href = esc(o.Srv.Redir)
	}
	w.printf("<td class=ac><a name=\"%s\"></a>%s</td>", anchor, tip(fmt.Sprintf("<a class=lfsb href=\"%s\">%s</a>", href, esc(label)), w.legend(o)))
}

// legend is the explanation of a row's name (stats show-legends).
func (w *writer) legend(o *Object) string {
	if !w.r.p.legends {
		return ""
	}
	var parts []string
	switch o.Kind {
	case Server, Listener:
		addr := esc(o.Address())
		switch {
		case addr == "unix" || strings.HasPrefix(addr, "/"):
			parts = append(parts, "unix")
		case strings.HasPrefix(addr, "["):
			parts = append(parts, "IPv6: "+addr)
		case addr != "":
			parts = append(parts, "IPv4: "+addr)
		}
		if o.Kind == Listener {
			parts = append(parts, "proto="+listenerProto(o), fmt.Sprintf("id: %d", o.Bind.ID))
			break
		}
		parts = append(parts, fmt.Sprintf("id: %d, rid: %d", o.Srv.ID, o.Get(Find(Fields, "srid")).N))
		if o.Srv.CookieValue() != "" {
			parts = append(parts, "cookie: '"+esc(o.Srv.CookieValue())+"'")
		}
	case Backend:
		parts = append(parts, "balancing: "+esc(algo(o).S))
		if c := cookie(o); c.Set {
			parts = append(parts, "cookie: '"+esc(c.S)+"'")
		}
	}
	return strings.Join(parts, ", ")
}

func listenerProto(o *Object) string {
	switch a := &o.Bind.Addr; {
	case a.Path != "":
		return "unix_stream"
	case a.IP.Is6():
		return "tcpv6"
	}
	return "tcpv4"
}

// counts writes cells with numbers.
func (w *writer) counts(o *Object, names ...string) {
	for _, n := range names {
		if v := o.Get(Find(Fields, n)); v.Set {
			w.printf("<td>%s</td>", grouped(v.N))
		} else {
			w.printf("<td></td>")
		}
	}
}

// limit writes a number that was configured; "-" stands for none.
func (w *writer) limit(v Value) {
	if v.Set && v.N > 0 {
		w.printf("<td>%d</td>", v.N)
	} else {
		w.printf("<td>-</td>")
	}
}

func (w *writer) rates(o *Object) {
	switch o.Kind {
	case Listener:
		w.printf("<td colspan=3>&nbsp;</td>")
	case Frontend:
		now := &details{o: o, unit: "/s"}
		now.line("Current connection rate:", "conn_rate").line("Current session rate:", "rate")
		most := &details{o: o, unit: "/s"}
		most.line("Max connection rate:", "conn_rate_max").line("Max session rate:", "rate_max")
		if o.Px.IsHTTP() {
			now.line("Current request rate:", "req_rate")
			most.line("Max request rate:", "req_rate_max")
		}
		w.printf("<td>%s</td><td>%s</td>", now.on("rate"), most.on("rate_max"))
		w.limit(num(int64(o.Px.RateLimit)))
	default:
		w.counts(o, "rate", "rate_max")
		w.printf("<td></td>")
	}
}

func (w *writer) sessions(o *Object) {
	switch o.Kind {
	case Listener:
		w.counts(o, "scur", "smax", "slim", "stot")
		w.printf("<td>&nbsp;</td><td>&nbsp;</td>")
		return
	case Server:
		w.printf("<td>%s</td>", connections(o).on("scur"))
		w.counts(o, "smax")
		w.limit(slim(o))
	default:
		w.counts(o, "scur", "smax", "slim")
	}
	w.printf("<td>%s</td>", totals(o).on("stot"))
	w.counts(o, "lbtot")
	switch v := o.Get(Find(Fields, "lastsess")); {
	case o.Kind == Frontend:
		w.printf("<td></td>")
	case v.Set && v.N >= 0:
		w.printf("<td>%s</td>", age(v.N))
	default:
		w.printf("<td>?</td>")
	}
}

func (w *writer) traffic(o *Object) {
	w.counts(o, "bin")
	if o.Kind == Frontend || o.Kind == Backend {
		w.printf("<td>%s</td>", savings(o).on("bout"))
	} else {
		w.counts(o, "bout")
	}
}

func (w *writer) errors(o *Object) {
	w.counts(o, "dreq", "dresp", "ereq", "econ")
	if o.Kind == Server || o.Kind == Backend {
		aborts := fmt.Sprintf("Connection resets during transfers: %d client, %d server", o.C.CliAborts.Load(), o.C.SrvAborts.Load())
		w.printf("<td>%s</td>", tip(grouped(o.C.ResErrors.Load()), aborts))
	} else {
		w.printf("<td></td>")
	}
	w.counts(o, "wretr", "wredis")
}

// server is the last group of columns.
func (w *writer) server(o *Object, class string) {
	if o.Kind == Frontend || o.Kind == Listener {
		w.printf("<td class=ac>%s</td><td class=ac colspan=8></td>", o.Status())
		return
	}
	w.printf("<td class=ac>%s</td>", statusText(o, class))
	w.lastCheck(o)
	w.printf("<td class=ac>%d/%d</td>", weight(o).N, uweight(o).N)
	yes := map[bool]string{true: "Y", false: "-"}
	if o.Kind == Backend {
		down := ageOf(downtime(o))
		if down == "" {
			down = "&nbsp;"
		}
		w.printf("<td class=ac>%d</td><td class=ac>%d</td><td class=ac>&nbsp;</td><td>%d</td><td>%s</td><td></td>", active(o).N, backups(o).N, downs(o).N, down)
		return
	}
	w.printf("<td class=ac>%s</td><td class=ac>%s</td>", yes[!o.Srv.Backup], yes[o.Srv.Backup])
	switch {
	case o.Srv.TrackSrv != nil:
		via := esc(o.Srv.TrackSrv.Px.Name + "/" + o.Srv.TrackSrv.Name)
		w.printf("<td class=ac colspan=3><a class=lfsb href=\"#%s\">via %s</a></td>", via, via)
	case o.Srv.Check:
		w.printf("<td>%s</td><td>%d</td><td>%s</td>", tip(grouped(o.Srv.State.CheckFails.Load()), "Failed Health Checks"), o.Srv.State.Downs.Load(), ageOf(downtime(o)))
	default:
		w.printf("<td colspan=3></td>")
	}
	if v := throttle(o); v.Set {
		w.printf("<td class=ac>%d %%</td>", v.N)
	} else {
		w.printf("<td class=ac>-</td>")
	}
}

// statusText tells for how long the object has been what it is, and where it goes.
func statusText(o *Object, class string) string {
	if o.Kind == Server && !o.Srv.Check && o.Srv.TrackSrv == nil && o.Srv.State.Up() && o.Status() == "no check" {
		return "<i>no check</i>"
	}
	s := age(lastChange(o).N) + " " + esc(o.Status())
	switch {
	case strings.HasSuffix(class, "_going_up"):
		s += " &uarr;"
	case strings.HasSuffix(class, "_going_down"):
		s += " &darr;"
	}
	return s
}

// lastCheck is the cell of the last health check.
func (w *writer) lastCheck(o *Object) {
	if o.Kind == Backend {
		w.printf("<td class=ac>&nbsp;</td>")
		return
	}
	st := o.Srv.State
	st.Mu.Lock()
	r := st.CheckStatus
	st.Mu.Unlock()
	if !o.Srv.Check || r.Status == "" {
		w.printf("<td></td>")
		return
	}
	s := star(&r)
	if r.Code >= 0 {
		s += "/" + strconv.Itoa(r.Code)
	}
	if r.Duration >= 0 {
		s += fmt.Sprintf(" in %dms", r.Duration)
	}
	why := esc(r.Desc)
	if r.Last != "" {
		why += ": " + esc(r.Last)
	}
	w.printf("<td class=ac>%s</td>", tip(" "+esc(s), why))
}

func ageOf(v Value) string {
	if !v.Set {
		return ""
	}
	return age(v.N)
}

// age writes seconds as HAProxy does: the two largest units.
func age(s int64) string {
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%ds", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%dh%dm", s/3600, s/60%60)
	}
	return fmt.Sprintf("%dd%dh", s/86400, s/3600%24)
}
