package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// browser is a headless Chromium that chromedriver runs (W3C WebDriver).
type browser struct {
	t       *testing.T
	session string
}

// openBrowser skips the test where there is no chromedriver.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	program, err := exec.LookPath("chromedriver")
	if err != nil {
		t.Skip("no chromedriver here")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command(program, "--port="+port)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
	})
	b := &browser{t: t, session: "http://" + addr + "/session"}
	var opened struct{ SessionID string }
	want := map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{"goog:chromeOptions": map[string]any{"args": []string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir=" + t.TempDir()}}}}}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if err = b.call("POST", "", want, &opened); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Skip("no browser session: ", err)
		}
	}
	b.session += "/" + opened.SessionID
	t.Cleanup(func() { b.call("DELETE", "", nil, nil) })
	return b
}

func (b *browser) call(method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		p, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(p)
	}
	req, err := http.NewRequest(method, b.session+path, body)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var answer struct{ Value json.RawMessage }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return err
	}
	if res.StatusCode != 200 {
		return fmt.Errorf("%s: %.300s", res.Status, answer.Value)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer.Value, out)
}

// open shows an address.
func (b *browser) open(url string) {
	b.t.Helper()
	if err := b.call("POST", "/url", map[string]any{"url": url}, nil); err != nil {
		b.t.Fatal(err)
	}
}

// run evaluates the body of a function in the page.
func (b *browser) run(script string, out any) {
	b.t.Helper()
	if err := b.call("POST", "/execute/sync", map[string]any{"script": script, "args": []any{}}, out); err != nil {
		b.t.Fatal(err)
	}
}

// click clicks on the first element that a CSS selector finds.
func (b *browser) click(selector string) {
	b.t.Helper()
	var found map[string]string
	err := b.call("POST", "/element", map[string]any{"using": "css selector", "value": selector}, &found)
	for _, id := range found {
		err = b.call("POST", "/element/"+id+"/click", map[string]any{}, nil)
	}
	if err != nil {
		b.t.Fatalf("%s: %v", selector, err)
	}
}

// wait lets a condition in the page come true.
func (b *browser) wait(what, condition string) {
	b.t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		var ok bool
		if b.run("return !!("+condition+")", &ok); ok {
			return
		}
	}
	var text string
	b.run("return document.body.innerText", &text)
	b.t.Fatalf("%s does not come:\n%s", what, strings.TrimSpace(text))
}
