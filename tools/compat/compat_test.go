// Package compat holds the scenarios that say what "compatible" means: stock clients of four versions do their work against a
// server, the real one (GANTRY_COMPAT_TARGET=real, which proves the scenario) or Gantry (the default). The packages beneath
// start servers and clients; the scenarios alone hold expectations.
package compat

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
)

// theatre is the stage all scenarios share. TestMain sets it before any of them runs.
var theatre *stage.Stage

// delayLevels shortens the real levels so that delays and retries take seconds: the first retry is level 3.
const delayLevels = "1s 3s 1s 1s 1s 1s 1s 1s"

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	keep := flag.Bool("keep", false, "keep stores and logs")
	update := flag.Bool("update", false, "write the matrix of APIs into docs/compatibility.md")
	flag.Parse()
	// Scenarios wait for servers most of the time, so far more of them may run at once than there are cores.
	if err := flag.Set("test.parallel", "8"); err != nil {
		fmt.Fprintln(os.Stderr, "compat:", err)
		return 1
	}
	target, err := server.TargetFromEnvironment()
	if err != nil {
		fmt.Fprintln(os.Stderr, "compat:", err)
		return 1
	}
	theatre, err = stage.New(target, map[string]string{"messageDelayLevel": delayLevels})
	if err != nil {
		fmt.Fprintln(os.Stderr, "compat:", err)
		return 1
	}
	code := m.Run()
	if code == 0 && isWhole(target) {
		if err := theatre.Matrix.Check("../../docs/compatibility.md", *update); err != nil {
			fmt.Fprintln(os.Stderr, "compat:", err)
			code = 1
		}
	}
	theatre.Close(*keep || code != 0)
	return code
}

// isWhole says whether a run fills the matrix: all scenarios, with Gantry, on a machine that has Java.
func isWhole(target server.Target) bool {
	return target == server.Gantry && flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == "" && theatre.HasJava()
}
