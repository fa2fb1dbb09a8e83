package page

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"hawser/conformance/testbed"
)

const config = `
global
	stats socket %[1]s/s level admin
defaults
	mode http
	timeout connect 1s
	timeout client 10s
	timeout server 10s
frontend shop
	bind %[2]s
	default_backend app
backend app
	server s1 %[4]s
	server s2 %[4]s weight 2 backup
	server s3 %[4]s disabled
listen page
	bind %[3]s
	stats enable
	stats uri /
	stats show-legends
	stats show-desc Where the shop is
	stats refresh 30s
	stats admin if TRUE
`

// bed is a proxy with a frontend and its page.
type bed struct{ shop, page string }

func start(t *testing.T, bin testbed.Binary) bed {
	t.Helper()
	o, err := testbed.NewOrigin("o")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	dir := testbed.TempDir(t)
	b := bed{testbed.FreeAddr(), testbed.FreeAddr()}
	file := filepath.Join(dir, "page.cfg")
	if err := os.WriteFile(file, fmt.Appendf(nil, config, dir, b.shop, b.page, o.Addr), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := testbed.Start(bin, dir, []string{"-db", "-f", file})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop() })
	if err := p.WaitAddrs(b.shop, b.page); err != nil {
		t.Fatal(err, p.Output())
	}
	return b
}

// shape is what a user sees of the page at once.
type shape struct {
	Title   string
	Proxies []string   // names over the tables
	Heads   []string   // of the columns
	Rows    [][]string // name, first word of the status, colour of each line
	Tips    bool       // a session cell explains itself
	Actions []string
}

const look = `
const text = e => e ? e.innerText.trim().replace(/\s+/g, ' ') : '';
const tables = [...document.querySelectorAll('table.tbl')].filter(t => t.querySelector('tr.titre'));
const rows = [];
for (const t of tables) for (const r of t.rows) {
	if (r.className.includes('titre')) continue;
	const name = r.querySelector('td.ac');
	if (!name) continue;
	const status = [...r.cells].map(text).find(s => /^(OPEN|UP|DOWN|no check|[0-9hms]+ (UP|DOWN)|.*MAINT)/.test(s)) || '';
	rows.push([text(name), status.replace(/^[0-9dhms ]+/, '').split(' ')[0], getComputedStyle(r).backgroundColor]);
}
return {
	Title: document.title,
	Proxies: [...document.querySelectorAll('th.pxname')].map(text).filter(s => s),
	Heads: tables.length > 1 ? [...tables[1].querySelectorAll('tr.titre th')].map(text) : [],
	Rows: rows,
	Tips: !!document.querySelector('td u div.tips'),
	Actions: [...document.querySelectorAll('select[name=action] option')].slice(0, 30).map(o => o.value),
};`

func see(t *testing.T, b *browser, at bed) (s shape) {
	t.Helper()
	b.open("http://" + at.page + "/")
	b.run(look, &s)
	return s
}

// The page has the tables, columns, lines and colours that users of HAProxy know.
func TestPageLooksAlike(t *testing.T) {
	b := openBrowser(t)
	want := see(t, b, start(t, testbed.HAProxy(t)))
	got := see(t, b, start(t, testbed.Hawser(t)))
	if len(want.Rows) < 5 || len(want.Heads) < 20 || len(want.Actions) < 5 {
		t.Fatalf("the look at HAProxy's own page finds too little: %+v", want)
	}
	if !slices.Equal(got.Proxies, want.Proxies) {
		t.Errorf("proxies: %q, HAProxy shows %q", got.Proxies, want.Proxies)
	}
	if !slices.Equal(got.Heads, want.Heads) {
		t.Errorf("columns:\n got %q\nwant %q", got.Heads, want.Heads)
	}
	if got.Tips != want.Tips {
		t.Errorf("explanations: %v, HAProxy has %v", got.Tips, want.Tips)
	}
	for _, a := range want.Actions {
		if !slices.Contains(got.Actions, a) {
			t.Errorf("action %q is missing", a)
		}
	}
	if len(got.Rows) != len(want.Rows) {
		t.Fatalf("lines:\n got %q\nwant %q", got.Rows, want.Rows)
	}
	for i := range want.Rows {
		if !slices.Equal(got.Rows[i], want.Rows[i]) {
			t.Errorf("line %d: %q, HAProxy shows %q", i, got.Rows[i], want.Rows[i])
		}
	}
}

// A server is put into maintenance and taken out of it by mouse.
func TestAdminByMouse(t *testing.T) {
	b := openBrowser(t)
	for _, bin := range []testbed.Binary{testbed.HAProxy(t), testbed.Hawser(t)} {
		t.Run(bin.Name, func(t *testing.T) {
			at := start(t, bin)
			b.t = t
			b.open("http://" + at.page + "/")
			act := func(action string) {
				b.click(`input[type=checkbox][name=s][value=s1]`)
				b.run(`document.querySelector("input[type=checkbox][name=s][value=s1]").form.querySelector("select[name=action]").value = "`+action+`"`, nil)
				b.click(`form:has(input[name=s][value=s1]) input[type=submit]`)
				b.wait("the notice of success", `document.body.innerText.includes("Action processed successfully")`)
			}
			status := `[...document.querySelectorAll("tr")].find(r => r.querySelector("input[name=s][value=s1]")).innerText`
			act("maint")
			b.wait("maintenance", status+`.includes("MAINT")`)
			act("ready")
			b.wait("the end of maintenance", `!`+status+`.includes("MAINT")`)
		})
	}
}

// The CSV and JSON links of the page lead to something of that kind.
func TestLinks(t *testing.T) {
	b := openBrowser(t)
	at := start(t, testbed.Hawser(t))
	b.open("http://" + at.page + "/")
	var links []string
	b.run(`return [...document.querySelectorAll("a[href]")].map(a => a.getAttribute("href")).filter(h => h.startsWith("/"))`, &links)
	for _, want := range []string{"/;csv", "/;norefresh"} {
		if !slices.ContainsFunc(links, func(l string) bool { return len(l) >= len(want) && l[:len(want)] == want }) {
			t.Errorf("no link to %s among %q", want, links)
		}
	}
	for link, begins := range map[string]string{"/;csv": "# pxname,svname,", "/;json": "[", "/;norefresh": "Statistics Report"} {
		var text string
		b.open("http://" + at.page + link)
		b.run("return document.body.innerText.trim() + document.title", &text)
		if len(text) < 100 || begins != "Statistics Report" && text[:len(begins)] != begins {
			t.Errorf("%s shows %.80q", link, text)
		}
	}
}
