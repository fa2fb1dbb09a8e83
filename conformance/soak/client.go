package soak

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// load is many clients and what became of their requests. All counts are atomic.
type load struct {
	addr string
	// sent: requests whose last byte was written; whole, broken: with a response
	// to its end, or none or a part; left: the client did not wait.
	sent, whole, broken, left atomic.Int64
	status                    [6]atomic.Int64 // of whole ones, by hundreds

	stop atomic.Bool
	wg   sync.WaitGroup
}

func (l *load) start(clients int) {
	for range clients {
		l.wg.Go(func() {
			for !l.stop.Load() {
				l.connection()
			}
		})
	}
}

func (l *load) end() {
	l.stop.Store(true)
	l.wg.Wait()
}

// connection sends requests one after the other until one fails.
func (l *load) connection() {
	c, err := net.Dial("tcp", l.addr)
	if err != nil {
		time.Sleep(time.Millisecond)
		return
	}
	defer c.Close()
	r := bufio.NewReader(c)
	for range 50 {
		c.SetDeadline(time.Now().Add(15 * time.Second))
		if _, err := io.WriteString(c, someRequest()); err != nil {
			return
		}
		l.sent.Add(1)
		if rand.IntN(50) == 0 { // leaves, once the proxy must have read the request
			time.Sleep(time.Duration(5+rand.IntN(20)) * time.Millisecond)
			l.left.Add(1)
			return
		}
		res, err := http.ReadResponse(r, nil)
		if err == nil {
			_, err = io.Copy(io.Discard, res.Body)
		}
		if err != nil {
			l.broken.Add(1)
			return
		}
		l.whole.Add(1)
		l.status[res.StatusCode/100].Add(1)
		if res.Close || l.stop.Load() {
			return
		}
		time.Sleep(time.Duration(rand.IntN(8)) * time.Millisecond)
	}
}

func someRequest() string {
	cookie := ""
	if rand.IntN(3) == 0 {
		cookie = fmt.Sprintf("Cookie: SRV=%d\r\n", rand.IntN(5))
	}
	if rand.IntN(4) == 0 {
		n := rand.IntN(4000)
		return fmt.Sprintf("POST /p HTTP/1.1\r\nHost: a\r\n%sContent-Length: %d\r\n\r\n%s", cookie, n, strings.Repeat("b", n))
	}
	return "GET /g HTTP/1.1\r\nHost: a\r\n" + cookie + "\r\n"
}
