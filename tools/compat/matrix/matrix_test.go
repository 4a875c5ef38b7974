package matrix

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gantry/tools/compat/agent"
)

// whole is a run in which all has passed.
func whole() *Run {
	run := &Run{}
	for _, r := range rows() {
		for _, c := range Columns() {
			if r.why(c) == "" {
				run.Pass(r.api, c.Kind, c.Route)
			}
		}
	}
	return run
}

func TestEveryCellSaysYesOrWhyNot(t *testing.T) {
	table, wrong := whole().Table()
	if len(wrong) > 0 {
		t.Errorf("wrong are %q", wrong)
	}
	for line := range strings.Lines(table) {
		if strings.Contains(line, "| |") {
			t.Errorf("an empty cell: %s", line)
		}
	}
	if !strings.Contains(table, "| lite pull, assign and seek | yes | yes | yes | yes | yes | yes | yes | yes | (3) | (3) |\n") {
		t.Errorf("the table is\n%s", table)
	}
}

func TestWhatHasNotPassedAndWhatNoCellIsForAreNamed(t *testing.T) {
	run := whole()
	delete(run.passed, cell{SendSync, Column{agent.Java498, Shared}})
	run.Pass(LiteAssign, agent.Go212, Gateway)
	run.Pass(SendSync, agent.Go212, Shared)
	run.Pass("fly", agent.Go212, Direct)
	_, wrong := run.Table()
	want := []string{
		"fly of go212 over direct routes has passed and has no cell",
		"lite pull, assign and seek of go212 over gateway routes has passed and has no cell",
		"send, synchronous of go212 over shared routes has passed and has no cell",
		"send, synchronous of java498 over shared routes has not passed",
	}
	if strings.Join(wrong, "\n") != strings.Join(want, "\n") {
		t.Errorf("wrong are %q", wrong)
	}
}

func TestADocumentIsComparedAndWritten(t *testing.T) {
	document := filepath.Join(t.TempDir(), "document.md")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(document, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("# Nothing\n")
	if err := whole().Check(document, true); !errors.Is(err, ErrDiffers) {
		t.Errorf("without the lines around: %v", err)
	}
	write("before\n" + tableStart + "old\n" + tableEnd + "after\n")
	if err := whole().Check(document, false); !errors.Is(err, ErrDiffers) {
		t.Errorf("an old table: %v", err)
	}
	if err := new(Run).Check(document, true); !errors.Is(err, ErrDiffers) {
		t.Errorf("a table of nothing is written: %v", err)
	}
	if err := whole().Check(document, true); err != nil {
		t.Error(err)
	}
	if err := whole().Check(document, false); err != nil {
		t.Errorf("what was written: %v", err)
	}
	text, err := os.ReadFile(document)
	if err != nil || !strings.HasPrefix(string(text), "before\n") || !strings.HasSuffix(string(text), "after\n") {
		t.Errorf("around the table is %.20q…, %v", text, err)
	}
}

func TestHasAndClientsReadTheTable(t *testing.T) {
	goClient := Column{agent.Go212, Gateway}
	if !goClient.Has(SendSync) || goClient.Has(QueryByKey) || goClient.Has("fly") {
		t.Error("what the Go client has")
	}
	if !(Column{agent.Java498, Direct}).Has(CreateTopic) || (Column{agent.Java498, Shared}).Has(CreateTopic) {
		t.Error("who makes topics")
	}
	if got := Clients(Shared); len(got) != 2 || got[0] != agent.Java498 {
		t.Errorf("clients of shared routes are %v", got)
	}
}
