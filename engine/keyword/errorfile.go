package keyword

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"hawser/engine"
	"hawser/engine/htx"
)

// rawReply reads a complete HTTP response: what an error file holds. An empty
// file closes the connection without an answer.
func rawReply(data []byte, status int) (*engine.Reply, error) {
	if len(data) == 0 {
		return &engine.Reply{Status: status, Silent: true}, nil
	}
	head, body, ok := cutHead(data)
	if !ok {
		return nil, errors.New("unable to parse headers: the empty line that ends them is missing")
	}
	line, fields, _ := bytes.Cut(head, []byte("\n"))
	raw := &engine.RawReply{Body: body}
	code, err := statusLine(&raw.Head, bytes.TrimSuffix(line, []byte("\r")))
	if err != nil {
		return nil, err
	}
	if err := headFields(&raw.Head, fields, len(body)); err != nil {
		return nil, err
	}
	raw.Head.BodyLen = int64(len(body))
	return &engine.Reply{Status: code, Raw: raw}, nil
}

// cutHead parts head and body; lines may end in LF alone.
func cutHead(data []byte) (head, body []byte, ok bool) {
	for i := 0; i < len(data); {
		n := bytes.IndexByte(data[i:], '\n')
		if n < 0 {
			return data, nil, bytes.HasPrefix(data, []byte("HTTP/"))
		}
		if line := bytes.TrimSuffix(data[i:i+n], []byte("\r")); len(line) == 0 {
			return data[:i], data[i+n+1:], i > 0
		}
		i += n + 1
	}
	return data, nil, true
}

func statusLine(m *htx.Msg, line []byte) (int, error) {
	version, rest, _ := bytes.Cut(line, []byte(" "))
	digits, reason, _ := bytes.Cut(rest, []byte(" "))
	code, err := strconv.Atoi(string(digits))
	if !bytes.HasPrefix(version, []byte("HTTP/")) || err != nil || code < 100 || code > 999 {
		return 0, fmt.Errorf("unable to parse headers: '%.40s' is no status line", line)
	}
	m.StartResponse(code, string(reason))
	if string(version) == "HTTP/1.0" {
		m.Version = m.Put(version)
		m.Flags &^= htx.Version11
	}
	return code, nil
}

// headFields adds the fields. A file without Content-Length ends with the
// connection, as HAProxy sends it.
func headFields(m *htx.Msg, fields []byte, size int) error {
	for len(fields) > 0 {
		var line []byte
		line, fields, _ = bytes.Cut(fields, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		name, value, ok := bytes.Cut(line, []byte(":"))
		if len(line) == 0 {
			continue
		}
		if !ok || len(name) == 0 || bytes.ContainsAny(name, " \t") {
			return fmt.Errorf("unable to parse headers: '%.40s' is no header field", line)
		}
		name, value = bytes.ToLower(name), bytes.Trim(value, " \t")
		switch string(name) {
		case "content-length":
			if n, err := strconv.Atoi(string(value)); err != nil || n != size {
				return fmt.Errorf("inconsistent content-length: %s instead of %d", value, size)
			}
		case "transfer-encoding":
			return errors.New("unable to parse headers: transfer-encoding cannot be used in an error file")
		}
		m.Add(name, value)
	}
	return nil
}
