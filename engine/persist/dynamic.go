package persist

import (
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"hawser/engine"
)

// lintDynamic warns of dynamic cookies without a key.
func lintDynamic(b *engine.Build, px *engine.Proxy) {
	c := cookies.Get(px)
	if c == nil || !c.dynamic || px.Side&engine.Back == 0 {
		return
	}
	if dynamicKeys.Get(px) == nil {
		b.Warn(c.pos, "'dynamic-cookie-key' is missing in %s '%s': its dynamic cookies have no values.", px.Kind, px.Name)
	}
}

// makeDynamic gives a server without a cookie value one that is made of the key,
// the address and the port (configuration manual, "dynamic-cookie-key").
func makeDynamic(_ *engine.Build, srv *engine.Server) {
	if d := dynamic(srv.Px); d.On && d.Key != "" && srv.Cookie == "" && srv.Addr.IP.IsValid() {
		srv.Cookie = dynamicValue(d.Key, &srv.Addr)
		*generated.Edit(srv) = true
	}
}

// generated: the value of the server's cookie is not the file's.
var generated = engine.NewSlot[*engine.Server, bool]("dynamic cookie")

// dynamic is what holds for the backend now.
func dynamic(px *engine.Proxy) engine.DynamicCookies {
	if d := px.State.Cookies.Load(); d != nil {
		return *d
	}
	d := engine.DynamicCookies{}
	if c := cookies.Get(px); c != nil {
		d.On = c.dynamic
	}
	if k := dynamicKeys.Get(px); k != nil {
		d.Key = k.key
	}
	return d
}

func dynamicValue(key string, a *engine.ServerAddr) string {
	b := append([]byte(key), a.IP.AsSlice()...)
	b = binary.BigEndian.AppendUint32(b, uint32(a.Port))
	return fmt.Sprintf("%016x", xxhash.Sum64(b))
}
