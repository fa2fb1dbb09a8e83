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
	c, k := cookies.Get(srv.Px), dynamicKeys.Get(srv.Px)
	if c != nil && c.dynamic && k != nil && srv.Cookie == "" && srv.Addr.IP.IsValid() {
		srv.Cookie = dynamicValue(k.key, srv)
	}
}

func dynamicValue(key string, srv *engine.Server) string {
	b := append([]byte(key), srv.Addr.IP.AsSlice()...)
	b = binary.BigEndian.AppendUint32(b, uint32(srv.Addr.Port))
	return fmt.Sprintf("%016x", xxhash.Sum64(b))
}
