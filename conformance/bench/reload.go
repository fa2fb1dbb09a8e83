package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"hawser/conformance/testbed"
)

// reloadText carries its generation in a response header, so that a reload is
// known to have happened when the header changes.
const reloadText = `global
    nbthread 1
    maxconn 4000
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout tunnel 60s
frontend fe
    bind "${BENCH_BIND}"
    http-response set-header X-Generation %d
    default_backend be
backend be
    balance roundrobin
    server s1 "${BENCH_ORIGIN1}"
    server s2 "${BENCH_ORIGIN2}"
`

func measureReload(b *bench) error {
	p := b.proxies[len(b.proxies)-1]
	if p.name != "hawser" {
		fmt.Printf("%-11s %13s\n", b.sc.name, "no hawser")
		return nil
	}
	reloads := 100
	if b.o.quick {
		reloads = 15
	}
	file := filepath.Join(b.dir, "reload.cfg")
	if err := writeGeneration(file, 0); err != nil {
		return err
	}
	o1, o2 := testbed.EchoOrigin(), testbed.EchoOrigin()
	defer o1.Close()
	defer o2.Close()
	port, err := freePort()
	if err != nil {
		return err
	}
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	px, err := p.start([]string{"BENCH_BIND=" + addr, "BENCH_ORIGIN1=" + o1.Addr().String(), "BENCH_ORIGIN2=" + o2.Addr().String()}, file)
	if err != nil {
		return err
	}
	defer px.stop()
	if err := px.waitPort(port); err != nil {
		return err
	}
	return reloadRun(b, px, addr, file, reloads)
}

func writeGeneration(file string, n int) error {
	return os.WriteFile(file, fmt.Appendf(nil, reloadText, n), 0o644)
}

func reloadRun(b *bench, px *process, addr, file string, reloads int) error {
	ws, err := testbed.DialWebSocket(addr)
	if err != nil {
		return fmt.Errorf("websocket: %w", err)
	}
	defer ws.Close()
	l := testbed.StartLoad(addr, 8)
	begun, cpu := time.Now(), px.cpu()
	done, lost := 0, 0
	for n := 1; n <= reloads && err == nil; n++ {
		if err = writeGeneration(file, n); err == nil {
			err = l.Await(n, px.ended)
		}
		if err == nil {
			done++
			if werr := ws.Echo(fmt.Sprintf("generation %d", n)); werr != nil {
				lost++
			}
		}
	}
	l.Stop()
	fmt.Printf("%-11s %d reloads in %.1f s (%.1f ms CPU each with its traffic), %d requests: %d failed, %d keep-alive closed, %d new connections, websocket lost %d\n",
		b.sc.name, done, time.Since(begun).Seconds(), (px.cpu()-cpu).Seconds()*1000/float64(max(done, 1)),
		l.Requests.Load(), l.Failed.Load(), l.Closed.Load(), l.Fresh.Load(), lost)
	for _, why := range l.Why() {
		fmt.Println("            ", why)
	}
	if err != nil {
		return fmt.Errorf("%w: %.300s", err, px.out.String())
	}
	if l.Failed.Load() > 0 || l.Closed.Load() > 0 || lost > 0 {
		return errors.New("a reload lost something")
	}
	return nil
}
