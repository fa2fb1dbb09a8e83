package engine

import "time"

// HAProxy's defaults (configuration manual, at each keyword).
const (
	DefMaxConn    = 0 // computed from the descriptor limit
	DefBufSize    = 16384
	DefMaxHdr     = 101
	DefRetries    = 3
	DefInter      = 2 * time.Second
	DefRise       = 2
	DefFall       = 3
	DefWeight     = 1
	DefLogLen     = 1024
	DefMaxRewrite = 1024
)

// SetGlobalDefaults fills in what the global section may leave out.
func SetGlobalDefaults(g *Global) {
	g.UID, g.GID = -1, -1
	g.StatsTimeout = 10 * time.Second
	g.StatsMaxConn = 10
	g.LogTag = "haproxy"
	g.Tune = Tune{BufSize: DefBufSize, MaxRewrite: DefMaxRewrite, MaxHdr: DefMaxHdr, LogURILen: 1024, CookieLen: 63, StickCounters: 3, PoolLowFD: 20, PoolHighFD: 25}
	for c := 400; c < 500; c++ {
		g.HTTPErrCodes.Add(c)
	}
	for c := 500; c < 600; c++ {
		if c != 501 && c != 505 {
			g.HTTPFailCodes.Add(c)
		}
	}
}

// SetProxyDefaults fills in what a proxy starts with.
func SetProxyDefaults(px *Proxy) {
	px.Mode = ModeTCP
	px.Retries = DefRetries
	px.MaxKAQueue = -1
	px.MaxOwn = 5
	px.RetryOn = RetryConnFailure
	px.DefaultServer = &Server{ServerSpec: DefaultServerSpec()}
}

// DefaultServerSpec is a server before any option.
func DefaultServerSpec() ServerSpec {
	return ServerSpec{Weight: DefWeight, Inter: DefInter, Rise: DefRise, Fall: DefFall, PoolMax: -1, MaxReuse: -1,
		PoolPurgeDelay: 5 * time.Second, ErrorLimit: 10}
}

// Copy makes a server that starts with the options of s, which is a
// default-server or the server that "from" names; what makes a server that one
// stays behind.
func (s *Server) Copy() *Server {
	c := &Server{ServerSpec: s.ServerSpec}
	c.Host, c.HostFamily, c.Addr, c.GUID = "", 0, ServerAddr{}, ""
	c.Unresolved, c.CustomID, c.Late, c.TrackSrv = false, false, false, nil
	c.Slots.inherit(&s.Slots)
	return c
}
