package daemon

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"hawser/engine"
	"hawser/engine/build"
	"hawser/parser"
)

func loadFarm(t testing.TB, n int) *engine.Proxy {
	t.Helper()
	var b strings.Builder
	b.WriteString("defaults\n timeout connect 1s\n timeout server 1s\n timeout client 1s\nbackend be\n balance leastconn\n")
	for i := range n {
		b.WriteString(" server s" + strconv.Itoa(i) + " 127.0.0.1:80\n")
	}
	file := t.TempDir() + "/farm.cfg"
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	res := build.Load([]string{file}, build.Options{Parser: parser.Options{}})
	if res.RT == nil {
		t.Fatalf("the file does not load: %v", res.Diags.Items[0])
	}
	return res.RT.Backend("be")
}

// Servers that are added to many others get the next numbers.
func TestAddServerToMany(t *testing.T) {
	px := loadFarm(t, 1000)
	for i := range 20 {
		srv, err := engine.MakeServer(px, "new"+strconv.Itoa(i), []string{"192.0.2.1:80", "weight", "5"})
		if err != nil || !px.AddServer(srv) {
			t.Fatal(err)
		}
		if want := 1001 + i; srv.ID != want || srv.Index != want-1 {
			t.Fatalf("the server has number %d and index %d, want %d", srv.ID, srv.Index, want)
		}
	}
}

// BenchmarkAddServer adds servers to 10,000 others: less than a millisecond each.
func BenchmarkAddServer(b *testing.B) {
	px := loadFarm(b, 10000)
	for i := 0; b.Loop(); i++ {
		srv, err := engine.MakeServer(px, "new"+strconv.Itoa(i), []string{"192.0.2.1:80", "weight", "5"})
		if err != nil || !px.AddServer(srv) {
			b.Fatal(err)
		}
	}
}

func TestMakeServerRefuses(t *testing.T) {
	px := loadFarm(t, 2)
	for _, c := range []struct{ name, words, want string }{
		{"a", "", "'server' expects <name> and <addr>[:<port>] as arguments."},
		{"a!", "127.0.0.1:1", "character '!' is not permitted in server name 'a!'."},
		{"a", "127.0.0.1:1 resolvers x", "'resolvers' option is not accepted for dynamic server"},
		{"a", "127.0.0.1:1 from", "from: missing value."},
		{"a", "127.0.0.1:1 from be:zork", "from: unknown backend instance 'zork'."},
		{"a", "127.0.0.1:1 from srv:", "from: require <backend>/<server>."},
		{"a", "127.0.0.1:1 id 2", "'id' : custom id 2 already used"},
		{"a", "127.0.0.1:1 ssl", "verify is enabled by default but no CA file specified."},
		{"a", "127.0.0.1:1 weight 1 from none", "unknown keyword 'from'."},
	} {
		_, err := engine.MakeServer(px, c.name, strings.Fields(c.words))
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("add server be/%s %s: %v, want %s", c.name, c.words, err, c.want)
		}
	}
}
