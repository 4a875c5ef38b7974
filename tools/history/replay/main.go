// Command replay checks histories that were kept: go run ./tools/history/replay
// FILE... prints what happened in each and ends with 1 where an invariant does
// not hold.
package main

import (
	"fmt"
	"os"

	"gantry/tools/history"
)

func main() {
	failed := false
	for _, file := range os.Args[1:] {
		if err := replay(file); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
			failed = true
		}
	}
	if failed || len(os.Args) < 2 {
		os.Exit(1)
	}
}

func replay(file string) error {
	from, err := os.Open(file)
	if err != nil {
		return err
	}
	defer from.Close()
	report, err := history.Check(from)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %v\n", file, report)
	return report.Err()
}
