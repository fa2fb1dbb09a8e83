package keyword

import (
	"errors"
	"strings"
	"sync"

	"hawser/engine"
	"hawser/parser/diag"
)

func init() {
	engine.MakeServer = makeServer
	engine.DynamicOptions = dynamicOptions
}

// dynamicOptions are those of a server line that "add server" takes, in the order
// in which HAProxy lists them (management manual, "add server help").
var dynamicOptions = strings.Fields(`allow-0rtt alpn ca-file check-alpn check-sni check-ssl ciphers ciphersuites client-sigalgs crl-file
	curves crt force-sslv3 force-tlsv10 force-tlsv11 force-tlsv12 force-tlsv13 ktls no-check-sni-auto no-renegotiate no-sni-auto
	no-ssl-reuse no-sslv3 no-tlsv10 no-tlsv11 no-tlsv12 no-tlsv13 no-tls-tickets npn renegotiate send-proxy-v2-ssl
	send-proxy-v2-ssl-cn sigalgs sni ssl ssl-min-ver ssl-max-ver tls-tickets verify verifyhost backup cookie disabled error-limit
	guid ws hash-key id idle-ping init-state maxconn maxqueue minconn no-backup no-send-proxy no-send-proxy-v2 no-tfo observe
	on-error on-marked-down on-marked-up pool-conn-name pool-low-conn pool-max-conn pool-purge-delay proto proxy-v2-options
	send-proxy send-proxy-v2 set-proxy-v2-tlv-fmt shard slowstart source strict-maxconn tfo track usesrc weight healthcheck addr
	agent-addr agent-check agent-inter agent-port agent-send check check-pool-conn-name check-proto check-reuse-pool
	check-send-proxy check-via-socks4 rise fall inter fastinter downinter port`)

var dynamic = func() map[string]bool {
	m := map[string]bool{}
	for _, name := range dynamicOptions {
		m[name] = true
	}
	return m
}()

// liveMu: one server is made at a time, since what is made takes names.
var liveMu sync.Mutex

// makeServer compiles a server for a running backend: words are its address and
// options. It is in maintenance and in no list yet.
func makeServer(px *engine.Proxy, name string, words []string) (*engine.Server, error) {
	liveMu.Lock()
	defer liveMu.Unlock()
	b := engine.NewLiveBuild(px.RT, px)
	list := []engine.Word{{Text: "server"}, {Text: name}}
	for _, w := range words {
		list = append(list, engine.Word{Text: w})
	}
	srv, err := liveServer(b, &engine.Line{Words: list})
	if err == nil {
		b.RunStages()
		b.Px = px
		srv.ID = freeID(px, srv)
		engine.FinishServer(b, srv)
		err = complaint(b)
	}
	if err != nil {
		if srv != nil && srv.GUID != "" {
			delete(guidSlot.Edit(px.RT).owner, srv.GUID)
		}
		return nil, bareError(err, "server "+px.Name+"/"+name)
	}
	srv.Begin()
	srv.State.Admin.Store(uint32(engine.AdmFMaint))
	srv.State.Op.Store(uint32(engine.OpStopped))
	srv.State.Health.Store(0)
	srv.Reweigh()
	return srv, nil
}

func liveServer(b *engine.Build, l *engine.Line) (*engine.Server, error) {
	name, addr := word(l, 1), word(l, 2)
	switch i := badNameByte(name.Text); {
	case i >= 0:
		return nil, fail(name, "character '%c' is not permitted in server name '%s'.", name.Text[i], name.Text)
	case addr.Text == "":
		return nil, fail(name, "'server' expects <name> and <addr>[:<port>] as arguments.")
	}
	what := "server " + b.Px.Name + "/" + name.Text
	start, options, err := preset(b, rest(l, 3), &engine.Server{ServerSpec: engine.DefaultServerSpec()})
	if err != nil {
		return nil, err
	}
	srv := newServer(b, name, start)
	srv.Dynamic = true
	if err := readAddress(b, srv, addr, what); err != nil {
		return nil, err
	}
	srv.Unresolved = srv.Host != "" // until "set server … addr"
	return srv, serverOptions(b, srv, options, what, false)
}

// freeID is the number of a server that joins: its own, or the lowest free one.
func freeID(px *engine.Proxy, srv *engine.Server) int {
	if srv.ID != 0 {
		return srv.ID
	}
	all := px.All()
	used := make([]bool, len(all)+2)
	for _, o := range all {
		if o.ID < len(used) {
			used[o.ID] = true
		}
	}
	id := 1
	for id < len(used) && used[id] {
		id++
	}
	return id
}

// complaint is what a compilation has to say that keeps its result from use;
// warnings count too, as with HAProxy.
func complaint(b *engine.Build) error {
	for _, d := range b.Diags.Items {
		if d.Severity != diag.Notice {
			return d
		}
	}
	return nil
}

// bareError takes the place and the name of the server out of a sentence: who
// asked knows both.
func bareError(err error, what string) error {
	var d *diag.Diagnostic
	if !errors.As(err, &d) {
		return err
	}
	text := d.Message
	if _, after, ok := strings.Cut(text, "'"+what+"' : "); ok {
		text = after
	} else if after, ok := strings.CutPrefix(text, who(diag.Pos{}, "")); ok {
		text = after
	}
	return errors.New(text)
}

// preset reads "from <origin>" in front of a server's options: what the options
// begin with; without it, that is def (configuration manual, 5.2, "from").
func preset(b *engine.Build, words []engine.Word, def *engine.Server) (*engine.Server, []engine.Word, error) {
	if len(words) == 0 || words[0].Text != "from" {
		return def, words, nil
	}
	if len(words) == 1 {
		return nil, nil, fail(words[0], "from: missing value.")
	}
	w := words[1]
	var found *engine.Server
	if w.Text == "none" {
		found = &engine.Server{ServerSpec: engine.DefaultServerSpec()}
	} else if name, ok := strings.CutPrefix(w.Text, "be:"); ok {
		px := backendOr(b, name)
		if px == nil {
			return nil, nil, fail(w, "from: unknown backend instance '%s'.", name)
		}
		found = px.DefaultServer
	} else if name, ok := strings.CutPrefix(w.Text, "srv:"); ok {
		var err error
		if found, err = originServer(b, w, name); err != nil {
			return nil, nil, err
		}
	}
	if found == nil {
		return nil, nil, fail(w, "invalid '%s' value for 'from' keyword.", w.Text)
	}
	return found, words[2:], nil
}

func backendOr(b *engine.Build, name string) *engine.Proxy {
	if name == "" {
		return b.Px
	}
	return b.FindBackend(name)
}

func originServer(b *engine.Build, w engine.Word, name string) (*engine.Server, error) {
	px := b.Px
	if name == "" {
		return nil, fail(w, "from: require <backend>/<server>.")
	}
	if be, srv, ok := strings.Cut(name, "/"); ok {
		if px, name = b.FindBackend(be), srv; px == nil {
			return nil, fail(w, "from: unknown backend '%s'.", be)
		}
	}
	if def := px.NamedServers[name]; def != nil {
		return def, nil
	}
	if srv := px.Server(name); srv != nil {
		return srv, nil
	}
	return nil, fail(w, "from: unknown server '%s' in backend '%s'.", name, px.Name)
}
