package persist

import "hawser/engine"

func init() {
	const admin = engine.LevelAdmin
	engine.AddCommands(
		engine.Command{Words: "enable dynamic-cookie backend", Level: admin, Usage: "<bk>: enable dynamic cookies on a specific backend",
			Run: onBackend(func(d *engine.DynamicCookies, _ []string) error { d.On = true; return nil })},
		engine.Command{Words: "disable dynamic-cookie backend", Level: admin, Usage: "<bk>: disable dynamic cookies on a specific backend",
			Run: onBackend(func(d *engine.DynamicCookies, _ []string) error { d.On = false; return nil })},
		engine.Command{Words: "set dynamic-cookie-key backend", Level: admin, Usage: "<bk> <k>: change a backend secret key for dynamic cookies",
			Run: onBackend(func(d *engine.DynamicCookies, args []string) error {
				if len(args) == 0 || args[0] == "" {
					return engine.Refuse("String value expected.\n")
				}
				d.Key = args[0]
				return nil
			})},
	)
}

// onBackend is a command that changes the dynamic cookies of the backend that its
// first argument names.
func onBackend(change func(d *engine.DynamicCookies, args []string) error) func(*engine.CLI, []string) error {
	return func(c *engine.CLI, args []string) error {
		if len(args) == 0 {
			return engine.Refuse("A backend name is expected.\n")
		}
		px := c.RT.Backend(args[0])
		if px == nil {
			return engine.Refuse("No such backend.\n")
		}
		d := dynamic(px)
		if err := change(&d, args[1:]); err != nil {
			return err
		}
		px.State.Cookies.Store(&d)
		for _, srv := range px.All() {
			renew(srv, &d)
		}
		return nil
	}
}

// renew gives a server whose cookie the file does not set the value that it has now.
func renew(srv *engine.Server, d *engine.DynamicCookies) {
	if srv.Cookie != "" && generated.Get(srv) == nil {
		return
	}
	value := ""
	if a := srv.State.Address(srv); d.On && d.Key != "" && a.IP.IsValid() {
		value = dynamicValue(d.Key, &a)
	}
	srv.State.Cookie.Store(&value)
}
