package cache

import (
	"fmt"
	"hash/fnv"
	"unsafe"

	"hawser/engine"
	"hawser/engine/clock"
)

func init() {
	engine.AddCommands(engine.Command{Words: "show cache", Usage: ": show cache status", Run: show})
}

// show lists the caches and their objects. All memory of a store can be used again.
func show(c *engine.CLI, _ []string) error {
	set := all.Get(c.RT)
	if set == nil {
		return nil
	}
	now := clock.Now()
	for _, s := range set.order {
		at := uintptr(unsafe.Pointer(s.store))
		c.Print(fmt.Sprintf("%#x: %s (shctx:%#x, available blocks:%d)\n", at, s.name, at, s.total/block))
		for _, o := range s.store.list() {
			h := fnv.New32a()
			h.Write([]byte(o.key))
			c.Print(fmt.Sprintf("%#x hash:%d vary:0x%s type:full size:%d (%d blocks), refcount:%d, expire:%d\n",
				uintptr(unsafe.Pointer(o)), h.Sum32(), o.secondary(), o.size, o.blocks(), 0, int64(o.expires-now+999)/1000))
			if c.Flush != nil && len(c.Out) > 16<<10 {
				if err := c.Flush(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// secondary is the variant as HAProxy prints its secondary key: 20 bytes.
func (o *object) secondary() string {
	var enc uint32
	var ref, org uint64
	if o.vary&onEncoding != 0 {
		enc = uint32(o.variant.is)
	}
	if o.vary&onReferer != 0 {
		ref = o.variant.referer
	}
	if o.vary&onOrigin != 0 {
		org = o.variant.origin
	}
	return fmt.Sprintf("%08x%016x%016x", enc, ref, org)
}
