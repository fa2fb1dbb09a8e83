package fetch

import (
	"strconv"

	"hawser/engine"
	"hawser/engine/htx"
)

// internal.htx.* and internal.htx_blk.*: a message as HAProxy would store it. The start
// line is block 0, the fields follow, then the end of the head, then what has been
// buffered of the body. Numbers are HAProxy's.
func init() {
	htxNumber("data", engine.TSint, "Bytes in the blocks of the message.", htxView.data)
	htxNumber("used", engine.TSint, "Bytes in the blocks of the message and in their descriptions.", htxView.used)
	htxNumber("size", engine.TSint, "Bytes that HAProxy has for a message: tune.bufsize less what it keeps of it.", func(v htxView) int64 { return v.room })
	htxNumber("free", engine.TSint, "Bytes of that room that are left.", func(v htxView) int64 { return v.room - v.used() })
	htxNumber("free_data", engine.TSint, "Bytes of that room that are left for one more block.", func(v htxView) int64 { return max(v.room-v.used()-blockInfo, 0) })
	htxNumber("nbblks", engine.TSint, "Blocks of the message: start line, fields, end of the head, body.", func(v htxView) int64 { return int64(v.blocks()) })
	htxNumber("has_eom", engine.TBool, "True if all of the message is here.", func(v htxView) int64 { return int64(b2i(v.whole)) })
	htxBlock("type", engine.TStr, "what a block of the message is.", blockType)
	htxBlock("hdrname", engine.TStr, "the name in a header block, else nothing.", blockHeader(false))
	htxBlock("hdrval", engine.TStr, "the value in a header block, else nothing.", blockHeader(true))
	htxBlock("size", engine.TSint, "the size of a block.", blockSize)
	htxBlock("data", engine.TBin, "the contents of a data block, else nothing.", func(_ env, v htxView, i int) (smp, stat) {
		if v.kind(i) == blockData {
			return engine.Bin(v.body), found
		}
		return engine.Bin(nil), found
	})
	htxBlock("start_line", engine.TStr, "the start line, if the block is one.", startLine)
}

// What HAProxy keeps beside the bytes: of a message, of each block, of a start line.
const (
	htxInfo   = 40
	blockInfo = 8
	lineInfo  = 20
)

// htxView is a message and what is there of its body.
type htxView struct {
	m     *htx.Msg
	body  []byte
	whole bool
	room  int64
}

func viewOf(e env) (htxView, bool) {
	m, s := e.Msg(), e.Strm
	if m == nil || s == nil {
		return htxView{}, false
	}
	v := htxView{m: m, whole: m.BodyLen == 0 || m.Has(htx.NoBody), room: int64(bufferSize(e) - htxInfo)}
	if m.IsResponse() {
		v.body = responseBody(s)
	} else {
		v.body = s.ReqBody
		v.whole = v.whole || s.BodyDone
	}
	v.whole = v.whole || m.BodyLen > 0 && int64(len(v.body)) == m.BodyLen
	return v, true
}

type blockKind uint8

const (
	noBlock blockKind = iota
	blockLine
	blockField
	blockEnd
	blockData
)

func (v htxView) kind(i int) blockKind {
	switch n := v.m.FieldCount(); {
	case i == 0:
		return blockLine
	case i <= n:
		return blockField
	case i == n+1:
		return blockEnd
	case i == n+2 && len(v.body) > 0:
		return blockData
	}
	return noBlock
}

func (v htxView) blocks() int { return v.m.FieldCount() + 2 + b2i(len(v.body) > 0) }

func (v htxView) size(i int) int64 {
	m := v.m
	switch v.kind(i) {
	case blockLine:
		return int64(lineInfo + len(m.Bytes(m.Version)) + len(m.Bytes(m.Method)) + len(m.Bytes(m.Target)) + len(m.Bytes(m.Reason)) + 3*b2i(m.IsResponse()))
	case blockField:
		f := nthField(m, i)
		return int64(len(m.Name(f)) + len(m.Value(f)))
	case blockEnd:
		return 1
	case blockData:
		return int64(len(v.body))
	}
	return 0
}

func (v htxView) data() (n int64) {
	for i := range v.blocks() {
		n += v.size(i)
	}
	return n
}

func (v htxView) used() int64 { return v.data() + int64(blockInfo*v.blocks()) }

// htxNumber registers a number of the message.
func htxNumber(name string, out engine.Type, usage string, f func(htxView) int64) {
	engine.AddFetches(row("internal.htx."+name, out, engine.OnBoth, usage, func(e env, _ args) (smp, stat) {
		v, ok := viewOf(e)
		if !ok {
			return none()
		}
		return smp{Type: out, Int: f(v)}, found
	}))
}

// htxBlock registers what f tells of the i-th block.
func htxBlock(name string, out engine.Type, usage string, f func(e env, v htxView, i int) (smp, stat)) {
	engine.AddFetches(engine.Fetch{Name: "internal.htx_blk." + name, Out: out, Where: engine.OnBoth, Args: engine.Args(engine.ArgStr), Usage: "(head | tail | first | number): " + usage,
		Make: func(_ *engine.Build, a args) (engine.FetchFunc, error) {
			at, tail, err := blockPosition(a[0].Text)
			if err != nil {
				return nil, err
			}
			return func(e env, _ args) (smp, stat) {
				v, ok := viewOf(e)
				if !ok {
					return none()
				}
				i := at
				if tail {
					i = v.blocks() - 1
				}
				return f(e, v, i)
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

func blockType(e env, v htxView, i int) (smp, stat) {
	switch v.kind(i) {
	case blockLine:
		if v.m.IsResponse() {
			return text(e, "HTX_BLK_RES_SL")
		}
		return text(e, "HTX_BLK_REQ_SL")
	case blockField:
		return text(e, "HTX_BLK_HDR")
	case blockEnd:
		return text(e, "HTX_BLK_EOH")
	case blockData:
		return text(e, "HTX_BLK_DATA")
	}
	return text(e, "HTX_BLK_UNUSED")
}

// nthField is the field of the i-th block.
func nthField(m *htx.Msg, i int) int {
	f := -1
	for ; i > 0; i-- {
		f = m.NextAny(f + 1)
	}
	return f
}

func blockHeader(value bool) func(e env, v htxView, i int) (smp, stat) {
	return func(_ env, v htxView, i int) (smp, stat) {
		if v.kind(i) != blockField {
			return str(nil)
		}
		f := nthField(v.m, i)
		if value {
			return str(v.m.Value(f))
		}
		return str(v.m.Name(f))
	}
}

func blockSize(_ env, v htxView, i int) (smp, stat) { return sint(v.size(i)) }

func startLine(e env, v htxView, i int) (smp, stat) {
	if i != 0 {
		return str(nil)
	}
	m := v.m
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
