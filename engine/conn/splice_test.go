package conn

import (
	"bytes"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"testing"
	"time"
)

func random(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(b)
	return b
}

// relay makes client → (in, out) → server.
func relay(t testing.TB) (client, in, out, server *Conn) {
	client, in = pair(t)
	out, server = pair(t)
	return
}

func TestSpliceAll(t *testing.T) {
	for _, size := range []int{0, 1, 1000, DefaultSize, 100_000, 5 << 20} {
		client, in, out, server := relay(t)
		data := random(size)
		go func() { client.Write(data); client.CloseWrite() }()
		sum := make(chan [32]byte)
		go func() {
			got, _ := io.ReadAll(server)
			sum <- sha256.Sum256(got)
		}()
		noted := 0
		n, rerr, werr := in.SpliceTo(out, -1, func(k int) { noted += k })
		out.CloseWrite()
		if n != int64(size) || rerr != nil || werr != nil || noted != size {
			t.Fatalf("size %d: moved %d, noted %d, %v, %v", size, n, noted, rerr, werr)
		}
		if <-sum != sha256.Sum256(data) {
			t.Errorf("size %d: bytes changed", size)
		}
		if in.In() != int64(size) || out.Out() != int64(size) {
			t.Errorf("size %d: counters in %d out %d", size, in.In(), out.Out())
		}
	}
}

func TestSpliceExactly(t *testing.T) {
	client, in, out, server := relay(t)
	data := random(1 << 20)
	const part = 700_001
	go func() { client.Write(data); client.CloseWrite() }()
	got := make(chan []byte)
	go func() { b, _ := io.ReadAll(server); got <- b }()
	n, rerr, werr := in.SpliceTo(out, part, nil)
	out.CloseWrite()
	if n != part || rerr != nil || werr != nil {
		t.Fatalf("moved %d, %v, %v", n, rerr, werr)
	}
	if !bytes.Equal(<-got, data[:part]) {
		t.Error("bytes changed")
	}
	rest, err := io.ReadAll(in)
	if err != nil || !bytes.Equal(rest, data[part:]) {
		t.Errorf("the rest is %d bytes, %v", len(rest), err)
	}
}

func TestSpliceCutShort(t *testing.T) {
	client, in, out, server := relay(t)
	go func() { client.Write(make([]byte, 100_000)); client.CloseWrite() }()
	go io.Copy(io.Discard, server)
	n, rerr, _ := in.SpliceTo(out, 200_000, nil)
	if n != 100_000 || rerr != io.ErrUnexpectedEOF {
		t.Errorf("moved %d, %v", n, rerr)
	}
}

func TestSpliceTimeouts(t *testing.T) {
	client, in, out, server := relay(t)
	in.SetReadTimeout(Tunnel, 60*time.Millisecond)
	go client.Write(make([]byte, 200_000))
	go io.Copy(io.Discard, server)
	_, rerr, werr := in.SpliceTo(out, -1, nil)
	wantClass(t, rerr, Tunnel)
	if werr != nil {
		t.Error(werr)
	}

	client, in, out, _ = relay(t)
	out.SetWriteTimeout(Data, 60*time.Millisecond)
	go client.Write(make([]byte, 16<<20))
	_, rerr, werr = in.SpliceTo(out, -1, nil)
	wantClass(t, werr, Data)
	if rerr != nil {
		t.Error(rerr)
	}
}

func TestSplicePeerGone(t *testing.T) {
	client, in, out, server := relay(t)
	server.Abort()
	go func() {
		for {
			if _, err := client.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	}()
	_, rerr, werr := in.SpliceTo(out, -1, nil)
	if werr == nil || rerr != nil {
		t.Errorf("%v, %v", rerr, werr)
	}
}

func TestSpliceOfSmallPiecesGoesBackToCopying(t *testing.T) {
	client, in, out, server := relay(t)
	go func() {
		client.Write(make([]byte, 200_000))
		for range 20 {
			time.Sleep(2 * time.Millisecond)
			client.Write([]byte("small"))
		}
		client.CloseWrite()
	}()
	go io.Copy(io.Discard, server)
	if n, rerr, werr := in.SpliceTo(out, -1, nil); n != 200_100 || rerr != nil || werr != nil {
		t.Errorf("moved %d, %v, %v", n, rerr, werr)
	}
}

func BenchmarkSplice(b *testing.B) {
	client, in, out, server := relay(b)
	const size = 1 << 20
	go io.Copy(io.Discard, server.Socket().NetConn())
	go func() {
		buf := make([]byte, 256<<10)
		for {
			if _, err := client.Write(buf); err != nil {
				return
			}
		}
	}()
	b.SetBytes(size)
	for b.Loop() {
		if _, rerr, werr := in.SpliceTo(out, size, nil); rerr != nil || werr != nil {
			b.Fatal(rerr, werr)
		}
	}
}
