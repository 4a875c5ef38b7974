// Command setup makes the stock clients and the real server ready: `go run ./cmd/setup` in tools/compat. It does what the
// tests do at their start, so that a machine can be prepared while it is online. It runs no test.
package main

import (
	"context"
	"fmt"
	"os"

	"gantry/tools/compat/artifacts"
)

func main() {
	if _, err := artifacts.Ensure(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "setup:", err)
		os.Exit(1)
	}
}
