# Gantry. `make help` lists what can be made.
SHELL := /bin/sh
RELEASE ?= 0.1.0-dev
GO ?= go
BUILD = CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.release=$(RELEASE)"

.DEFAULT_GOAL := help
.PHONY: help build run test test-unit test-race test-compat test-long fuzz bench clean

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
	cd tools/compat && $(GO) vet ./... && $(GO) test -count=1 -timeout 20m ./...

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

clean: ## removes what was built
	rm -rf bin tools/compat/target
