// Command setup makes the stock clients and the real server ready: `go run ./cmd/setup` in tools/compat. It does what the
// tests do at their start, so that a machine can be prepared while it is online. With the argument server, server533 or
// benchmark it also prints that class path, for whoever starts the real server's tools or the official benchmark. It runs no test.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"gantry/tools/compat/artifacts"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "setup:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	set, err := artifacts.Ensure(context.Background())
	if errors.Is(err, artifacts.ErrNoJava) && os.Getenv("CI") != "true" {
		fmt.Fprintf(os.Stderr, "\n*** %v: every scenario with stock clients will be SKIPPED ***\n\n", err)
		return nil
	}
	if err != nil || len(args) == 0 {
		return err
	}
	classpaths := map[string]func() (string, error){
		"server": set.ServerClasspath, "server533": set.Server533Classpath, "benchmark": set.BenchmarkClasspath,
	}
	find, known := classpaths[args[0]]
	if !known {
		return fmt.Errorf("no class path named %q: server, server533 and benchmark are", args[0])
	}
	classpath, err := find()
	if err != nil {
		return err
	}
	fmt.Println(classpath)
	return nil
}
