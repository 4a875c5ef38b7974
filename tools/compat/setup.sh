#!/bin/sh
# Resolves the stock clients and the real server with Maven and builds both agents; does nothing when all is there. With the
# argument server, server533 or benchmark it prints that class path.
cd "$(dirname "$0")" && exec go run ./cmd/setup "$@"
