package h1

import (
	"strings"
	"testing"

	"hawser/engine/htx"
)

// Every case was tried on HAProxy 2.6 and 3.5; where they differ 3.5 is followed and
// the comment says so. got is what HAProxy sends on to the server.
var requests = []struct {
	name, in string
	err      *Error // strict
	relaxed  *Error // with accept-unsafe-violations-in-http-request
	got      string // head written to the server; empty: not looked at
}{
	{"plain", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"leading CRLF", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"leading LF", "\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"leading CR", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", ErrBareCR, ErrBareCR, ""},
	{"leading space", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", ErrMethod, ErrMethod, ""},
	{"no host", "GET / HTTP/1.1\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\n\r\n"},
	{"1.0", "GET / HTTP/1.0\r\n\r\n", nil, nil, "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n"},
	{"0.9 line", "GET /\r\n\r\n", ErrVersion, nil, "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n"},
	{"0.9 alone", "GET /\r\n", ErrVersion, nil, "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n"},
	{"HTTP/0.9", "GET / HTTP/0.9\r\n\r\n", nil, nil, "GET / HTTP/0.9\r\nconnection: keep-alive\r\n\r\n"},
	{"HTTP/2.7", "GET / HTTP/2.7\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\n\r\n"},
	{"HTTP/1.2", "GET / HTTP/1.2\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\n\r\n"},
	{"HTTP/1.10", "GET / HTTP/1.10\r\n\r\n", ErrVersion, nil, ""},
	{"HTTP/1", "GET / HTTP/1\r\n\r\n", ErrVersion, nil, ""},
	{"HTTP/1.x", "GET / HTTP/1.x\r\n\r\n", ErrVersion, ErrVersion, ""},
	{"http/1.1", "GET / http/1.1\r\n\r\n", ErrVersion, ErrVersion, ""},
	{"HTTQ/1.1", "GET / HTTQ/1.1\r\n\r\n", ErrVersion, nil, ""},
	{"RTSP/1.0", "GET / RTSP/1.0\r\n\r\n", ErrVersion, nil, ""},
	{"space after version", "GET / HTTP/1.1 \r\n\r\n", ErrVersion, ErrVersion, ""},
	{"two spaces", "GET  /  HTTP/1.1\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\n\r\n"},
	{"tabs", "GET\t/\tHTTP/1.1\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\n\r\n"},
	{"preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ErrPreface, ErrPreface, ""},
	{"asterisk", "OPTIONS * HTTP/1.1\r\n\r\n", nil, nil, "OPTIONS * HTTP/1.1\r\n\r\n"},
	{"asterisk GET (2.6 takes it)", "GET * HTTP/1.1\r\n\r\n", ErrTargetForm, ErrTargetForm, ""},
	{"asterisk and more (2.6 takes it)", "OPTIONS *x HTTP/1.1\r\n\r\n", ErrTargetForm, ErrTargetForm, ""},
	{"no slash", "GET foo HTTP/1.1\r\nHost: a\r\n\r\n", ErrTargetForm, ErrTargetForm, ""},

	{"absolute", "GET http://a/x HTTP/1.1\r\nHost: a\r\n\r\n", nil, nil, "GET http://a/x HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"absolute differs", "GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n", ErrAuthority, nil, "GET http://b/x HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"absolute no host", "GET http://b/x HTTP/1.1\r\n\r\n", nil, nil, "GET http://b/x HTTP/1.1\r\n\r\n"},
	{"absolute :80", "GET http://a:80/x HTTP/1.1\r\nHost: a\r\n\r\n", nil, nil, "GET http://a/x HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"host :80", "GET http://a/x HTTP/1.1\r\nHost: a:80\r\n\r\n", nil, nil, "GET http://a/x HTTP/1.1\r\nhost: a:80\r\n\r\n"},
	{"both :80", "GET http://a:80/ HTTP/1.1\r\nHost: a:80\r\n\r\n", nil, nil, "GET http://a/ HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"absolute case", "GET http://A/x HTTP/1.1\r\nHost: a\r\n\r\n", nil, nil, "GET http://A/x HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"absolute :81", "GET http://a:81/x HTTP/1.1\r\nHost: a\r\n\r\n", ErrAuthority, nil, ""},
	{"absolute no path (2.6 adds no slash)", "GET http://a HTTP/1.1\r\nHost: a\r\n\r\n", nil, nil, "GET http://a/ HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"absolute no path OPTIONS", "OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n", nil, nil, "OPTIONS http://a HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"absolute query (2.6 refuses)", "GET http://a?x HTTP/1.1\r\nHost: a\r\n\r\n", nil, nil, "GET http://a?x HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"absolute 1.0 differs", "GET http://b/x HTTP/1.0\r\nHost: a\r\n\r\n", ErrAuthority, nil, ""},
	{"absolute https :443", "GET https://a:443/x HTTP/1.1\r\nHost: a\r\n\r\n", nil, nil, "GET https://a/x HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"absolute user", "GET http://u:p@a/x HTTP/1.1\r\nHost: a\r\n\r\n", nil, nil, "GET http://u:p@a/x HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"absolute empty authority (2.6 takes it)", "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", ErrAuthority, nil, ""},
	{"absolute without host (HAProxy takes it, and sends what it refuses)", "GET http://:80/x HTTP/1.1\r\n\r\n", ErrAuthority, nil, ""},
	{"absolute user without host (HAProxy takes it)", "GET http://u@/x HTTP/1.1\r\n\r\n", ErrAuthority, nil, ""},
	{"absolute empty host", "GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n", ErrAuthority, nil, ""},
	{"absolute bare colon", "GET http://a:/x HTTP/1.1\r\nHost: a\r\n\r\n", nil, nil, "GET http://a/x HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"scheme upper", "GET HTTP://a/x HTTP/1.1\r\nHost: a\r\n\r\n", nil, nil, "GET HTTP://a/x HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"scheme other", "GET ftp://a/x HTTP/1.1\r\nHost: a\r\n\r\n", nil, nil, "GET ftp://a/x HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"scheme digit", "GET 1ht://a/ HTTP/1.1\r\nHost: a\r\n\r\n", ErrTargetForm, ErrTargetForm, ""},
	{"scheme without authority", "GET foo:/a HTTP/1.1\r\nHost: a\r\n\r\n", ErrTargetForm, ErrTargetForm, ""},
	{"scheme missing", "GET ://a/ HTTP/1.1\r\nHost: a\r\n\r\n", ErrTargetForm, ErrTargetForm, ""},

	{"connect", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", nil, nil, "CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"connect no port", "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", ErrTargetForm, nil, ""},
	{"connect differs", "CONNECT b:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", ErrAuthority, nil, ""},
	{"connect host no port", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", nil, nil, "CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"connect path", "CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n", ErrTargetForm, ErrTargetForm, ""},
	{"connect ipv6", "CONNECT [::1]:80 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", nil, nil, "CONNECT [::1]:80 HTTP/1.1\r\nhost: [::1]\r\n\r\n"},
	{"connect 8080", "CONNECT a:8080 HTTP/1.1\r\nHost: a:8080\r\n\r\n", nil, nil, "CONNECT a:8080 HTTP/1.1\r\nhost: a:8080\r\n\r\n"},
	{"connect 8080 host none", "CONNECT a:8080 HTTP/1.1\r\nHost: a\r\n\r\n", ErrAuthority, nil, ""},
	{"connect ports differ", "CONNECT a:443 HTTP/1.1\r\nHost: a:80\r\n\r\n", ErrAuthority, nil, ""},
	{"connect port word", "CONNECT a:b HTTP/1.1\r\nHost: a:b\r\n\r\n", ErrTargetForm, nil, ""},
	{"connect user", "CONNECT u@a:80 HTTP/1.1\r\nHost: a\r\n\r\n", nil, nil, ""},
	{"connect chunked", "CONNECT a:81 HTTP/1.1\r\nHost: a:81\r\nTransfer-Encoding: chunked\r\n\r\n", nil, nil, "CONNECT a:81 HTTP/1.1\r\nhost: a:81\r\nconnection: close\r\n\r\n"},

	{"hosts equal", "GET / HTTP/1.1\r\nHost: a\r\nHOST: A\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"hosts differ", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", ErrHostDiffers, ErrHostDiffers, ""},
	{"host empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nhost: \r\n\r\n"},
	{"host list (2.6 takes it)", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", ErrHost, ErrHost, ""},
	{"host space (2.6 takes it)", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", ErrHost, ErrHost, ""},
	{"host slash (2.6 takes it)", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", ErrHost, ErrHost, ""},
	{"host user (2.6 takes it)", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", ErrHost, ErrHost, ""},
	{"host control (2.6 takes it)", "GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n", ErrHost, ErrHost, ""},
	{"host non-ASCII (2.6 takes it)", "GET / HTTP/1.1\r\nHost: \xe9\r\n\r\n", ErrHost, ErrHost, ""},
	{"host port word", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", nil, nil, ""},
	{"host quote", "GET / HTTP/1.1\r\nHost: a\"b\r\n\r\n", nil, nil, ""},

	{"name space", "GET / HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n", ErrFieldName, nil, "GET / HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"name space colon", "GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n", ErrFieldName, nil, "GET / HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"name tab colon", "GET / HTTP/1.1\r\nHost: a\r\nX\t: 1\r\n\r\n", ErrFieldName, nil, "GET / HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"name empty", "GET / HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n", ErrEmptyName, ErrEmptyName, ""},
	{"no colon", "GET / HTTP/1.1\r\nHost: a\r\nXY\r\n\r\n", ErrNoColon, ErrNoColon, ""},
	{"no colon space", "GET / HTTP/1.1\r\nHost: a\r\nXY \r\n\r\n", ErrFieldName, ErrNoColon, ""},
	{"name parenthesis", "GET / HTTP/1.1\r\nHost: a\r\nX(: 1\r\n\r\n", ErrFieldName, nil, "GET / HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"name control", "GET / HTTP/1.1\r\nHost: a\r\nX\x01: 1\r\n\r\n", ErrFieldName, nil, "GET / HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"name NUL", "GET / HTTP/1.1\r\nHost: a\r\nX\x00: 1\r\n\r\n", ErrFieldName, nil, "GET / HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"name non-ASCII", "GET / HTTP/1.1\r\nHost: a\r\nX\x80: 1\r\n\r\n", ErrFieldName, nil, "GET / HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"name token", "GET / HTTP/1.1\r\nHost: a\r\nX!#$%&'*+-.^_`|~: 1\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nhost: a\r\nx!#$%&'*+-.^_`|~: 1\r\n\r\n"},

	{"value NUL (2.6 takes it)", "GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n", ErrFieldValue, nil, "GET / HTTP/1.1\r\nhost: a\r\nx: a\x00b\r\n\r\n"},
	{"value control", "GET / HTTP/1.1\r\nHost: a\r\nX: a\x01\x1b\x7f\x0b\x0cb\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nhost: a\r\nx: a\x01\x1b\x7f\x0b\x0cb\r\n\r\n"},
	{"value non-ASCII", "GET / HTTP/1.1\r\nHost: a\r\nX: a\x80b\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nhost: a\r\nx: a\x80b\r\n\r\n"},
	{"value blanks", "GET / HTTP/1.1\r\nHost: a\r\nX: \t a\tb \t \r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nhost: a\r\nx: a\tb\r\n\r\n"},
	{"value empty", "GET / HTTP/1.1\r\nHost: a\r\nX:  \r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nhost: a\r\nx: \r\n\r\n"},
	{"value CR", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", ErrBareCR, ErrBareCR, ""},
	{"value CR CR LF", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\r\n\r\n", ErrBareCR, ErrBareCR, ""},
	{"LF alone", "GET / HTTP/1.1\nHost: a\nX: 1\n\n", nil, nil, "GET / HTTP/1.1\r\nhost: a\r\nx: 1\r\n\r\n"},
	{"CR at end", "GET / HTTP/1.1\r\nHost: a\r\n\rx", ErrBareCR, ErrBareCR, ""},
	{"CR in request line", "GET / HTTP/1.1\rHost: a\r\n\r\n", ErrBareCR, ErrBareCR, ""},
	{"fold space", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nhost: a\r\nx: a   b\r\n\r\n"},
	{"fold tab", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nhost: a\r\nx: a  \tb\r\n\r\n"},
	{"fold LF", "GET / HTTP/1.1\r\nHost: a\r\nX: a\n b\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nhost: a\r\nx: a  b\r\n\r\n"},
	{"fold first", "GET / HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n", ErrLeadingFold, nil, "GET / HTTP/1.1\r\nhost: a\r\n\r\n"},
	{"fold empty", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n \r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nhost: a\r\nx: a\r\n\r\n"},
	{"fold more", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n  b\r\n   c\r\nY: 2\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nhost: a\r\nx: a    b     c\r\ny: 2\r\n\r\n"},
	{"fold at once", "GET / HTTP/1.1\r\nHost:\r\n a\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nhost: a\r\n\r\n"},

	{"length", "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n", nil, nil, "POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n"},
	{"length twice", "POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 02\r\n\r\n", nil, nil, "POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n"},
	{"length differs", "POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n", ErrLengthDiffer, ErrLengthDiffer, ""},
	{"length list", "POST / HTTP/1.1\r\nContent-Length: 2, 2,2\r\n\r\n", nil, nil, "POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n"},
	{"length list differs", "POST / HTTP/1.1\r\nContent-Length: 2, 3\r\n\r\n", ErrLengthDiffer, ErrLengthDiffer, ""},
	{"length list empty", "POST / HTTP/1.1\r\nContent-Length: 2,\r\n\r\n", ErrLength, ErrLength, ""},
	{"length empty", "POST / HTTP/1.1\r\nContent-Length:\r\n\r\n", ErrLength, ErrLength, ""},
	{"length minus", "POST / HTTP/1.1\r\nContent-Length: -2\r\n\r\n", ErrLength, ErrLength, ""},
	{"length plus", "POST / HTTP/1.1\r\nContent-Length: +2\r\n\r\n", ErrLength, ErrLength, ""},
	{"length hex", "POST / HTTP/1.1\r\nContent-Length: 0x2\r\n\r\n", ErrLength, ErrLength, ""},
	{"length leading zero", "POST / HTTP/1.1\r\nContent-Length: 002\r\n\r\n", nil, nil, "POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n"},
	{"length most", "POST / HTTP/1.1\r\nContent-Length: 9223372036854775807\r\n\r\n", nil, nil, ""},
	{"length overflow", "POST / HTTP/1.1\r\nContent-Length: 18446744073709551617\r\n\r\n", ErrLength, ErrLength, ""},
	{"length two words", "POST / HTTP/1.1\r\nContent-Length: 2 3\r\n\r\n", ErrLength, ErrLength, ""},
	{"length GET", "GET / HTTP/1.1\r\nContent-Length: 2\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\ncontent-length: 2\r\n\r\n"},
	{"length GET 1.0", "GET / HTTP/1.0\r\nContent-Length: 2\r\n\r\n", ErrPayload, ErrPayload, ""},

	{"chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: CHUNKED\r\n\r\n", nil, nil, "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"},
	{"chunked and length", "POST / HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", nil, nil, "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"},
	{"chunked 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", nil, nil, "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n"},
	{"chunked GET 1.0", "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", ErrPayload, ErrPayload, ""},
	{"gzip", "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", ErrCoding, ErrCoding, ""},
	{"gzip, chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", ErrCodingOther, ErrCodingOther, ""},
	{"gzip then chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", ErrCodingOther, ErrCodingOther, ""},
	{"chunked, gzip", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", ErrCoding, ErrCoding, ""},
	{"chunked twice", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", ErrCoding, ErrCoding, ""},
	{"chunked, chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", ErrCoding, ErrCoding, ""},
	{"identity", "POST / HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n", ErrCoding, ErrCoding, ""},
	{"coding empty", "POST / HTTP/1.1\r\nTransfer-Encoding:\r\n\r\n", ErrCoding, ErrCoding, ""},
	{"xchunked", "POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n", ErrCoding, ErrCoding, ""},
	{"chunked parameter", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked;a=b\r\n\r\n", ErrCoding, ErrCoding, ""},
	{"chunked, (2.6 takes it)", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked,\r\n\r\n", ErrCoding, ErrCoding, ""},
	{",chunked (2.6: 422)", "POST / HTTP/1.1\r\nTransfer-Encoding: ,chunked\r\n\r\n", ErrCoding, ErrCoding, ""},
	{"VT chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: \x0bchunked\r\n\r\n", ErrCoding, ErrCoding, ""},
	{"quoted chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: \"chunked\"\r\n\r\n", ErrCoding, ErrCoding, ""},

	{"target non-ASCII", "GET /\x80 HTTP/1.1\r\n\r\n", ErrNonASCII, nil, "GET /\x80 HTTP/1.1\r\n\r\n"},
	{"target fragment", "GET /a#b HTTP/1.1\r\n\r\n", ErrFragment, nil, "GET /a#b HTTP/1.1\r\n\r\n"},
	{"target control", "GET /\x01 HTTP/1.1\r\n\r\n", ErrTarget, ErrTarget, ""},
	{"target NUL", "GET /\x00 HTTP/1.1\r\n\r\n", ErrTarget, ErrTarget, ""},
	{"target DEL", "GET /\x7f HTTP/1.1\r\n\r\n", ErrTarget, ErrTarget, ""},
	{"target odd", "GET /\"<>\\^`{|} HTTP/1.1\r\n\r\n", nil, nil, "GET /\"<>\\^`{|} HTTP/1.1\r\n\r\n"},
	{"target space", "GET /a b HTTP/1.1\r\n\r\n", ErrVersion, ErrVersion, ""},
	{"target missing", "GET  HTTP/1.1\r\n\r\n", ErrVersion, ErrTargetForm, ""},
	{"method lower", "get / HTTP/1.1\r\n\r\n", nil, nil, "get / HTTP/1.1\r\n\r\n"},
	{"method token", "M-!#$%&'*+.^_`|~1 / HTTP/1.1\r\n\r\n", nil, nil, ""},
	{"method at", "G@T / HTTP/1.1\r\n\r\n", ErrMethod, ErrMethod, ""},
	{"method alone", "GET\r\n\r\n", ErrMethod, ErrMethod, ""},
	{"TLS", "\x16\x03\x01", ErrMethod, ErrMethod, ""},
	{"early: method", "GE\x01", ErrMethod, ErrMethod, ""},
	{"early: target", "GET /\x01", ErrTarget, ErrTarget, ""},
	{"early: version", "GET / h", ErrVersion, ErrVersion, ""},
	{"early: name", "GET / HTTP/1.1\r\nX Y", ErrFieldName, nil, ""},

	{"upgrade", "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nconnection: Upgrade\r\nupgrade: foo\r\n\r\n"},
	{"upgrade alone (2.6 keeps it)", "GET / HTTP/1.1\r\nUpgrade: foo\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\n\r\n"},
	{"upgrade of nothing", "GET / HTTP/1.1\r\nConnection: Upgrade\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\n\r\n"},
	{"websocket without key", "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", ErrWebSocketKey, nil, ""},
	{"websocket", "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", nil, nil, ""},
	{"h2c (2.6 keeps it)", "GET / HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: A\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nconnection: HTTP2-Settings\r\nhttp2-settings: A\r\n\r\n"},
	{"h2c among others", "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: foo,h2c , bar\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nconnection: Upgrade\r\nupgrade: foo,bar\r\n\r\n"},
	{"upgrade twice", "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: foo\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nconnection: Upgrade\r\nupgrade: foo\r\n\r\n"},
	{"upgrade 1.0", "GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n", nil, nil, "GET / HTTP/1.0\r\nconnection: Upgrade\r\nupgrade: foo\r\n\r\n"},
	{"connection close", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\n\r\n"},
	{"connection mixed", "GET / HTTP/1.1\r\nConnection: close, X-Foo , keep-alive,Y\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nconnection: X-Foo,Y\r\n\r\n"},
	{"connection kept as is", "GET / HTTP/1.1\r\nConnection: \"close\", x,,y\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nconnection: \"close\", x,,y\r\n\r\n"},
	{"connection empty elements", "GET / HTTP/1.1\r\nConnection: , ,close,\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\n\r\n"},
	{"connection order", "GET / HTTP/1.1\r\nUpgrade: Foo\r\nConnection: x, UPGRADE, keep-alive\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nupgrade: Foo\r\nconnection: x, UPGRADE\r\n\r\n"},
	{"1.0 connection other", "GET / HTTP/1.0\r\nConnection: X-Foo\r\n\r\n", nil, nil, "GET / HTTP/1.0\r\nconnection: X-Foo\r\nconnection: keep-alive\r\n\r\n"},
	{"te", "GET / HTTP/1.1\r\nTE: trailers, deflate\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nte: trailers\r\n\r\n"},
	{"te other", "GET / HTTP/1.1\r\nTE: deflate\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\n\r\n"},
	{"te parameter", "GET / HTTP/1.1\r\nTE: Trailers;q=0.5\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\n\r\n"},
	{"order", "GET / HTTP/1.1\r\nB: 1\r\nA: 2\r\nb: 3\r\n\r\n", nil, nil, "GET / HTTP/1.1\r\nb: 1\r\na: 2\r\nb: 3\r\n\r\n"},
	{"100 fields", "GET / HTTP/1.1\r\n" + strings.Repeat("X: 1\r\n", 100) + "\r\n", nil, nil, ""},
	{"101 fields", "GET / HTTP/1.1\r\n" + strings.Repeat("X: 1\r\n", 101) + "\r\n", ErrFields, ErrFields, ""},
}

func TestRequest(t *testing.T) {
	for _, c := range requests {
		t.Run(c.name, func(t *testing.T) {
			got := c.got
			if c.err != nil {
				got = ""
			}
			checkRequest(t, "strict", Parser{}, c.in, c.err, got)
			got = c.got
			if c.relaxed != nil {
				got = ""
			}
			checkRequest(t, "relaxed", Parser{Relaxed: true}, c.in, c.relaxed, got)
		})
	}
}

// checkRequest parses in at once and byte by byte: both must come to the same end.
func checkRequest(t *testing.T, mode string, p Parser, in string, want *Error, head string) {
	t.Helper()
	var m htx.Msg
	n, err := p.Request(&m, []byte(in))
	early := err == ErrMore
	if !early {
		compare(t, mode+" at once", err, want)
	}
	if want != nil {
		if m.Err != error(want) {
			t.Errorf("%s: Msg.Err = %v", mode, m.Err)
		}
	} else if err == nil && head != "" {
		keep := m.Flags&htx.MustClose == 0 || m.MethodID != htx.CONNECT
		if got := string(AppendRequestHead(nil, &m, RequestConn(&m, keep))); got != head {
			t.Errorf("%s: written as\n%q\nwant\n%q", mode, got, head)
		}
	}
	whole, off := m, m.ErrOff
	_ = whole
	p.Reset()
	var s htx.Msg
	for k := 1; k <= len(in); k++ {
		n2, err2 := p.Request(&s, []byte(in)[:k])
		if err2 == ErrMore {
			if k == len(in) && !early {
				t.Fatalf("%s: byte by byte: ErrMore at the end", mode)
			}
			continue
		}
		compare(t, mode+" byte by byte", err2, want)
		if n2 != n || s.ErrOff != off || s.Flags != m.Flags || s.BodyLen != m.BodyLen {
			t.Errorf("%s: byte by byte: n=%d off=%d flags=%x, at once n=%d off=%d flags=%x", mode, n2, s.ErrOff, s.Flags, n, off, m.Flags)
		}
		return
	}
}

func compare(t *testing.T, what string, err error, want *Error) {
	t.Helper()
	if want == nil {
		if err != nil {
			t.Errorf("%s: refused: %v", what, err)
		}
	} else if err != error(want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

func TestRequestBody(t *testing.T) {
	for _, c := range []struct {
		name, in string
		length   int64
		flags    htx.Flags
	}{
		{"none", "GET / HTTP/1.1\r\n\r\n", 0, htx.NoBody},
		{"POST none", "POST / HTTP/1.1\r\n\r\n", 0, htx.NoBody},
		{"length", "POST / HTTP/1.1\r\nContent-Length: 7\r\n\r\n", 7, htx.HasLength},
		{"length 0", "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 0, htx.HasLength | htx.NoBody},
		{"chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", -1, htx.Chunked | htx.HasTE},
		{"both", "POST / HTTP/1.1\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n", -1, htx.Chunked | htx.HasTE | htx.MustClose},
		{"chunked 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", -1, htx.Chunked | htx.HasTE | htx.MustClose},
		{"expect", "POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 7\r\n\r\n", 7, htx.HasLength | htx.Expect100},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p Parser
			var m htx.Msg
			if _, err := p.Request(&m, []byte(c.in)); err != nil {
				t.Fatal(err)
			}
			if m.BodyLen != c.length || m.Flags&^htx.Version11 != c.flags {
				t.Errorf("length %d, flags %x; want %d, %x", m.BodyLen, m.Flags&^htx.Version11, c.length, c.flags)
			}
		})
	}
}
