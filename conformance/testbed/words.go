package testbed

import (
	"slices"
	"strings"
)

// words splits a line at blanks outside quotes and drops the comment. Words
// keep their quotes and escapes.
func words(line string) []string {
	var out []string
	var quote byte
	start := -1
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote != 0:
			if c == '\\' && quote == '"' {
				i++
			} else if c == quote {
				quote = 0
			}
			continue
		case c == '#':
			if start >= 0 {
				out = append(out, line[start:i])
			}
			return out
		case c == ' ' || c == '\t' || c == '\r':
			if start >= 0 {
				out = append(out, line[start:i])
			}
			start = -1
			continue
		case c == '"' || c == '\'':
			quote = c
		}
		if start < 0 {
			start = i
		}
		if c == '\\' {
			i++
		}
	}
	if start >= 0 {
		out = append(out, line[start:])
	}
	return out
}

// unquote takes off strong and weak quotes; variables stay.
func unquote(w string) string {
	return strings.NewReplacer(`"`, "", `'`, "", `\ `, " ").Replace(w)
}

// collect notes the hosts and paths that a line's conditions compare with.
func (r *rewriter) collect(w []string) {
	if n := len(w); n > 1 && (w[0] == "monitor-uri" || n > 2 && w[0] == "stats" && w[1] == "uri") {
		r.note('p', "path", w[n-1])
	}
	for i, t := range w {
		kind := fetchKind(strings.ToLower(unquote(t)))
		if kind == 0 {
			continue
		}
		for _, v := range values(w[i+1:]) {
			r.note(kind, fetchName(t), v)
		}
	}
}

func fetchName(t string) string {
	return strings.ToLower(t[:strings.IndexAny(t+"(", "(,")])
}

func fetchKind(t string) byte {
	switch name := fetchName(t); {
	case strings.HasPrefix(t, "hdr") && strings.Contains(t, "(host"), strings.HasPrefix(t, "req.hdr(host"),
		strings.HasPrefix(t, "req.fhdr(host"), strings.HasPrefix(name, "ssl_fc_sni"), strings.HasPrefix(name, "req.ssl_sni"),
		strings.HasPrefix(name, "req_ssl_sni"), strings.HasPrefix(t, "http_first_req,host"):
		return 'h'
	case strings.HasPrefix(name, "path"), strings.HasPrefix(name, "url") && !strings.HasPrefix(name, "url_param") && !strings.HasPrefix(name, "urlp"):
		return 'p'
	case strings.HasPrefix(name, "base"):
		return 'b'
	}
	return 0
}

// values are the patterns after a fetch: flags skipped, ended by a brace or a
// following word of the rule.
func values(w []string) []string {
	var out []string
	for i := 0; i < len(w); i++ {
		v := unquote(w[i])
		switch {
		case v == "-m" || v == "-f" || v == "-M" || v == "-u" || v == "-n":
			i++
		case strings.HasPrefix(v, "-") && len(v) == 2:
		case slices.Contains([]string{"}", "or", "||", "if", "unless", "{", "!{"}, v):
			return out
		default:
			out = append(out, v)
		}
	}
	return out
}

func (r *rewriter) note(kind byte, name, v string) {
	v = strings.NewReplacer(`\.`, ".", "^", "", "$", "", `\/`, "/", "(", "", ")", "", "?", "").Replace(v)
	if v == "" || strings.ContainsAny(v, "[*|+{%\\ \x00") {
		return
	}
	switch kind {
	case 'h':
		if strings.HasPrefix(v, ".") {
			v = "x" + v
		}
		r.keep(r.hosts, v)
	case 'p':
		switch {
		case strings.HasSuffix(name, "_end"):
			v = "/file" + v
		case !strings.HasPrefix(v, "/"):
			v = "/" + v
		}
		r.keep(r.paths, v)
	case 'b':
		host, path, _ := strings.Cut(v, "/")
		r.keep(r.hosts, host)
		r.keep(r.paths, "/"+path)
	}
}

func (r *rewriter) keep(m map[string][]string, v string) {
	if v != "" && len(v) < 200 && !slices.Contains(m[r.proxy], v) {
		m[r.proxy] = append(m[r.proxy], v)
	}
}
