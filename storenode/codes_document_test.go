package storenode

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs/compatibility.md has a row for every code that a node answers, in order.
func TestTheDocumentHasARowForEachCode(t *testing.T) {
	text, err := os.ReadFile("../docs/compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "## The storage node's codes\n")
	if !found {
		t.Fatal("the document has no section on the storage node's codes")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var documented []string
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+) ?([A-Z0-9_]*) \|`).FindAllStringSubmatch(section, -1) {
		documented = append(documented, row[1])
	}
	withNode(t, nil, func(s *scene) {
		codes := map[int32]bool{}
		for _, r := range slices.Concat(s.node.requests(), s.node.roleRequests(), s.node.tableRequests()) {
			codes[r.code] = true
		}
		var answered []string
		for code := range codes {
			answered = append(answered, fmt.Sprint(code))
		}
		slices.SortFunc(answered, byNumber)
		if !slices.Equal(documented, answered) {
			t.Errorf("documented are\n%v, answered\n%v", documented, answered)
		}
	})
}

func byNumber(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}
