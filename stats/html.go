package stats

import (
	"fmt"
	"html"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"hawser/engine"
)

// html renders the page: the process, then a table for each proxy.
func (r *request) html(rt *engine.Runtime) []byte {
	w := &writer{r: r, rt: rt}
	w.head()
	w.process()
	if m, ok := messages[r.status]; ok {
		w.printf("<p><div class=%q><a class=lfsb href=\"%s\" title=\"Remove this message\">[X]</a> %s</div>\n", m.class, esc(r.p.uri), esc(m.text))
	}
	w.proxies()
	w.printf("</body></html>\n")
	return w.b
}

type writer struct {
	r    *request
	rt   *engine.Runtime
	b    []byte
	form bool
}

func (w *writer) printf(format string, args ...any) { w.b = fmt.Appendf(w.b, format, args...) }

func esc(s string) string { return html.EscapeString(s) }

// Colours and shapes are those that users of HAProxy know by heart.
const style = `body { font: 12px arial, helvetica, sans-serif; color: black; background: white; }
th, td { font-size: 10px; }
h1 { font-size: x-large; margin-bottom: .5em; }
h2 { font: italic bold x-large helvetica, arial; color: #6020a0; margin: 0; }
h3 { font: bold 16px helvetica, arial; color: #b00040; background: #e8e8d0; margin: 0; }
li { margin: .25em 2em 0 0; }
.hr { margin-top: .25em; border-color: black; border-bottom-style: solid; }
.titre { background: #20D0D0; color: #000; font-weight: bold; text-align: center; }
.frontend, .backend { background: #e8e8d0; } .socket { background: #d0d0d0; }
.active_down, .backup_down { background: #ff9090; }
.active_going_up { background: #ffd020; } .active_going_down { background: #ffffa0; }
.active_up { background: #c0ffc0; } .active_nolb, .active_draining { background: #20a0ff; }
.active_no_check, .backup_no_check { background: #e0e0e0; }
.backup_going_up { background: #ff80ff; } .backup_going_down { background: #c060ff; }
.backup_up { background: #b0d0ff; } .backup_nolb { background: #90b0e0; } .backup_draining { background: #cc9900; }
.maintain { background: #c07820; }
.rls { letter-spacing: .2em; margin-right: 1px; }
a.px:link, a.px:visited { color: #ffff40; text-decoration: none; } a.px:hover { color: #fff; }
a.lfsb:link, a.lfsb:visited { color: #000; text-decoration: none; } a.lfsb:hover { color: #505050; }
table.tbl { border-collapse: collapse; border-style: none; }
table.tbl td { text-align: right; border: 1px solid gray; padding: 2px 3px; white-space: nowrap; }
table.tbl td.ac { text-align: center; }
table.tbl th { border: 1px solid gray; }
table.tbl th.pxname { background: #b00040; color: #ffff40; border-bottom-style: none; padding: 2px 3px; white-space: nowrap; }
table.tbl th.empty { border-style: none; background: white; }
table.tbl th.desc { background: white; border-bottom-style: none; text-align: left; padding: 2px 3px; }
table.lgd { border-collapse: collapse; }
table.lgd td { border: 1px solid gray; padding: 2px; } table.lgd td.noborder { border-style: none; white-space: nowrap; }
table.det { border-collapse: collapse; } table.det th { text-align: left; font-size: 11px; } table.det td { border: 0; padding: 0 0 0 4px; font-size: 11px; }
u { text-decoration: none; border-bottom: 1px dotted black; }
div.tips { visibility: hidden; z-index: 9; position: absolute; padding: 2px 4px 3px; background: #f0f060; color: #000; border: 1px solid #7040c0;
 white-space: nowrap; font-size: 11px; border-radius: 3px; box-shadow: gray 2px 2px 3px; text-align: left; }
u:hover div.tips { visibility: visible; }`

func (w *writer) head() {
	p := w.r.p
	on := ""
	if p.showNode {
		on = " on " + esc(w.node())
	}
	if p.showDesc && w.desc() != "" {
		on += ": " + esc(w.desc())
	}
	w.printf("<!DOCTYPE html>\n<html lang=\"en\"><head><title>Statistics Report for HAProxy%s</title>\n<link rel=\"icon\" href=\"data:,\">\n"+
		"<meta http-equiv=\"content-type\" content=\"text/html; charset=utf-8\">\n", on)
	if p.refresh > 0 && !w.r.noRef {
		w.printf("<meta http-equiv=\"refresh\" content=\"%d\">\n", int(p.refresh.Seconds()))
	}
	version := ""
	if !p.hideVersion {
		version = " version " + esc(Identity.Version) + ", released " + esc(Identity.Release)
	}
	w.printf("<style>\n%s\n</style></head>\n<body><h1><a href=\"http://www.haproxy.org/\" style=\"text-decoration: none;\">HAProxy%s</a></h1>\n"+
		"<h2>Statistics Report for pid %d%s</h2>\n<hr width=\"100%%\" class=\"hr\">\n", style, version, os.Getpid(), on)
}

func (w *writer) node() string {
	if w.r.p.node != "" {
		return w.r.p.node
	}
	return infoValue(w.rt, "node").S
}

func (w *writer) desc() string {
	if w.r.p.desc != "" {
		return w.r.p.desc
	}
	return w.rt.Global.Description
}

// process is the block at the top: the process, the legend, the links.
func (w *writer) process() {
	rt, proc := w.rt, w.rt.Proc
	limit := rt.Global.UlimitN
	w.printf("<h3>&gt; General process information</h3>\n<table border=0><tr><td align=\"left\" nowrap width=\"1%%\">\n"+
		"<p><b>pid = </b> %d (process #1, nbproc = 1, nbthread = %d)<br>\n<b>uptime = </b> %s; reloads = %d, refused = %d<br>\n"+
		"<b>system limits:</b> memmax = unlimited; ulimit-n = %d<br>\n<b>maxconn = </b> %d; <b>generation = </b> %d<br>\n"+
		"current conns = %d; conn rate = %d/sec; session rate = %d/sec<br>\nRunning tasks: %d<br>\n</td><td align=\"center\" nowrap>\n",
		os.Getpid(), runtime.GOMAXPROCS(0), Uptime(time.Since(proc.Started)), proc.Reloads.Load(), proc.FailedReloads.Load(),
		limit, infoValue(rt, "Maxconn").N, rt.Generation, proc.Conns.Load(), infoValue(rt, "ConnRate").N, infoValue(rt, "SessRate").N, runtime.NumGoroutine())
	w.b = append(w.b, `<table class="lgd"><tr><td class="active_up">&nbsp;</td><td class="noborder">active UP </td><td class="backup_up">&nbsp;</td><td class="noborder">backup UP </td></tr>
<tr><td class="active_going_down"></td><td class="noborder">active UP, going down </td><td class="backup_going_down"></td><td class="noborder">backup UP, going down </td></tr>
<tr><td class="active_going_up"></td><td class="noborder">active DOWN, going up </td><td class="backup_going_up"></td><td class="noborder">backup DOWN, going up </td></tr>
<tr><td class="active_down"></td><td class="noborder">active or backup DOWN &nbsp;</td><td class="active_no_check"></td><td class="noborder">not checked </td></tr>
<tr><td class="maintain"></td><td class="noborder" colspan="3">active or backup DOWN for maintenance (MAINT) &nbsp;</td></tr>
<tr><td class="active_draining"></td><td class="noborder" colspan="3">active or backup SOFT STOPPED for maintenance &nbsp;</td></tr></table>
Note: "NOLB"/"DRAIN" = UP with load-balancing disabled.</td>`...)
	w.links()
}

func (w *writer) links() {
	u := esc(w.r.p.uri)
	scope := ""
	if w.r.scope != "" {
		scope = "?scope=" + esc(w.r.scope)
	}
	w.printf("<td align=\"left\" valign=\"top\" nowrap width=\"1%%\"><b>Display option:</b><ul style=\"margin-top: 0.25em;\">"+
		"<li><form method=\"GET\">Scope : <input value=\"%s\" name=\"scope\" size=\"8\" maxlength=\"20\" tabindex=\"1\"></form>\n", esc(w.r.scope))
	link := func(opts, label string) { w.printf("<li><a href=\"%s%s%s\">%s</a><br>\n", u, opts, scope, label) }
	if w.r.has("up") {
		link("", "Show all servers")
	} else {
		link(";up", "Hide 'DOWN' servers")
	}
	if w.r.p.refresh > 0 {
		if w.r.noRef {
			link("", "Enable refresh")
		} else {
			link(";norefresh", "Disable refresh")
		}
	}
	link("", "Refresh now")
	link(";csv;norefresh", "CSV export")
	link(";json;norefresh", "JSON export")
	w.printf("</ul></td><td align=\"left\" valign=\"top\" nowrap width=\"1%%\"><b>External resources:</b><ul style=\"margin-top: 0.25em;\">\n" +
		"<li><a href=\"http://www.haproxy.org/\">Primary site</a><br>\n<li><a href=\"http://www.haproxy.org/#docs\">Online manual</a><br>\n</ul></td></tr></table>\n")
}

func (w *writer) proxies() {
	var rows []*Object
	flush := func() {
		if len(rows) > 0 {
			w.table(rows)
		}
		rows = rows[:0]
	}
	Each(w.rt, w.r.rows(), func(o *Object) {
		if len(rows) > 0 && rows[0].Px != o.Px {
			flush()
		}
		c := *o
		rows = append(rows, &c)
	})
	flush()
}

const groups = `<th rowspan=2></th><th colspan=3>Queue</th><th colspan=3>Session rate</th><th colspan=6>Sessions</th><th colspan=2>Bytes</th><th colspan=2>Denied</th>` +
	`<th colspan=3>Errors</th><th colspan=2>Warnings</th><th colspan=9>Server</th></tr>
<tr class="titre"><th>Cur</th><th>Max</th><th>Limit</th><th>Cur</th><th>Max</th><th>Limit</th><th>Cur</th><th>Max</th><th>Limit</th><th>Total</th><th>LbTot</th><th>Last</th>` +
	`<th>In</th><th>Out</th><th>Req</th><th>Resp</th><th>Req</th><th>Conn</th><th>Resp</th><th>Retr</th><th>Redis</th><th>Status</th><th>LastChk</th><th>Wght</th><th>Act</th>` +
	`<th>Bck</th><th>Chk</th><th>Dwn</th><th>Dwntme</th><th>Thrtle</th></tr>
`

func (w *writer) table(rows []*Object) {
	px := rows[0].Px
	w.form = w.r.admin && px.Side&engine.Back != 0 && len(px.Servers) > 0
	if w.form {
		w.printf("<form method=\"post\">")
	}
	tip := ""
	if w.r.p.legends {
		cap := map[string]string{"listen": "proxy"}[px.Kind]
		if cap == "" {
			cap = px.Kind
		}
		tip = fmt.Sprintf("<div class=tips>cap: %s, mode: %s, id: %d</div>", cap, px.Mode, px.ID)
	}
	name := esc(px.Name)
	w.printf("<table class=\"tbl\" width=\"100%%\">\n<tr class=\"titre\"><th class=\"pxname\" width=\"10%%\"><a name=\"%s\"></a><u><a class=px href=\"#%s\">%s</a>%s</u></th>", name, name, name, tip)
	if px.Description != "" {
		w.printf("<th class=\"desc\" width=\"90%%\">%s</th>", esc(px.Description))
	} else {
		w.printf("<th class=\"empty\" width=\"90%%\"></th>")
	}
	w.printf("</tr>\n</table>\n<table class=\"tbl\" width=\"100%%\">\n<tr class=\"titre\">")
	if w.form {
		w.printf("<th rowspan=2 width=1><input type=\"checkbox\" onclick=\"for(const c of document.getElementsByClassName('%s-checkbox')) c.checked = this.checked\"></th>", name)
	}
	w.b = append(w.b, groups...)
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
	st := o.Srv.State
	kind := "active"
	if o.Srv.Backup {
		kind = "backup"
	}
	adm := engine.AdminState(st.Admin.Load())
	health := int(st.Health.Load())
	switch {
	case adm&engine.AdmMaint != 0:
		return "maintain"
	case adm&engine.AdmDrain != 0:
		return kind + "_draining"
	case engine.OpState(st.Op.Load()) == engine.OpStopped && health > 0:
		return kind + "_going_up"
	case engine.OpState(st.Op.Load()) == engine.OpStopped:
		return kind + "_down"
	case engine.OpState(st.Op.Load()) == engine.OpStopping:
		return kind + "_nolb"
	case !o.Srv.Check && o.Srv.TrackSrv == nil:
		return kind + "_no_check"
	case o.Srv.Check && health < o.Srv.Rise+o.Srv.Fall-1:
		return kind + "_going_down"
	}
	return kind + "_up"
}

func (w *writer) row(o *Object) {
	w.printf("<tr class=\"%s\">", rowClass(o))
	label := map[Kind]string{Frontend: "Frontend", Backend: "Backend"}[o.Kind]
	if label == "" {
		label = svname(o).S
	}
	if w.form {
		if o.Kind == Server {
			w.printf("<td><input class='%s-checkbox' type=\"checkbox\" name=\"s\" value=\"%s\"></td>", esc(o.Px.Name), esc(o.Srv.Name))
		} else {
			w.printf("<td></td>")
		}
	}
	anchor := esc(o.Px.Name + "/" + label)
	name := fmt.Sprintf("<a name=\"%s\"></a><a class=lfsb href=\"#%s\">%s</a>", anchor, anchor, esc(label))
	if o.Kind == Server && o.Srv.Redir != "" {
		name = fmt.Sprintf("<a name=\"%s\"></a><a class=lfsb href=\"%s\">%s</a>", anchor, esc(o.Srv.Redir), esc(label))
	}
	w.printf("<td class=ac>%s</td>", w.tip(name, w.legend(o)))
	if o.Kind == Frontend || o.Kind == Listener {
		w.printf("<td colspan=3></td>")
	} else {
		w.cells(o, "qcur", "qmax")
		w.limit(o.Get(Find(Fields, "qlimit")))
	}
	w.sessions(o)
	w.errors(o)
	w.server(o)
	w.printf("</tr>\n")
}

// legend is the tip of a row's name.
func (w *writer) legend(o *Object) string {
	if !w.r.p.legends {
		return ""
	}
	var parts []string
	switch o.Kind {
	case Server, Listener:
		family := "IPv4"
		if strings.HasPrefix(o.Address(), "[") {
			family = "IPv6"
		}
		parts = append(parts, family+": "+esc(o.Address()))
		if o.Kind == Server {
			parts = append(parts, fmt.Sprintf("id: %d", o.Srv.ID))
		}
		if o.Kind == Server && o.Srv.Cookie != "" {
			parts = append(parts, "cookie: '"+esc(o.Srv.Cookie)+"'")
		}
	case Backend:
		parts = append(parts, "balancing: "+esc(algo(o).S))
		if c := cookie(o); c.Set {
			parts = append(parts, "cookie: '"+esc(c.S)+"'")
		}
	}
	return strings.Join(parts, ", ")
}

// tip puts an explanation behind a text.
func (w *writer) tip(s, tip string) string {
	if tip == "" {
		return s
	}
	return "<u>" + s + "<div class=tips>" + tip + "</div></u>"
}

func (w *writer) cells(o *Object, names ...string) {
	for _, n := range names {
		w.printf("<td>%s</td>", esc(o.Get(Find(Fields, n)).String()))
	}
}

func (w *writer) limit(v Value) {
	if v.Set && v.N > 0 {
		w.printf("<td>%d</td>", v.N)
	} else {
		w.printf("<td>-</td>")
	}
}

func (w *writer) sessions(o *Object) {
	if o.Kind == Listener {
		w.printf("<td colspan=3></td>")
	} else {
		rate := fmt.Sprintf("Current session rate: %d/s", o.C.SessRate.Value(o.now))
		if o.Kind == Frontend {
			rate = fmt.Sprintf("Current connection rate: %d/s<br>%s<br>Current request rate: %d/s", o.C.ConnRate.Value(o.now), rate, o.C.ReqRate.Value(o.now))
		}
		w.printf("<td>%s</td>", w.tip(strconv.FormatInt(o.C.SessRate.Value(o.now), 10), rate))
		w.cells(o, "rate_max")
		if o.Kind == Frontend {
			w.limit(num(int64(o.Px.RateLimit)))
		} else {
			w.printf("<td></td>")
		}
	}
	cur := strconv.FormatInt(o.C.Conns.Load(), 10)
	if o.Kind == Server {
		cur = w.tip(cur, fmt.Sprintf("Current active connections: %d<br>Current idle connections: %d", o.C.Conns.Load(), o.Srv.State.Idle.Load()))
	}
	w.printf("<td>%s</td>", cur)
	w.cells(o, "smax")
	w.limit(slim(o))
	w.printf("<td>%s</td>", w.tip(strconv.FormatInt(o.C.CumSess.Load(), 10), w.totals(o)))
	w.cells(o, "lbtot")
	if v := o.Get(Find(Fields, "lastsess")); v.Set && v.N >= 0 {
		w.printf("<td>%s</td>", age(v.N))
	} else if o.Kind == Server || o.Kind == Backend {
		w.printf("<td>?</td>")
	} else {
		w.printf("<td></td>")
	}
	w.cells(o, "bin", "bout")
}

// totals explain the number of sessions.
func (w *writer) totals(o *Object) string {
	var b strings.Builder
	row := func(label string, n int64) {
		fmt.Fprintf(&b, "<tr><th>%s:</th><td>%d</td></tr>", label, n)
	}
	b.WriteString("<table class=det>")
	if o.Kind == Frontend {
		row("Cum. connections", o.C.CumConns.Load())
	}
	row("Cum. sessions", o.C.CumSess.Load())
	if o.Kind == Server || o.Kind == Backend {
		row("New connections", o.C.Connects.Load())
		row("Reused connections", o.C.Reuses.Load())
	}
	if o.Px.IsHTTP() {
		row("Cum. HTTP requests", o.C.Requests.Load())
		for i, label := range [...]string{1: "- HTTP 1xx responses", 2: "- HTTP 2xx responses", 3: "- HTTP 3xx responses", 4: "- HTTP 4xx responses", 5: "- HTTP 5xx responses"} {
			if i > 0 {
				row(label, o.C.Responses[i].Load())
			}
		}
		row("- other responses", o.C.Responses[0].Load())
		row("Intercepted requests", o.C.Intercepted.Load())
	}
	if o.Kind == Server || o.Kind == Backend {
		b.WriteString("<tr><th colspan=2>Max / Avg over last 1024 success. conn. (ms)</th></tr>")
		for _, t := range []struct {
			label    string
			max, avg int64
		}{{"- Queue time", o.C.QMax.Load(), o.C.QTime.Load()}, {"- Connect time", o.C.CMax.Load(), o.C.CTime.Load()},
			{"- Responses time", o.C.RMax.Load(), o.C.RTime.Load()}, {"- Total time", o.C.TMax.Load(), o.C.TTime.Load()}} {
			fmt.Fprintf(&b, "<tr><th>%s:</th><td>%d / %d</td></tr>", t.label, t.max, t.avg)
		}
	}
	b.WriteString("</table>")
	return b.String()
}

func (w *writer) errors(o *Object) {
	w.cells(o, "dreq", "dresp", "ereq", "econ")
	if o.Kind == Server || o.Kind == Backend {
		w.printf("<td>%s</td>", w.tip(strconv.FormatInt(o.C.ResErrors.Load(), 10), fmt.Sprintf("Connection resets during transfers: %d client, %d server", o.C.CliAborts.Load(), o.C.SrvAborts.Load())))
	} else {
		w.printf("<td></td>")
	}
	w.cells(o, "wretr", "wredis")
}

// server is the last group of columns.
func (w *writer) server(o *Object) {
	if o.Kind == Frontend || o.Kind == Listener {
		w.printf("<td class=ac>%s</td><td class=ac colspan=8></td>", o.Status())
		return
	}
	since := lastChange(o).N
	status := age(since) + " " + o.Status()
	if o.Kind == Server && !o.Srv.Check && o.Srv.State.Up() {
		status = "<i>no check</i>"
	}
	w.printf("<td class=ac>%s</td>", status)
	w.lastCheck(o)
	wght := weight(o).N
	w.printf("<td class=ac>%d/%d</td>", wght, uweight(o).N)
	yes := map[bool]string{true: "Y", false: "-"}
	if o.Kind == Server {
		w.printf("<td class=ac>%s</td><td class=ac>%s</td>", yes[!o.Srv.Backup], yes[o.Srv.Backup])
	} else {
		w.printf("<td class=ac>%d</td><td class=ac>%d</td>", active(o).N, backups(o).N)
	}
	switch {
	case o.Kind == Backend:
		w.printf("<td class=ac>&nbsp;</td><td>%d</td><td>%s</td><td></td>", downs(o).N, ageOf(downtime(o)))
	case o.Srv.TrackSrv != nil:
		t := o.Srv.TrackSrv
		w.printf("<td class=ac colspan=3><a class=lfsb href=\"#%s/%s\">via %s/%s</a></td><td class=ac>-</td>", esc(t.Px.Name), esc(t.Name), esc(t.Px.Name), esc(t.Name))
	case o.Srv.Check:
		w.printf("<td><u>%d<div class=tips>Failed Health Checks</div></u></td><td>%d</td><td>%s</td>", o.Srv.State.CheckFails.Load(), o.Srv.State.Downs.Load(), ageOf(downtime(o)))
		if v := throttle(o); v.Set {
			w.printf("<td class=ac>%d %%</td>", v.N)
		} else {
			w.printf("<td class=ac>-</td>")
		}
	default:
		w.printf("<td colspan=3></td><td class=ac>-</td>")
	}
}

func (w *writer) lastCheck(o *Object) {
	if o.Kind != Server || !o.Srv.Check {
		w.printf("<td class=ac>&nbsp;</td>")
		return
	}
	st := o.Srv.State
	st.Mu.Lock()
	r := st.CheckStatus
	st.Mu.Unlock()
	if r.Status == "" {
		w.printf("<td class=ac>&nbsp;</td>")
		return
	}
	s := star(&r)
	if r.Code > 0 {
		s += "/" + strconv.Itoa(r.Code)
	}
	if r.Duration >= 0 {
		s += fmt.Sprintf(" in %dms", r.Duration)
	}
	tip := esc(r.Desc)
	if r.Last != "" {
		tip += ": " + esc(r.Last)
	}
	w.printf("<td class=ac>%s</td>", w.tip(esc(s), tip))
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
