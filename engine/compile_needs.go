package engine

import "strings"

// needs says in HAProxy's words what a fetch's place must offer.
func (f *Fetch) needs() string {
	http := f.Needs&(NeedHTTPReq|NeedHTTPRes|NeedBody) != 0
	switch f.Where {
	case OnRequest:
		if http {
			return "HTTP request headers"
		}
		return "request buffer"
	case OnResponse:
		if http {
			return "HTTP response headers"
		}
		return "response buffer"
	case OnBoth:
		if http || strings.HasPrefix(f.Name, "internal.") {
			return "HTTP request headers,HTTP response headers"
		}
		return "request buffer,response buffer"
	case OnStream:
		return streamNeeds(f.Name)
	case OnServerSide:
		return serverNeeds(f.Name)
	case OnBackend:
		return "backend"
	case OnServerSide | SrvSource:
		return "server"
	case OnServer:
		return "response buffer statistics"
	}
	return "client-side connection"
}

// streamNeeds is needs for what lasts from the request to the log.
func streamNeeds(name string) string {
	switch {
	case strings.HasPrefix(name, "txn.timer."):
		return "transaction statistics"
	case name == "bytes_in" || strings.HasSuffix(name, ".bytes_in") || strings.HasSuffix(name, ".bytes_out"):
		return "request buffer statistics"
	case strings.HasPrefix(name, "req.timer."):
		return "HTTP request headers"
	}
	return "HTTP request"
}

// serverNeeds is needs for what exists once a server answers.
func serverNeeds(name string) string {
	switch name {
	case "bc_nb_streams", "bc_settings_streams_limit":
		return "server-side connection"
	case "status", "txn.status", "server_status", "resp_ver":
		return "HTTP response"
	case "res.timer.hdr":
		return "HTTP response headers"
	}
	switch {
	case strings.HasPrefix(name, "ssl_bc"), strings.HasPrefix(name, "bs."):
		return "server-side connection"
	case strings.HasPrefix(name, "res."), strings.HasPrefix(name, "capture.res."):
		return "HTTP response"
	}
	return "server address"
}
