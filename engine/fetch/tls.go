package fetch

import "hawser/engine"

// What a TLS connection tells of itself through engine.TLSInfo; certificates and
// the rest belong to the TLS feature.
func init() {
	fc := func(name string, out engine.Type, usage string, f func(env, engine.TLSInfo) (smp, stat)) {
		engine.AddFetches(row(name, out, engine.OnSession, usage, func(e env, _ args) (smp, stat) {
			if e.Sess == nil || e.Sess.TLS == nil {
				return none()
			}
			return f(e, e.Sess.TLS)
		}))
	}
	engine.AddFetches(
		row("ssl_fc", engine.TBool, engine.OnSession, "True if the client connection is TLS.", func(e env, _ args) (smp, stat) {
			return boolean(e.Sess != nil && e.Sess.TLS != nil)
		}),
		row("ssl_fc_has_sni", engine.TBool, engine.OnSession, "True if the client sent a server name.", func(e env, _ args) (smp, stat) {
			return boolean(e.Sess != nil && e.Sess.TLS != nil && e.Sess.TLS.SNI() != "")
		}),
		row("ssl_fc_is_resumed", engine.TBool, engine.OnSession, "True if the client connection is TLS and its session was resumed.", func(e env, _ args) (smp, stat) {
			return boolean(e.Sess != nil && e.Sess.TLS != nil && e.Sess.TLS.Resumed())
		}),
	)
	fc("ssl_fc_sni", engine.TStr, "The server name that the client asked for.", nonEmpty(engine.TLSInfo.SNI))
	fc("ssl_fc_alpn", engine.TStr, "The protocol agreed on with ALPN.", nonEmpty(engine.TLSInfo.ALPN))
	gone("ssl_fc_npn", engine.TStr, engine.OnSession, "The protocol agreed on with NPN, which the library does not have.", engine.ArgSpec{})
	fc("ssl_fc_protocol", engine.TStr, "The TLS version.", nonEmpty(engine.TLSInfo.Version))
	fc("ssl_fc_cipher", engine.TStr, "The cipher.", nonEmpty(engine.TLSInfo.Cipher))
	fc("ssl_fc_has_crt", engine.TBool, "True if the client presented a certificate on this very connection: not on one that resumes a session.", func(_ env, t engine.TLSInfo) (smp, stat) {
		return boolean(len(t.PeerCerts()) > 0 && !t.Resumed())
	})
	engine.AddCriteria("ssl_fc_sni", "ssl_fc_sni", "end", "reg")
}

func nonEmpty(f func(engine.TLSInfo) string) func(env, engine.TLSInfo) (smp, stat) {
	return func(e env, t engine.TLSInfo) (smp, stat) {
		v := f(t)
		if v == "" {
			return none()
		}
		return text(e, v)
	}
}
