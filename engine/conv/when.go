package conv

import "hawser/engine"

func init() {
	made("when", engine.TAny, engine.TAny, "([!]condition[,args]): passes the input on if the condition holds: error, normal, forwarded, processed, toapplet, stopping, acl.", 1,
		types(engine.ArgStr, engine.ArgStr, engine.ArgStr), func(b *engine.Build, a args) (engine.ConvFunc, error) {
			name, neg := a[0].Text, false
			if len(name) > 0 && name[0] == '!' {
				name, neg = name[1:], true
			}
			test := whenTests[name]
			if name == "acl" {
				var err error
				if test, err = whenACL(b, text(a, 1, "")); err != nil {
					return nil, err
				}
			}
			if test == nil {
				return nil, errText("expects a supported keyword among {stopping,normal,error,forwarded,toapplet,processed,acl} but got '" + a[0].Text + "'")
			}
			return func(e env, _ args, v smp) (smp, stat) {
				if test(e) == neg {
					return none()
				}
				return v, found
			}, nil
		})
}

var whenTests = map[string]func(env) bool{
	"error":     failed,
	"normal":    func(e env) bool { return !failed(e) },
	"forwarded": func(e env) bool { return e.Strm != nil && e.Strm.Server != nil },
	"processed": func(e env) bool { return e.Strm != nil && (e.Strm.Server != nil || e.Strm.Local.Set) },
	"toapplet":  func(e env) bool { return e.Strm != nil && e.Strm.Local.Set && e.Strm.Local.Reply == nil },
	"stopping":  func(e env) bool { return e.RT != nil && e.RT.Proc != nil && e.RT.Proc.Stopping.Load() },
}

// failed follows option dontlog-normal: anything but a plain success.
func failed(e env) bool {
	s := e.Strm
	return s != nil && (s.Term.Cause != 0 && s.Term.Cause != 'L' || s.Retries > 0 || s.Redispatched || s.Status >= 500)
}

func whenACL(b *engine.Build, name string) (func(env) bool, error) {
	if name == "" {
		return nil, errText("'acl' selector requires an extra argument with the ACL name")
	}
	if b.Px == nil || b.Px.ACLs[name] == nil {
		return nil, errText("ACL '" + name + "' not found")
	}
	acl := b.Px.ACLs[name]
	return func(e env) bool {
		each, cur := e.Each, e.Cur
		r := acl.Eval(e)
		e.Each, e.Cur = each, cur
		return r == engine.Yes
	}, nil
}
