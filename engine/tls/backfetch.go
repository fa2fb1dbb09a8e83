package tls

import (
	"crypto/tls"
	"crypto/x509"

	"hawser/engine"
)

type (
	env  = *engine.Env
	smp  = engine.Sample
	stat = engine.Status
)

func none() (smp, stat) { return smp{}, engine.Missing }

// What the connection to the server tells (ssl_bc_…) and its certificate (ssl_s_…).
func init() {
	engine.AddFetches(engine.Fetch{Name: "ssl_bc", Out: engine.TBool, Where: engine.OnServerSide, Usage: "True if the connection to the server is TLS.",
		Eval: func(e env, _ []engine.Arg) (smp, stat) {
			if e.Strm == nil {
				return none()
			}
			return engine.Bool(e.Strm.BackTLS != nil), engine.Found
		}})
	text := func(name, usage string, f func(*tls.ConnectionState) string) {
		addBack(name, engine.TStr, usage, func(e env, st *tls.ConnectionState) (smp, stat) { return str(e, f(st)) })
	}
	number := func(name, usage string, f func(*tls.ConnectionState) int64) {
		addBack(name, engine.TSint, usage, func(_ env, st *tls.ConnectionState) (smp, stat) { return engine.Sint(f(st)), engine.Found })
	}
	text("ssl_bc_alpn", "The protocol agreed on with the server by ALPN.", func(st *tls.ConnectionState) string { return st.NegotiatedProtocol })
	absent("ssl_bc_npn", engine.TStr, engine.OnServerSide, "The protocol agreed on with the server by NPN, which the library does not have.")
	text("ssl_bc_cipher", "The cipher of the connection to the server.", func(st *tls.ConnectionState) string { return openSSLName(st.CipherSuite) })
	text("ssl_bc_curve", "The group of the key exchange with the server.", func(st *tls.ConnectionState) string { return curveName(st.CurveID) })
	text("ssl_bc_protocol", "The TLS version of the connection to the server.", func(st *tls.ConnectionState) string { return versionNames[st.Version] })
	text("ssl_bc_sni", "The server name that was sent to the server.", func(st *tls.ConnectionState) string { return st.ServerName })
	absent("ssl_bc_err_str", engine.TStr, engine.OnServerSide, "The text of ssl_bc_err: none.")
	engine.AddFetches(engine.Fetch{Name: "ssl_bc_err", Out: engine.TSint, Where: engine.OnServerSide, Idle: true,
		Usage: "OpenSSL's number for the last error on the connection to the server: 0, for only a connection that stands is looked at.",
		Eval:  func(e env, _ []engine.Arg) (smp, stat) { return engine.Sint(0), found(serverConn(e) != nil) }})
	number("ssl_bc_alg_keysize", "The size of the cipher's key in bits, to the server.", func(st *tls.ConnectionState) int64 { return keySize(st.CipherSuite) })
	number("ssl_bc_use_keysize", "The size of the cipher's key in bits, to the server.", func(st *tls.ConnectionState) int64 { return keySize(st.CipherSuite) })
	engine.AddFetches(engine.Fetch{Name: "ssl_bc_is_resumed", Out: engine.TBool, Where: engine.OnServerSide, Usage: "True if the connection to the server is TLS and its session was resumed.",
		Eval: func(e env, _ []engine.Arg) (smp, stat) {
			tc := serverConn(e)
			return engine.Bool(tc != nil && tc.ConnectionState().DidResume), engine.Found
		}})
	addBack("ssl_bc_unique_id", engine.TBin, "What binds other protocols to the connection to the server (tls-unique); none in TLS 1.3 (RFC 9266).", func(_ env, st *tls.ConnectionState) (smp, stat) {
		return engine.Bin(st.TLSUnique), found(len(st.TLSUnique) > 0)
	})
	ofServerConn("ssl_s_chain_der", engine.TBin, "The chain that the server sent, in DER.", func(e env, st *tls.ConnectionState) (smp, stat) {
		m := e.Mark()
		for _, c := range st.PeerCertificates {
			e.Tmp = append(e.Tmp, c.Raw...)
		}
		return engine.Bin(e.Since(m)), found(len(st.PeerCertificates) > 0)
	})
	engine.AddFetches(engine.Fetch{Name: "ssl_c_policies", Out: engine.TStr, Where: engine.OnSession, Args: engine.OptArgs(0, engine.ArgStr),
		Usage: "([oid]): the policies in the client's certificate, comma-separated; or that one, if it is there.", Eval: policies})
}

// addBack registers a fetch of the connection to the server, ofServerConn one that
// HAProxy lets stand anywhere in a session.
func addBack(name string, out engine.Type, usage string, f func(env, *tls.ConnectionState) (smp, stat)) {
	back(name, out, engine.OnServerSide, usage, f)
}

func ofServerConn(name string, out engine.Type, usage string, f func(env, *tls.ConnectionState) (smp, stat)) {
	back(name, out, engine.OnSession, usage, f)
}

func back(name string, out engine.Type, where engine.Where, usage string, f func(env, *tls.ConnectionState) (smp, stat)) {
	engine.AddFetches(engine.Fetch{Name: name, Out: out, Where: where, Usage: usage, Eval: func(e env, _ []engine.Arg) (smp, stat) {
		tc := serverConn(e)
		if tc == nil {
			return none()
		}
		st := tc.ConnectionState()
		return f(e, &st)
	}})
}

func serverConn(e env) *tls.Conn {
	if e.Strm == nil {
		return nil
	}
	tc, _ := e.Strm.BackTLS.(*tls.Conn)
	return tc
}

func serverCert(e env) *x509.Certificate {
	tc := serverConn(e)
	if tc == nil {
		return nil
	}
	if c := tc.ConnectionState().PeerCertificates; len(c) > 0 {
		return c[0]
	}
	return nil
}

// ofServer registers a fetch of the server's certificate.
func ofServer(name string, out engine.Type, usage string, f func(env, *x509.Certificate) (smp, stat)) {
	engine.AddFetches(engine.Fetch{Name: name, Out: out, Where: engine.OnSession, Usage: usage, Eval: func(e env, _ []engine.Arg) (smp, stat) {
		c := serverCert(e)
		if c == nil {
			return none()
		}
		return f(e, c)
	}})
}

func policies(e env, a []engine.Arg) (smp, stat) {
	i := infoOf(e)
	if i == nil || peer(i) == nil {
		return none()
	}
	m := e.Mark()
	for _, p := range peer(i).Policies {
		if len(a) > 0 && a[0].Text != "" {
			if p.String() == a[0].Text {
				return str(e, a[0].Text)
			}
			continue
		}
		if len(e.Tmp) > m {
			e.Tmp = append(e.Tmp, ", "...)
		}
		e.Tmp = append(e.Tmp, p.String()...)
	}
	return engine.Str(e.Since(m)), found(len(e.Tmp) > m)
}
