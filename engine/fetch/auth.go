package fetch

import (
	"bytes"
	"encoding/base64"

	"hawser/engine"
	"hawser/engine/htx"
)

func init() {
	on := engine.OnRequest
	list := func(name string, out engine.Type, usage string, f func(env, engine.UserList) (smp, stat)) {
		engine.AddFetches(engine.Fetch{Name: name, Out: out, Where: on, Needs: engine.NeedHTTPReq, Args: engine.Args(engine.ArgUser), Usage: usage,
			Make: func(b *engine.Build, a args) (engine.FetchFunc, error) {
				var ul engine.UserList
				b.Later(func() {
					if engine.FindUserList != nil {
						ul = engine.FindUserList(b, a[0].Text)
					}
					if ul == nil {
						b.Unresolved(&a[0], "userlist", a[0].Text)
					}
				})
				return func(e env, _ args) (smp, stat) { return f(e, ul) }, nil
			}})
	}
	list("http_auth", engine.TBool, "(userlist): true if the request's credentials are those of a user in the list.", func(e env, ul engine.UserList) (smp, stat) {
		user, pass, ok := basic(e)
		if !ok {
			return none()
		}
		return boolean(ul.Check(user, pass))
	})
	list("http_auth_group", engine.TStr, "(userlist): the groups of the authenticated user, for ACLs.", func(e env, ul engine.UserList) (smp, stat) {
		user, pass, ok := basic(e)
		if !ok || !ul.Check(user, pass) {
			return none()
		}
		if !e.Each { // as a value it is the user, whose groups ACLs match
			return str(user)
		}
		return groupOf(e, ul, user)
	})
	engine.AddFetches(
		needHTTP(row("http_auth_user", engine.TStr, on, "The user in the request's Authorization header.", func(e env, _ args) (smp, stat) {
			user, _, ok := basic(e)
			if !ok {
				return none()
			}
			return str(user)
		})),
		needHTTP(row("http_auth_pass", engine.TStr, on, "The password in the request's Authorization header.", func(e env, _ args) (smp, stat) {
			_, pass, ok := basic(e)
			if !ok {
				return none()
			}
			return str(pass)
		})),
		needHTTP(row("http_auth_type", engine.TStr, on, "The scheme of the request's Authorization header.", func(e env, _ args) (smp, stat) {
			kind, _, ok := authorization(e, "")
			if !ok {
				return none()
			}
			return str(kind)
		})),
		withArgs(engine.OptArgs(0, engine.ArgStr), needHTTP(row("http_auth_bearer", engine.TStr, on, "([header]): the token of an Authorization header of the scheme Bearer, or of another header.", bearer))),
	)
}

// groupOf gives the user's groups one by one in ACLs, else all with commas.
func groupOf(e env, ul engine.UserList, user []byte) (smp, stat) {
	m := e.Mark()
	e.Tmp = ul.Groups(e.Tmp, user)
	all := e.Since(m)
	if !e.Each {
		return str(bytes.TrimSuffix(all, []byte(",")))
	}
	from := e.Cur[0]
	if from >= len(all) {
		return none()
	}
	n := bytes.IndexByte(all[from:], ',')
	e.Cur[0] = from + n + 1
	return smp{Type: engine.TStr, B: all[from : from+n], More: true}, found
}

// authorization splits the header into scheme and credentials.
func authorization(e env, header string) (scheme, rest []byte, ok bool) {
	m := e.Req()
	if m == nil {
		return nil, nil, false
	}
	var v []byte
	if header == "" {
		i := m.Next(htx.Authorization, 0)
		if p := m.Bytes(m.Target); len(p) > 0 && p[0] != '/' && m.Next(htx.ProxyAuthorization, 0) >= 0 {
			i = m.Next(htx.ProxyAuthorization, 0)
		}
		if i < 0 {
			return nil, nil, false
		}
		v = m.Value(i)
	} else if i := m.NextNameStr(header, 0); i >= 0 {
		v = m.Value(i)
	} else {
		return nil, nil, false
	}
	sp := bytes.IndexByte(v, ' ')
	if sp <= 0 {
		return nil, v, header != ""
	}
	return v[:sp], bytes.TrimLeft(v[sp:], " "), true
}

func basic(e env) (user, pass []byte, ok bool) {
	scheme, rest, ok := authorization(e, "")
	if !ok || !htx.EqualFold(scheme, "basic") {
		return nil, nil, false
	}
	m := e.Mark()
	e.Tmp = append(e.Tmp, make([]byte, base64.StdEncoding.DecodedLen(len(rest)))...)
	n, err := base64.StdEncoding.Decode(e.Tmp[m:], rest)
	if err != nil {
		return nil, nil, false
	}
	e.Tmp = e.Tmp[:m+n]
	return bytes.Cut(e.Since(m), []byte(":"))
}

func bearer(e env, a args) (smp, stat) {
	header := ""
	if given(a, 0) {
		header = string(appendLowerStr(nil, a[0].Text))
	}
	scheme, rest, ok := authorization(e, header)
	if !ok || !htx.EqualFold(scheme, "bearer") {
		return none()
	}
	return str(rest)
}

func appendLowerStr(dst []byte, s string) []byte {
	for i := range len(s) {
		dst = append(dst, lowerByte(s[i]))
	}
	return dst
}
