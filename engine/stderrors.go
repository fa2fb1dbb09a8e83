package engine

import (
	"strconv"

	"hawser/engine/htx"
)

// standardErrors are HAProxy's own pages: the reason phrase and the sentence
// below the heading (as its program sends them).
var standardErrors = []struct {
	code         int
	reason, text string
	close        bool
}{
	{200, "OK", "Service ready.", false},
	{400, "Bad request", "Your browser sent an invalid request.", true},
	{401, "Unauthorized", "You need a valid user and password to access this content.", false},
	{403, "Forbidden", "Request forbidden by administrative rules.", false},
	{404, "Not Found", "The resource could not be found.", false},
	{405, "Method Not Allowed", "A request was made of a resource using a request method not supported by that resource.", false},
	{407, "Unauthorized", "You need a valid user and password to access this content.", false},
	{408, "Request Time-out", "Your browser didn't send a complete request in time.", true},
	{410, "Gone", "The resource is no longer available and will not be available again.", false},
	{413, "Payload Too Large", "The request entity exceeds the maximum allowed.", false},
	{414, "URI Too Long", "The URI provided was too long for the server to process.", false},
	{421, "Misdirected Request", "Request sent to a non-authoritative server.", false},
	{422, "Unprocessable Content", "The server cannot process the contained instructions.", false},
	{425, "Too Early", "Your browser sent early data.", false},
	{429, "Too Many Requests", "You have sent too many requests in a given amount of time.", false},
	{431, "Request Header Fields Too Large", "Request Header Fields Too Large.", false},
	{500, "Internal Server Error", "An internal server error occurred.", false},
	{501, "Not Implemented", "The server does not support the functionality required to fulfill the request.", false},
	{502, "Bad Gateway", "The server returned an invalid or incomplete response.", false},
	{503, "Service Unavailable", "No server is available to handle this request.", false},
	{504, "Gateway Time-out", "The server didn't respond in time.", false},
}

var stdReplies, headReplies = map[int]*Reply{}, map[int]*Reply{}

func init() {
	for _, e := range standardErrors {
		heading := strconv.Itoa(e.code) + " " + e.reason
		body := "<html><body><h1>" + heading + "</h1>\n" + e.text + "\n</body></html>\n"
		raw := &RawReply{Body: []byte(body)}
		raw.Head.StartResponse(e.code, e.reason)
		raw.Head.AddIDStr(htx.ContentLength, strconv.Itoa(len(body)))
		raw.Head.AddIDStr(htx.CacheControl, "no-cache")
		raw.Head.AddIDStr(htx.ContentType, "text/html")
		if e.close {
			raw.Head.AddIDStr(htx.Connection, "close")
		}
		raw.Head.BodyLen = int64(len(body))
		stdReplies[e.code] = &Reply{Status: e.code, Raw: raw}
		headReplies[e.code] = &Reply{Status: e.code, Raw: headReply(e.code, e.reason, body, e.close)}
	}
}

// headReply is the page for a head that could not be read: HAProxy's mux sends it
// with its fields in another order.
func headReply(code int, reason, body string, says bool) *RawReply {
	raw := &RawReply{Body: []byte(body)}
	raw.Head.StartResponse(code, reason)
	raw.Head.AddIDStr(htx.ContentLength, strconv.Itoa(len(body)))
	raw.Head.AddIDStr(htx.CacheControl, "no-cache")
	if says {
		raw.Head.AddIDStr(htx.Connection, "close")
	}
	raw.Head.AddIDStr(htx.ContentType, "text/html")
	raw.Head.BodyLen = int64(len(body))
	return raw
}

// HeadError returns HAProxy's page for a head that could not be read.
func HeadError(code int) *Reply {
	if r := headReplies[code]; r != nil {
		return r
	}
	return headReplies[400]
}

// StandardError returns HAProxy's page for a status; 500 for one that has none.
func StandardError(code int) *Reply {
	if r := stdReplies[code]; r != nil {
		return r
	}
	return stdReplies[500]
}

// HasStandardError reports whether a status can be given an error file.
func HasStandardError(code int) bool { return stdReplies[code] != nil }

var reasons = map[int]string{
	100: "Continue", 101: "Switching Protocols", 102: "Processing", 103: "Early Hints",
	200: "OK", 201: "Created", 202: "Accepted", 203: "Non-Authoritative Information", 204: "No Content",
	205: "Reset Content", 206: "Partial Content", 207: "Multi-Status", 210: "Content Different",
	226: "IM Used", 300: "Multiple Choices", 301: "Moved Permanently", 302: "Moved Temporarily",
	303: "See Other", 304: "Not Modified", 305: "Use Proxy", 307: "Temporary Redirect",
	308: "Permanent Redirect", 310: "Too many Redirects", 400: "Bad Request", 401: "Unauthorized",
	402: "Payment Required", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
	406: "Not Acceptable", 407: "Proxy Authentication Required", 408: "Request Time-out", 409: "Conflict",
	410: "Gone", 411: "Length Required", 412: "Precondition Failed", 413: "Request Entity Too Large",
	414: "Request-URI Too Long", 415: "Unsupported Media Type", 416: "Requested range unsatisfiable",
	417: "Expectation failed", 418: "I'm a teapot", 421: "Misdirected Request", 422: "Unprocessable Content",
	423: "Locked", 424: "Method failure", 425: "Too Early", 426: "Upgrade Required",
	428: "Precondition Required", 429: "Too Many Requests", 431: "Request Header Fields Too Large",
	449: "Retry With", 450: "Blocked by Windows Parental Controls", 451: "Unavailable For Legal Reasons",
	456: "Unrecoverable Error", 499: "client has closed connection", 500: "Internal Server Error",
	501: "Not Implemented", 502: "Bad Gateway or Proxy Error", 503: "Service Unavailable",
	504: "Gateway Time-out", 505: "HTTP Version not supported", 506: "Variant also negotiate",
	507: "Insufficient storage", 508: "Loop detected", 509: "Bandwidth Limit Exceeded",
	510: "Not extended", 511: "Network authentication required", 520: "Web server is returning an unknown error",
}

// Reason returns the phrase that HAProxy puts behind a status.
func Reason(code int) string {
	if r, ok := reasons[code]; ok {
		return r
	}
	switch code / 100 {
	case 1:
		return "Informational"
	case 2:
		return "OK"
	case 3:
		return "Redirection"
	case 4:
		return "Client Error"
	}
	return "Server Error"
}
