package fetch

import (
	"strconv"

	"hawser/engine"
	"hawser/engine/htx"
)

// internal.htx.* and internal.htx_blk.*, by what a message here has: the start line
// is block 0, the fields follow, then the end of the head.
func init() {
	htxNumber("data", engine.TSint, "Bytes of the message's head.", func(m *htx.Msg) int64 { return int64(m.HeadSize()) })
	htxNumber("used", engine.TSint, "Bytes of the message's head.", func(m *htx.Msg) int64 { return int64(m.HeadSize()) })
	htxNumber("size", engine.TSint, "Bytes that the message's room has.", func(m *htx.Msg) int64 { return int64(cap(m.Arena())) })
	htxNumber("free", engine.TSint, "Bytes left in the message's room.", func(m *htx.Msg) int64 { return int64(cap(m.Arena()) - len(m.Arena())) })
	htxNumber("free_data", engine.TSint, "Bytes left in the message's room.", func(m *htx.Msg) int64 { return int64(cap(m.Arena()) - len(m.Arena())) })
	htxNumber("nbblks", engine.TSint, "Blocks of the message: start line, fields, end.", func(m *htx.Msg) int64 { return int64(m.FieldCount() + 2) })
	htxNumber("has_eom", engine.TBool, "True if the message has no body to come.", func(m *htx.Msg) int64 { return int64(b2i(m.BodyLen == 0 || m.Has(htx.NoBody))) })
	htxBlock("type", engine.TStr, "what a block of the message is.", blockType)
	htxBlock("hdrname", engine.TStr, "the name in a header block.", blockHeader(false))
	htxBlock("hdrval", engine.TStr, "the value in a header block.", blockHeader(true))
	htxBlock("size", engine.TSint, "the size of a header block.", blockSize)
	htxBlock("data", engine.TBin, "the contents of a data block: bodies are not kept in blocks here.", func(env, *htx.Msg, int) (smp, stat) { return none() })
	htxBlock("start_line", engine.TStr, "the start line, if the block is one.", startLine)
}

// htxNumber registers a number of the message.
func htxNumber(name string, out engine.Type, usage string, f func(*htx.Msg) int64) {
	engine.AddFetches(row("internal.htx."+name, out, engine.OnBoth, usage, func(e env, _ args) (smp, stat) {
		m := e.Msg()
		if m == nil {
			return none()
		}
		return smp{Type: out, Int: f(m)}, found
	}))
}

// htxBlock registers what f tells of the i-th block.
func htxBlock(name string, out engine.Type, usage string, f func(e env, m *htx.Msg, i int) (smp, stat)) {
	engine.AddFetches(engine.Fetch{Name: "internal.htx_blk." + name, Out: out, Where: engine.OnBoth, Args: engine.Args(engine.ArgStr), Usage: "(head | tail | first | number): " + usage,
		Make: func(_ *engine.Build, a args) (engine.FetchFunc, error) {
			at, tail, err := blockPosition(a[0].Text)
			if err != nil {
				return nil, err
			}
			return func(e env, _ args) (smp, stat) {
				m := e.Msg()
				if m == nil {
					return none()
				}
				i := at
				if tail {
					i = m.FieldCount() + 1
				}
				return f(e, m, i)
			}, nil
		}})
}

// blockPosition reads which block is meant: one counted from the start line, or
// the tail.
func blockPosition(s string) (at int, tail bool, err error) {
	switch s {
	case "":
		return 0, false, errText("a block position is expected (> 0) or a special block name (head, tail, first)")
	case "head", "first":
		return 0, false, nil
	case "tail":
		return 0, true, nil
	}
	if at, err = strconv.Atoi(s); err != nil || at < 0 {
		return 0, false, errText("invalid block position")
	}
	return at, false, nil
}

func blockType(e env, m *htx.Msg, i int) (smp, stat) {
	switch n := m.FieldCount(); {
	case i == 0 && m.IsResponse():
		return text(e, "HTX_BLK_RES_SL")
	case i == 0:
		return text(e, "HTX_BLK_REQ_SL")
	case i <= n:
		return text(e, "HTX_BLK_HDR")
	case i == n+1:
		return text(e, "HTX_BLK_EOH")
	}
	return none()
}

// nthField is the field of the i-th block, -1 if there is none.
func nthField(m *htx.Msg, i int) int {
	f := -1
	for ; i > 0; i-- {
		if f = m.NextAny(f + 1); f < 0 {
			return -1
		}
	}
	return f
}

func blockHeader(value bool) func(e env, m *htx.Msg, i int) (smp, stat) {
	return func(_ env, m *htx.Msg, i int) (smp, stat) {
		f := nthField(m, i)
		switch {
		case f < 0:
			return none()
		case value:
			return str(m.Value(f))
		}
		return str(m.Name(f))
	}
}

func blockSize(_ env, m *htx.Msg, i int) (smp, stat) {
	if f := nthField(m, i); f >= 0 {
		return sint(int64(len(m.Name(f)) + len(m.Value(f))))
	}
	return none()
}

func startLine(e env, m *htx.Msg, i int) (smp, stat) {
	if i != 0 {
		return none()
	}
	mark := e.Mark()
	if m.IsResponse() {
		e.Tmp = append(append(e.Tmp, m.Bytes(m.Version)...), ' ')
		e.Tmp = append(strconv.AppendInt(e.Tmp, int64(m.Status), 10), ' ')
		e.Tmp = append(e.Tmp, m.Bytes(m.Reason)...)
	} else {
		e.Tmp = append(append(e.Tmp, m.Bytes(m.Method)...), ' ')
		e.Tmp = append(append(e.Tmp, m.Bytes(m.Target)...), ' ')
		e.Tmp = append(e.Tmp, m.Bytes(m.Version)...)
	}
	return str(e.Since(mark))
}
