// Package demo holds the origins of `hawser demo`: a few small HTTP servers to
// put a proxy in front of, that say who they are, echo what they were sent,
// and can be told to fail or to be slow.
//
// It is a toy for a first look and for tests by hand. It knows nothing of the
// proxy, and nothing imports it but the command.
package demo

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Run is `hawser demo [options]`: it serves until SIGINT or SIGTERM and
// returns the exit status.
func Run(args []string) int {
	fs := flag.NewFlagSet("hawser demo", flag.ContinueOnError)
	addr := fs.String("addr", "127.0.0.1", "address to listen on")
	port := fs.Int("port", 9001, "port of the first origin; the others follow")
	n := fs.Int("n", 3, "number of origins")
	delay := fs.Duration("delay", 0, "time that every answer waits")
	if err := fs.Parse(args); err != nil {
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := Serve(ctx, os.Stdout, *addr, *port, *n, *delay); err != nil {
		fmt.Fprintln(os.Stderr, "hawser demo:", err)
		return 1
	}
	return 0
}

// Serve runs n origins on consecutive ports until ctx ends.
func Serve(ctx context.Context, out io.Writer, addr string, port, n int, delay time.Duration) error {
	var servers []*http.Server
	var wg sync.WaitGroup
	defer wg.Wait()
	defer func() {
		for _, s := range servers {
			s.Close()
		}
	}()
	for i := range n {
		l, err := net.Listen("tcp", net.JoinHostPort(addr, strconv.Itoa(port+i)))
		if err != nil {
			return err
		}
		o := &origin{name: fmt.Sprintf("origin%d", i+1)}
		o.delay.Store(int64(delay))
		s := &http.Server{Handler: o.routes(), ReadHeaderTimeout: 30 * time.Second}
		servers = append(servers, s)
		wg.Go(func() { s.Serve(l) })
		fmt.Fprintf(out, "%s on http://%s/\n", o.name, l.Addr())
	}
	<-ctx.Done()
	return nil
}

// origin is one server. Its fields below name are set by requests; atomic.
type origin struct {
	name    string
	failing atomic.Bool
	delay   atomic.Int64 // a time.Duration
	hits    atomic.Int64
}

func (o *origin) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", o.echo)
	mux.HandleFunc("/status", o.status)
	mux.HandleFunc("/demo/fail", o.setFail)
	mux.HandleFunc("/demo/delay", o.setDelay)
	return mux
}

// status is what a health check asks; it is not counted.
func (o *origin) status(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Origin", o.name)
	if o.failing.Load() {
		http.Error(w, "failing", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

func (o *origin) echo(w http.ResponseWriter, r *http.Request) {
	n := o.hits.Add(1)
	if d := time.Duration(o.delay.Load()); d > 0 {
		select {
		case <-time.After(d):
		case <-r.Context().Done():
			return
		}
	}
	w.Header().Set("X-Origin", o.name)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if o.failing.Load() {
		w.WriteHeader(http.StatusInternalServerError)
	}
	fmt.Fprintf(w, "This is %s, request %d, from %s\n\n%s %s %s\nHost: %s\n", o.name, n, r.RemoteAddr, r.Method, r.RequestURI, r.Proto, r.Host)
	names := make([]string, 0, len(r.Header))
	for k := range r.Header {
		names = append(names, k)
	}
	slices.Sort(names)
	for _, k := range names {
		for _, v := range r.Header[k] {
			fmt.Fprintf(w, "%s: %s\n", k, v)
		}
	}
}

// setFail is /demo/fail?on=1 and ?on=0: answers become 500, checks 503.
func (o *origin) setFail(w http.ResponseWriter, r *http.Request) {
	on, err := strconv.ParseBool(r.FormValue("on"))
	if err != nil {
		http.Error(w, "say on=1 or on=0", http.StatusBadRequest)
		return
	}
	o.failing.Store(on)
	fmt.Fprintf(w, "%s failing: %v\n", o.name, on)
}

// setDelay is /demo/delay?time=300ms.
func (o *origin) setDelay(w http.ResponseWriter, r *http.Request) {
	d, err := time.ParseDuration(r.FormValue("time"))
	if err != nil || d < 0 || d > time.Minute {
		http.Error(w, "say time=300ms, at most 1m", http.StatusBadRequest)
		return
	}
	o.delay.Store(int64(d))
	fmt.Fprintf(w, "%s waits %v\n", o.name, d)
}
