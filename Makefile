GO ?= go
export GOTOOLCHAIN := local
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0
UNITS = $(shell $(GO) list ./... | grep -v '^hawser/conformance$$')

.PHONY: build test setup lint unit conformance stories bench
.NOTPARALLEL:

build:
	$(GO) build -o bin/hawser ./cmd/hawser

# Everything that must hold. Ends in go test's own summary.
test: setup lint unit conformance

# What the tests need beyond Go: varnishtest, haproxy, openssl, curl. Installs it where it may, else says so.
setup:
	@conformance/setup.sh

lint:
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt -w:" $$unformatted; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

unit:
	$(GO) test -race -p 2 $(UNITS)

conformance:
	$(GO) test -count=1 -v -timeout 10m ./conformance

# One feature's stories: make stories S=keepalive ON=hawser
stories: setup
	HAWSER_STORIES='$(S)' HAWSER_ONLY='$(ON)' $(GO) test -count=1 -v -run TestStories ./conformance

# What a request costs, beside Debian's haproxy; BENCH="-quick" or "-only plain,tcp".
bench: build
	$(GO) run ./conformance/bench $(BENCH)
