package compat

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gantry/tools/compat/server"
	"gantry/tools/xcheck"
)

// xcheckTime bounds one run of the script, which takes about 15 s on an idle machine.
const xcheckTime = 3 * time.Minute

// The script is first held against itself: two runs against the real broker must not differ, else a mask is missing.
func TestGantryAnswersAsTheRealBroker(t *testing.T) {
	oracle := startForXcheck(t, server.Real, server.Standalone, filtering)
	expected := recordXcheck(t, oracle, xcheck.Script())
	for _, a := range expected {
		if a.Leaves["awaited"] == xcheck.NeverCame {
			t.Errorf("step %s waits for what the real broker never does: %v", a.Step, a.Leaves)
		}
	}
	t.Run("real broker again", func(t *testing.T) {
		t.Parallel()
		checkReport(t, xcheck.Judge(len(expected), xcheck.Compare(expected, recordXcheck(t, oracle, xcheck.Script())), nil))
	})
	script, accepted := xcheck.Script(), xcheck.Accepted()
	named, acceptedShared := xcheck.Named(script), slices.Concat(accepted, xcheck.AcceptedShared())
	for name, of := range map[string]struct {
		shape    server.Shape
		script   []xcheck.Step
		accepted []xcheck.Acceptance
	}{
		"standalone": {server.Standalone, script, accepted}, "split": {server.Split, script, accepted},
		"direct": {server.Direct, script, accepted}, "shared": {server.Shared, named, acceptedShared},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := recordXcheck(t, startForXcheck(t, server.Gantry, of.shape, filtering), of.script)
			checkReport(t, xcheck.Judge(len(expected), xcheck.Compare(expected, answers), of.accepted))
		})
	}
}

// filtering servers choose messages by SQL92 everywhere but in retry topics, others in retry topics only.
const filtering = true

// What is refused where filters are not enabled is a part of the script.
func TestGantryRefusesFiltersAsTheRealBroker(t *testing.T) {
	var answers [2]xcheck.Recording
	for i, target := range []server.Target{server.Real, server.Gantry} {
		answers[i] = recordXcheck(t, startForXcheck(t, target, server.Standalone, !filtering), xcheck.FilterScript())
	}
	r := xcheck.Judge(len(answers[0]), xcheck.Compare(answers[0], answers[1]), xcheck.Accepted())
	r.Unused = nil // of rows about what is not in this part
	checkReport(t, r)
}

func startForXcheck(t *testing.T, target server.Target, shape server.Shape, filters bool) server.Server {
	t.Helper()
	s, err := server.New(target, server.Config{
		Set: theatre.Artifacts(t), Dir: filepath.Join(t.TempDir(), "server"), Shape: shape,
		Properties: map[string]string{"messageDelayLevel": "1s 1s 1s 1s 1s 1s",
			"enablePropertyFilter": strconv.FormatBool(filters), "filterSupportRetry": strconv.FormatBool(!filters)},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func recordXcheck(t *testing.T, s server.Server, script []xcheck.Step) xcheck.Recording {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), xcheckTime)
	defer cancel()
	answers, err := xcheck.Run(ctx, s.Namesrv(), script)
	if err != nil {
		t.Fatal(err)
	}
	return answers
}

func checkReport(t *testing.T, r xcheck.Report) {
	t.Helper()
	var text strings.Builder
	r.Write(&text)
	if len(r.Unexplained)+len(r.Unused) > 0 {
		t.Errorf("the servers answer differently:\n%s", text.String())
	}
	if r.Steps < 80 {
		t.Errorf("only %d steps", r.Steps)
	}
}
