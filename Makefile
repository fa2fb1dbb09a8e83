GO ?= go
export GOTOOLCHAIN := local
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0
# Sentences of HAProxy are matched as they are, capitals included: ST1005 is off.
# Packages that look at Hawser from outside run whole processes, one package after the other; the others run under the race detector.
OUTSIDE = $(shell $(GO) list ./conformance/... ./samples/... | grep -v '^hawser/conformance$$')
UNITS = $(shell $(GO) list ./... | grep -v -e '^hawser/conformance' -e '^hawser/samples')

.PHONY: build test setup lint unit conformance stories races soak bench profile run
.NOTPARALLEL:

build:
	CGO_ENABLED=0 $(GO) build -o bin/hawser ./cmd/hawser

# Everything that must hold. Ends in go test's own summary.
test: setup lint unit conformance

# What the tests need beyond Go: varnishtest, haproxy, openssl, curl. Installs it where it may, else says so.
setup:
	@conformance/setup.sh

lint:
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt -w:" $$unformatted; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) -checks inherit,-ST1005 ./...

unit:
	$(GO) test -race -p 2 $(UNITS)

conformance:
	$(GO) test -count=1 -p 1 $(OUTSIDE)
	$(GO) test -count=1 -v -timeout 20m ./conformance

# One feature's stories: make stories S=keepalive ON=hawser
stories: setup
	HAWSER_STORIES='$(S)' HAWSER_ONLY='$(ON)' $(GO) test -count=1 -v -run TestStories ./conformance

# The stories again, on a hawser built with the race detector.
races: setup
	HAWSER_RACE=1 HAWSER_ONLY=hawser $(GO) test -count=1 -v -run TestStories ./conformance

# A minute of load while servers die and come back, clients leave and slots run out; HAWSER_RACE=1 with the race detector.
soak: build
	HAWSER_SOAK=60s $(GO) test -count=1 -v ./conformance/soak

# What a request costs, beside Debian's haproxy; BENCH="-quick" or "-only plain,tcp".
bench: build
	$(GO) run ./conformance/bench $(BENCH)

# Where the time goes, for the compiler (profile-guided optimization): make again after work on the hot path.
profile: build
	dir=$$(mktemp -d) && $(GO) run ./conformance/bench -rounds 1 -n 100000 -profile $$dir -only plain,production,tcp,connection,body14k,rules && \
	 $(GO) tool pprof -proto $$dir/*.prof > cmd/hawser/default.pgo && rm -r $$dir

# A first look: three demo origins and the proxy; Ctrl-C ends all of them.
run: build
	@./bin/hawser demo -n 3 -port 9001 & demo=$$!; \
	 trap 'kill $$demo 2>/dev/null; wait $$demo 2>/dev/null; exit 0' INT TERM EXIT; \
	 sleep 0.3; \
	 echo; echo "  http://localhost:8080/   the proxy: reload to see the origins in turn"; \
	 echo "  http://localhost:8404/   the statistics page"; \
	 echo "  samples/quickstart.cfg   change and save it: it is read again"; echo; \
	 ./bin/hawser -db -f samples/quickstart.cfg
