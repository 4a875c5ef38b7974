package xcheck

import (
	"strings"
	"testing"
)

func TestEveryDifferenceIsNamedAndOnlyListedOnesAreAccepted(t *testing.T) {
	oracle := Recording{{"a/one", leaves{"answer": answered, "code": "1", "ext.x": "1"}}, {"b/two", leaves{"answer": unanswered}}}
	candidate := Recording{{"a/one", leaves{"answer": answered, "code": "2"}}, {"b/two", leaves{"answer": answered, "code": "3"}}}
	found := Compare(oracle, candidate)
	want := []Difference{
		{"a/one", "code", "1", "2"}, {"a/one", "ext.x", "1", Absent},
		{"b/two", "answer", unanswered, answered}, {"b/two", "code", Absent, "3"},
	}
	if len(found) != len(want) {
		t.Fatalf("found %v, want %v", found, want)
	}
	for i := range want {
		if found[i] != want[i] {
			t.Errorf("difference %d is %v, want %v", i, found[i], want[i])
		}
	}

	report := Judge(len(oracle), found, []Acceptance{
		{Steps: "x/* b/*", Paths: "*", Oracle: "*", Candidate: "*"},
		{Steps: "a/one", Paths: "code", Oracle: "1", Candidate: "3"},
	})
	if len(report.Accepted) != 2 || len(report.Unexplained) != 2 || len(report.Unused) != 1 {
		t.Errorf("accepted %v, unexplained %v, unused %v", report.Accepted, report.Unexplained, report.Unused)
	}
	var text strings.Builder
	report.Write(&text)
	for _, want := range []string{"a/one  ext.x\n", "candidate  (absent)", "2 steps: 2 differences unexplained, 2 accepted"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, text.String())
		}
	}
}

func TestAStarStandsForAnyTextAndNothingElseIsSpecial(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		like          bool
	}{
		{"a.b", "a.b", true}, {"a.b", "axb", false}, {"a*", "a\nb", true}, {"*c", "abc", true}, {"a", "ab", false}, {"[x] %RETRY%*", "[x] %RETRY%g", true},
	} {
		if like(c.pattern, c.text) != c.like {
			t.Errorf("%q like %q is not %v", c.text, c.pattern, c.like)
		}
	}
}
