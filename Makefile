# Gantry. `make help` lists what can be made.
SHELL := /bin/sh
RELEASE ?= 0.1.0-dev
GO ?= go
BUILD = CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.release=$(RELEASE)"

.DEFAULT_GOAL := help
.PHONY: help build run test test-unit test-race test-compat test-long fuzz bench bench-compare bench-report bench-curves release clean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## bin/gantry, one static binary
	$(BUILD) -o bin/gantry .

run: build ## builds and starts standalone on 127.0.0.1:9876, data in ./data
	exec bin/gantry standalone

test: build test-unit test-compat ## everything that CI runs: unit tests, stock clients, the real broker

test-unit: ## vet and the Go tests of this module
	$(GO) vet ./...
	$(GO) test ./...

test-race: ## the Go tests under the race detector
	$(GO) test -race ./...

test-compat: build ## stock Java and Go clients against Gantry, and Gantry against the real broker 4.9.7
	sh tools/compat/setup.sh
	cd tools/compat && $(GO) vet ./... && $(GO) test -count=1 -timeout 22m ./...

test-long: build ## the full sizes: longer runs of the same tests, fuzzing, the race detector
	$(GO) test -race ./...
	sh tools/compat/setup.sh
	cd tools/compat && GANTRY_LONG=1 $(GO) test -count=1 -timeout 120m ./...
	$(MAKE) fuzz

FUZZTIME ?= 30s
fuzz: ## every fuzz target for FUZZTIME each
	@set -e; for file in $$(grep -rlE '^func Fuzz' --include=*_test.go . | grep -v tools/compat); do \
		for target in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]+)\(.*/\1/p' $$file); do \
			echo "$$target in $$(dirname $$file)"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) ./$$(dirname $$file); \
		done; \
	done

bench: ## Go benchmarks of the hot paths
	$(GO) test -run '^$$' -bench . -benchmem ./...

bench-compare: ## the same, against commit REF in turn; BENCH, PACKAGES, COUNT and BENCHTIME choose
	GO='$(GO)' BENCH='$(BENCH)' PACKAGES='$(PACKAGES)' COUNT='$(COUNT)' BENCHTIME='$(BENCHTIME)' sh bench/benchcompare.sh '$(REF)'

REPORT ?= bench-report
REPORT_SIZE ?= --quick
bench-report: build ## REPORT/index.html: all loads against Gantry and the real servers, REPORT_SIZE --quick (20 minutes) or --full (120)
	sh tools/compat/bench-report.sh $(REPORT) $(REPORT_SIZE)

CURVES ?= bench-curves
CURVES_OPTIONS ?=
bench-curves: build ## CURVES/index.html: what a send costs as queues, idle consumers, bytes, proxies, shards grow (15 minutes); CURVES_OPTIONS chooses
	bin/gantry bench curves --out $(CURVES) $(CURVES_OPTIONS)

# What a release folder holds beside the binary; MAX_BINARY bytes is how large that may be.
RELEASED = README.md ARCHITECTURE.md CHANGELOG.md LICENSE docs dist/bin dist/conf dist/benchmark dist/systemd
MAX_BINARY = 31457280
release: ## release/gantry-RELEASE-linux-ARCH.tar.gz for amd64 and arm64: bin, conf, benchmark, systemd, docs
	@set -e; for arch in amd64 arm64; do \
		name=gantry-$(RELEASE)-linux-$$arch; folder=release/$$name; \
		rm -rf $$folder; mkdir -p $$folder; cp -R $(RELEASED) $$folder/; \
		GOOS=linux GOARCH=$$arch $(BUILD) -o $$folder/bin/gantry .; \
		bytes=$$(wc -c <$$folder/bin/gantry); \
		[ $$bytes -le $(MAX_BINARY) ] || { echo "$$folder/bin/gantry has $$bytes bytes, more than $(MAX_BINARY)" >&2; exit 1; }; \
		tar -C release --owner=0 --group=0 -czf $$folder.tar.gz $$name; \
		echo "$$folder.tar.gz: the binary has $$bytes bytes"; \
	done

clean: ## removes what was built
	rm -rf bin release .bench-compare tools/compat/target
