package persist

import (
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"hawser/engine"
)

// makeDynamic gives servers without a cookie value one that is made of the key,
// the address and the port (configuration manual, "dynamic-cookie-key").
func makeDynamic(b *engine.Build, px *engine.Proxy) {
	c := cookies.Get(px)
	if c == nil || !c.dynamic || px.Side&engine.Back == 0 {
		return
	}
	k := dynamicKeys.Get(px)
	if k == nil {
		b.Warn(c.pos, "'dynamic-cookie-key' is missing in %s '%s': its dynamic cookies have no values.", px.Kind, px.Name)
		return
	}
	for _, srv := range px.Servers {
		if srv.Cookie == "" && srv.Addr.IP.IsValid() {
			srv.Cookie = dynamicValue(k.key, srv)
		}
	}
}

func dynamicValue(key string, srv *engine.Server) string {
	b := append([]byte(key), srv.Addr.IP.AsSlice()...)
	b = binary.BigEndian.AppendUint32(b, uint32(srv.Addr.Port))
	return fmt.Sprintf("%016x", xxhash.Sum64(b))
}
