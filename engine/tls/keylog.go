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

var secrets = []struct{ name, label string }{
	{"client_handshake_traffic_secret", "CLIENT_HANDSHAKE_TRAFFIC_SECRET"}, {"server_handshake_traffic_secret", "SERVER_HANDSHAKE_TRAFFIC_SECRET"},
	{"client_traffic_secret_0", "CLIENT_TRAFFIC_SECRET_0"}, {"server_traffic_secret_0", "SERVER_TRAFFIC_SECRET_0"},
	{"exporter_secret", "EXPORTER_SECRET"}, {"client_early_traffic_secret", "CLIENT_EARLY_TRAFFIC_SECRET"}, {"early_exporter_secret", "EARLY_EXPORTER_SECRET"},
}

func init() {
	const need = " Needs tune.ssl.keylog."
	for _, s := range secrets {
		add("ssl_fc_"+s.name, engine.TStr, "That secret of the client's connection, if the library tells it."+need, func(e env, i *info) (smp, stat) {
			if i.keys == nil {
				return none()
			}
			_, v := i.keys.find(s.label)
			return engine.Str(e.Keep(v)), found(v != nil)
		})
		absent("ssl_bc_"+s.name, engine.TStr, engine.OnSession, "That secret of the connection to the server: not kept.")
	}
	add("ssl_fc_client_random", engine.TBin, "The client's random number."+need, func(e env, i *info) (smp, stat) {
		if i.keys == nil {
			return none()
		}
		v, _ := i.keys.find("")
		return unhex(e, v)
	})
	add("ssl_fc_session_key", engine.TBin, "The master key, up to TLS 1.2."+need, func(e env, i *info) (smp, stat) {
		if i.keys == nil {
			return none()
		}
		_, v := i.keys.find("CLIENT_RANDOM")
		return unhex(e, v)
	})
	add("ssl_fc_err_str", engine.TStr, "The text of the library's last error on the connection: none, once it is there.", func(env, *info) (smp, stat) { return none() })
	for _, n := range []string{"server_random", "session_id"} {
		absent("ssl_fc_"+n, engine.TBin, engine.OnSession, "That value of the client's connection: the library does not tell it.")
		absent("ssl_bc_"+n, engine.TBin, engine.OnServerSide, "That value of the connection to the server: the library does not tell it.")
	}
	for _, n := range []string{"client_random", "session_key"} {
		absent("ssl_bc_"+n, engine.TBin, engine.OnServerSide, "That value of the connection to the server: not kept.")
	}
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
