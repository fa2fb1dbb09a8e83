package tls

import (
	"bytes"
	"encoding/hex"
	"sync"

	"hawser/engine"
)

// keyLog keeps the secrets of one connection as crypto/tls tells them, in lines of
// the form "LABEL <client random> <secret>". It is made where tune.ssl.keylog is on.
type keyLog struct {
	mu    sync.Mutex
	lines []byte // guarded by mu
}

// Write implements io.Writer.
func (k *keyLog) Write(b []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lines = append(k.lines, b...)
	return len(b), nil
}

// find returns the two fields behind a label, or behind any.
func (k *keyLog) find(label string) (random, secret []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for line := range bytes.Lines(k.lines) {
		if f := bytes.Fields(line); len(f) == 3 && (label == "" || string(f[0]) == label) {
			return f[1], f[2]
		}
	}
	return nil, nil
}

// secrets are those of TLS 1.3; untold are those that crypto/tls keeps to itself, or,
// of early data, never has.
var secrets = []struct {
	name, label string
	untold      bool
}{
	{"client_handshake_traffic_secret", "CLIENT_HANDSHAKE_TRAFFIC_SECRET", false}, {"server_handshake_traffic_secret", "SERVER_HANDSHAKE_TRAFFIC_SECRET", false},
	{"client_traffic_secret_0", "CLIENT_TRAFFIC_SECRET_0", false}, {"server_traffic_secret_0", "SERVER_TRAFFIC_SECRET_0", false},
	{"exporter_secret", "", true}, {"client_early_traffic_secret", "", true}, {"early_exporter_secret", "", true},
}

func init() {
	const need = " Needs tune.ssl.keylog."
	for _, s := range secrets {
		if s.untold {
			absent("ssl_fc_"+s.name, engine.TStr, engine.OnSession, "That secret of the client's connection: the library does not tell it.")
			absent("ssl_bc_"+s.name, engine.TStr, engine.OnSession, "That secret of the connection to the server: the library does not tell it.")
			continue
		}
		secret("ssl_fc_"+s.name, s.label, "That secret of the client's connection, in TLS 1.3."+need, frontTap)
		secret("ssl_bc_"+s.name, s.label, "That secret of the connection to the server, in TLS 1.3."+need, func(e env) *tap { return heardBy(serverConn(e)) })
	}
	absent("ssl_fc_session_id", engine.TBin, engine.OnSession, "The session's id in OpenSSL's cache: the library has tickets only.")
	absent("ssl_bc_session_id", engine.TBin, engine.OnServerSide, "The session's id in OpenSSL's cache: the library has tickets only.")
}

// secret registers a fetch of one line of the key log.
func secret(name, label, usage string, wire func(env) *tap) {
	engine.AddFetches(engine.Fetch{Name: name, Out: engine.TStr, Where: engine.OnSession, Usage: usage,
		Make: func(b *engine.Build, _ []engine.Arg) (engine.FetchFunc, error) {
			g := globals.Edit(b.RT)
			return func(e env, _ []engine.Arg) (smp, stat) {
				t := wire(e)
				if t == nil || !g.keys {
					return none()
				}
				_, v := t.keys.find(label)
				return engine.Str(e.Keep(v)), found(v != nil)
			}, nil
		}})
}

// absent registers a fetch that never finds anything.
func absent(name string, out engine.Type, where engine.Where, usage string) {
	engine.AddFetches(engine.Fetch{Name: name, Out: out, Where: where, Usage: usage, Idle: true,
		Eval: func(env, []engine.Arg) (smp, stat) { return none() }})
}

func unhex(e env, v []byte) (smp, stat) {
	m := e.Mark()
	out, err := hex.AppendDecode(e.Tmp, v)
	if err != nil || len(v) == 0 {
		return none()
	}
	e.Tmp = out
	return engine.Bin(e.Since(m)), engine.Found
}
