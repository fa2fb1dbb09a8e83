package stats

import (
	"fmt"
	"html"
	"os"
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
	form bool // of the table being written: servers can be ticked
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
u:hover div.tips { visibility: visible; }
@media (prefers-color-scheme: dark) {
body { color: #e8e6e3; background: #131516; } a { color: #3391ff; } input { color: #e8e6e3; background: #2f3437; }
h1, h2 { color: #a265e0; } h3 { color: #ff5190; background: #3e3e1f; }
.titre { background: #1aa6a6; color: #e8e6e3; } .frontend, .backend { background: #2f3437; } .socket, .active_no_check, .backup_no_check { background: #2a2d2f; }
.active_down, .backup_down { background: #760000; } .active_up { background: #165900; } .backup_up { background: #2e3234; }
.active_going_up { background: #b99200; } .active_going_down { background: #6c6c00; } .active_nolb, .active_draining { background: #006ab9; }
.backup_going_up { background: #7f007f; } .backup_going_down { background: #580092; } .backup_nolb { background: #1e3c6a; }
.backup_draining { background: #a37a00; } .maintain { background: #9a601a; }
a.lfsb:link, a.lfsb:visited { color: #e8e6e3; } a.lfsb:hover { color: #b5afa6; } table.tbl th.pxname { background: #8d0033; }
table.tbl th.empty, table.tbl th.desc { background: #181a1b; } u { border-bottom-color: #e8e6e3; } div.tips { background: #8e8e0d; color: #e8e6e3; }
}`

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
	if p.showVersion {
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
	n := func(name string) int64 { return infoValue(w.rt, name).N }
	w.printf("<h3>&gt; General process information</h3>\n<table border=0><tr><td align=\"left\" nowrap width=\"1%%\">\n"+
		"<p><b>pid = </b> %d (process #1, nbproc = 1, nbthread = %d)<br>\n<b>uptime = </b> %s; warnings = %d; reloads = %d, refused = %d<br>\n",
		os.Getpid(), n("Nbthread"), Uptime(time.Since(w.rt.Proc.Started)), n("TotalWarnings"), w.rt.Proc.Reloads.Load(), w.rt.Proc.FailedReloads.Load())
	memmax := "unlimited"
	if m := n("Memmax_MB"); m > 0 {
		memmax = fmt.Sprintf("%d MB", m)
	}
	w.printf("<b>system limits:</b> memmax = %s; ulimit-n = %d<br>\n<b>maxsock = </b> %d; <b>maxconn = </b> %d; <b>reached = </b> %d; <b>maxpipes = </b> %d<br>\n",
		memmax, n("Ulimit-n"), n("Maxsock"), n("Maxconn"), n("MaxconnReached"), n("Maxpipes"))
	w.printf("current conns = %d; current pipes = %d/%d; conn rate = %d/sec; bit rate = %s<br>\nRunning tasks: %d/%d (0 niced); idle = %d %%<br>\n</td><td align=\"center\" nowrap>\n",
		n("CurrConns"), n("PipesUsed"), n("PipesUsed")+n("PipesFree"), n("ConnRate"), bitRate(8*n("BytesOutRate")), n("Run_queue"), n("Tasks"), n("Idle_pct"))
	w.b = append(w.b, `<table class="lgd"><tr><td class="active_up">&nbsp;</td><td class="noborder">active UP </td><td class="backup_up">&nbsp;</td><td class="noborder">backup UP </td></tr>
<tr><td class="active_going_down"></td><td class="noborder">active UP, going down </td><td class="backup_going_down"></td><td class="noborder">backup UP, going down </td></tr>
<tr><td class="active_going_up"></td><td class="noborder">active DOWN, going up </td><td class="backup_going_up"></td><td class="noborder">backup DOWN, going up </td></tr>
<tr><td class="active_down"></td><td class="noborder">active or backup DOWN &nbsp;</td><td class="active_no_check"></td><td class="noborder">not checked </td></tr>
<tr><td class="maintain"></td><td class="noborder" colspan="3">active or backup DOWN for maintenance (MAINT) &nbsp;</td></tr>
<tr><td class="active_draining"></td><td class="noborder" colspan="3">active or backup SOFT STOPPED for maintenance &nbsp;</td></tr></table>
Note: "NOLB"/"DRAIN" = UP with load-balancing disabled.</td>`...)
	w.links()
}

// bitRate writes bits per second with three decimals.
func bitRate(n int64) string {
	unit := "kbps"
	switch {
	case n >= 1e9:
		unit, n = "Gbps", n/1e6
	case n >= 1e6:
		unit, n = "Mbps", n/1e3
	}
	return fmt.Sprintf("%d.%03d %s", n/1000, n%1000, unit)
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
	plain := ""
	if w.r.p.refresh > 0 {
		plain = ";norefresh"
	}
	link(";csv"+plain, "CSV export")
	w.printf("<li><a href=\"%s;json%s%s\">JSON export</a> (<a href=\"%s;json-schema\">schema</a>)<br>\n", u, plain, scope, u)
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
