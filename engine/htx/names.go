package htx

import (
	"encoding/binary"
	"unsafe"
)

// FieldID names the fields that anything here looks up. None is any other.
type FieldID uint8

// One row per known field: the constant here, the name below, in the same order.
const (
	None FieldID = iota
	Host
	ContentLength
	TransferEncoding
	Connection
	Upgrade
	Expect
	Cookie
	SetCookie
	XForwardedFor
	XForwardedProto
	XForwardedHost
	XForwardedPort
	XOriginalTo
	XRealIP
	Forwarded
	TE
	Trailer
	KeepAlive
	ProxyConnection
	Authorization
	ProxyAuthorization
	ProxyAuthenticate
	WWWAuthenticate
	CacheControl
	Pragma
	Expires
	Age
	ETag
	LastModified
	IfModifiedSince
	IfNoneMatch
	IfMatch
	IfUnmodifiedSince
	IfRange
	Range
	ContentRange
	AcceptRanges
	Location
	ContentLocation
	Date
	Server
	UserAgent
	Accept
	AcceptEncoding
	AcceptLanguage
	AcceptCharset
	ContentType
	ContentEncoding
	ContentLanguage
	ContentDisposition
	ContentSecurityPolicy
	Referer
	Origin
	Vary
	Via
	Warning
	RetryAfter
	Allow
	From
	MaxForwards
	StrictTransportSecurity
	SecWebSocketKey
	SecWebSocketAccept
	SecWebSocketVersion
	SecWebSocketProtocol
	SecWebSocketExtensions
	HTTP2Settings
	XRequestID
	XForwardedPrefix
	XContentTypeOptions
	XFrameOptions
	XXSSProtection
	AltSvc
	EarlyData
	DNT
	SecFetchDest
	SecFetchMode
	SecFetchSite
	SecFetchUser
	UpgradeInsecureRequests
	AccessControlAllowOrigin
	AccessControlRequestMethod
	AccessControlRequestHeaders
	Refresh
	Link
	P3P
	Priority
	fieldCount
)

var fieldNames = [fieldCount]string{
	"", "host", "content-length", "transfer-encoding", "connection", "upgrade", "expect", "cookie",
	"set-cookie", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port",
	"x-original-to", "x-real-ip", "forwarded", "te", "trailer", "keep-alive", "proxy-connection",
	"authorization", "proxy-authorization", "proxy-authenticate", "www-authenticate", "cache-control",
	"pragma", "expires", "age", "etag", "last-modified", "if-modified-since", "if-none-match", "if-match",
	"if-unmodified-since", "if-range", "range", "content-range", "accept-ranges", "location",
	"content-location", "date", "server", "user-agent", "accept", "accept-encoding", "accept-language",
	"accept-charset", "content-type", "content-encoding", "content-language", "content-disposition",
	"content-security-policy", "referer", "origin", "vary", "via", "warning", "retry-after", "allow",
	"from", "max-forwards", "strict-transport-security", "sec-websocket-key", "sec-websocket-accept",
	"sec-websocket-version", "sec-websocket-protocol", "sec-websocket-extensions", "http2-settings",
	"x-request-id", "x-forwarded-prefix", "x-content-type-options", "x-frame-options",
	"x-xss-protection", "alt-svc", "early-data", "dnt", "sec-fetch-dest", "sec-fetch-mode",
	"sec-fetch-site", "sec-fetch-user", "upgrade-insecure-requests", "access-control-allow-origin",
	"access-control-request-method", "access-control-request-headers", "refresh", "link", "p3p", "priority",
}

// String returns the lower-case name, empty for None.
func (id FieldID) String() string { return fieldNames[id] }

// The table is a perfect hash over first four bytes, last four bytes and length.
// Its multiplier is searched at start-up, which takes microseconds, so that a new
// row needs no generated file.
const nameBits = 11

var (
	nameSeed  uint64
	nameTable [1 << nameBits]FieldID
)

func init() {
	for id := Host; id < fieldCount; id++ {
		nameBytes[id][31] = byte(copy(nameBytes[id][:31], fieldNames[id]))
	}
	for seed := uint64(0x9e3779b97f4a7c15); ; seed = seed*0x5851f42d4c957f2d + 0x14057b7ef767814f {
		if tryNameSeed(seed | 1) {
			return
		}
	}
}

func tryNameSeed(seed uint64) bool {
	var t [1 << nameBits]FieldID
	for id := Host; id < fieldCount; id++ {
		h := nameKey([]byte(fieldNames[id])) * seed >> (64 - nameBits)
		if t[h] != None {
			return false
		}
		t[h] = id
	}
	nameSeed, nameTable = seed, t
	return true
}

// foldBits set in every byte turns a letter of a name to lower case and leaves
// digits and '-' alone: names of the table hold nothing else.
const foldBits = 0x2020202020202020

// nameBytes are the names again, padded, for comparing eight bytes at a time, with
// their length in the last byte.
var nameBytes [fieldCount][32]byte

func nameKey(b []byte) uint64 {
	n := len(b)
	if n >= 4 {
		lo := uint64(binary.LittleEndian.Uint32(b))
		hi := uint64(binary.LittleEndian.Uint32(b[n-4:]))
		return (lo | hi<<32 | foldBits) ^ uint64(n)<<27
	}
	k := uint64(n) << 56
	for i := 0; i < n; i++ {
		k |= uint64(b[i]|0x20) << (8 * i)
	}
	return k
}

// KnownField returns the ID of a name of token characters, in any case.
func KnownField(b []byte) FieldID {
	id := nameTable[nameKey(b)*nameSeed>>(64-nameBits)]
	name := &nameBytes[id]
	n := len(b)
	if int(name[31]) != n {
		return None
	}
	if n < 8 {
		for i, c := range b {
			if c|0x20 != name[i] {
				return None
			}
		}
		return id
	}
	var diff uint64
	for i := 0; i < n-8; i += 8 {
		diff |= (binary.LittleEndian.Uint64(b[i:]) | foldBits) ^ binary.LittleEndian.Uint64(name[i:])
	}
	diff |= (binary.LittleEndian.Uint64(b[n-8:]) | foldBits) ^ binary.LittleEndian.Uint64(name[n-8:])
	if diff != 0 {
		return None
	}
	return id
}

// KnownFieldStr is KnownField for a string.
func KnownFieldStr(s string) FieldID {
	return KnownField(unsafe.Slice(unsafe.StringData(s), len(s)))
}

// lower maps A-Z to a-z and every other byte to itself.
var lower = func() (t [256]byte) {
	for i := range t {
		t[i] = byte(i)
		if i >= 'A' && i <= 'Z' {
			t[i] = byte(i) + 'a' - 'A'
		}
	}
	return t
}()

// Lower lower-cases ASCII letters in place.
func Lower(b []byte) {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		v := binary.LittleEndian.Uint64(b[i:])
		binary.LittleEndian.PutUint64(b[i:], lower8(v))
	}
	for ; i < len(b); i++ {
		b[i] = lower[b[i]]
	}
}

// lower8 lower-cases eight bytes: the high bit of each tells whether it is a capital.
func lower8(v uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	low := v &^ highs
	capital := (low + ones*(0x80-'A')) &^ (low + ones*(0x7f-'Z')) &^ v & highs
	return v | capital>>2
}

// EqualFold reports whether b equals the lower-case s, ASCII case ignored.
func EqualFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i, c := range b {
		if lower[c] != s[i] {
			return false
		}
	}
	return true
}
