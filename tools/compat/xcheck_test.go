package compat

import (
	"context"
	"path/filepath"
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
	oracle := startForXcheck(t, server.Real, server.Standalone)
	expected := recordXcheck(t, oracle)
	for _, a := range expected {
		if a.Leaves["awaited"] == xcheck.NeverCame {
			t.Errorf("step %s waits for what the real broker never does: %v", a.Step, a.Leaves)
		}
	}
	t.Run("real broker again", func(t *testing.T) {
		t.Parallel()
		checkReport(t, xcheck.Judge(len(expected), xcheck.Compare(expected, recordXcheck(t, oracle)), nil))
	})
	for name, shape := range map[string]server.Shape{"standalone": server.Standalone, "split": server.Split, "direct": server.Direct} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := recordXcheck(t, startForXcheck(t, server.Gantry, shape))
			checkReport(t, xcheck.Judge(len(expected), xcheck.Compare(expected, answers), xcheck.Accepted()))
		})
	}
}

func startForXcheck(t *testing.T, target server.Target, shape server.Shape) server.Server {
	t.Helper()
	s, err := server.New(target, server.Config{
		Set: theatre.Artifacts(t), Dir: filepath.Join(t.TempDir(), "server"), Shape: shape,
		Properties: map[string]string{"messageDelayLevel": "1s 1s 1s 1s 1s 1s", "enablePropertyFilter": "false"},
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

func recordXcheck(t *testing.T, s server.Server) xcheck.Recording {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), xcheckTime)
	defer cancel()
	answers, err := xcheck.Run(ctx, s.Namesrv(), xcheck.Script())
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
