package h1

import "bytes"

// Ready reports whether Next will return without waiting.
func (b *Body) Ready() bool {
	if b.err != nil || b.kind == bodyLength && b.left == 0 {
		return true
	}
	here := b.c.Buffered() - b.out
	if here <= 0 {
		return false
	}
	if b.kind != bodyChunked || b.ck.InData() > 0 {
		return true
	}
	return b.chunkReady()
}

// chunkReady looks whether what is buffered holds more than the beginning of
// framing: a byte of data, the end, or a mistake.
func (b *Body) chunkReady() bool {
	d, in := b.ck, b.c.Bytes()[b.out:]
	drop, n, err := d.Next(in, nil)
	if n > 0 || err != nil || d.Done() {
		return true
	}
	if d.phase != ckTrailers {
		return false
	}
	in = in[drop:]
	return bytes.HasPrefix(in, []byte("\r\n")) || bytes.HasPrefix(in, []byte("\n")) ||
		bytes.Contains(in, []byte("\n\r\n")) || bytes.Contains(in, []byte("\n\n"))
}
