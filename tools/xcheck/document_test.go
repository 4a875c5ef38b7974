package xcheck

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of accepted differences into docs/compatibility.md")

const document = "../../docs/compatibility.md"

// tables are the lists that the document holds, by the line before each.
var tables = map[string]func() []Acceptance{
	"<!-- the table of tools/xcheck/accepted_list.go -->\n":   Accepted,
	"<!-- the table of tools/xcheck/accepted_shared.go -->\n": AcceptedShared,
}

const tableEnd = "<!-- its end -->\n"

func TestTheDocumentHoldsTheAcceptedDifferences(t *testing.T) {
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	for start, list := range tables {
		before, rest, found := strings.Cut(want, start)
		_, after, closed := strings.Cut(rest, tableEnd)
		if !found || !closed {
			t.Fatalf("%s lacks the lines around a table: %s", document, start)
		}
		want = before + start + Table(list()) + tableEnd + after
	}
	if *update {
		if err := os.WriteFile(document, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Errorf("%s differs from the lists of accepted differences: go test ./tools/xcheck -update writes it", document)
	}
}

func TestEveryAcceptedDifferenceHasAReasonAndAStep(t *testing.T) {
	for _, a := range slices.Concat(Accepted(), AcceptedShared()) {
		if len(strings.Fields(a.Why)) < 4 || !strings.HasSuffix(a.Why, ".") {
			t.Errorf("%s %s: %q is no reason", a.Steps, a.Paths, a.Why)
		}
		for pattern := range strings.FieldsSeq(a.Steps) {
			if !hasStepLike(pattern) {
				t.Errorf("no step is like %s", pattern)
			}
		}
	}
}

func hasStepLike(pattern string) bool {
	for _, s := range Script() {
		if like(pattern, s.Name) {
			return true
		}
	}
	return false
}
