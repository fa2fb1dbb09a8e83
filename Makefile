.PHONY: build test bench
build:
	go build -o bin/hawser ./cmd/hawser
test:
	go vet ./...
	go test ./...
# What a request costs, beside Debian's haproxy; BENCH="-quick" or "-only plain,tcp".
bench: build
	go run ./conformance/bench $(BENCH)
