// Package compress is HTTP compression (configuration manual, "compression" and
// section 9.2): the choice of an algorithm by Accept-Encoding, which messages are
// fit for it, and the bodies that compress while they are read. It owns the
// keywords "compression" and "filter compression", "comp-req" and "comp-res", the
// limits of the global section, and res.comp and res.comp_algo.
//
// A state that compresses is made when a message was found fit, and kept for the
// next one; what passes by costs a look at the proxy's settings. Data is never
// held back: what was read without waiting is compressed and flushed at once.
//
// The deflater's fast levels store a block of 64 kB in which nothing repeats at all
// (random hexadecimal digits), where HAProxy would still save the unused bits.
//
// It does not decompress, and it knows nothing of how bodies are framed.
package compress
