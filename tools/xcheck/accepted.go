package xcheck

import (
	"fmt"
	"regexp"
	"strings"
)

// Acceptance is a difference that is on purpose. In every field but Why a * stands for any text; several step patterns
// are separated by spaces.
type Acceptance struct {
	Steps, Paths      string
	Oracle, Candidate string
	Why               string
}

func (a Acceptance) covers(d Difference) bool {
	return like(a.Paths, d.Path) && like(a.Oracle, d.Oracle) && like(a.Candidate, d.Candidate) && a.namesStep(d.Step)
}

func (a Acceptance) namesStep(step string) bool {
	for pattern := range strings.FieldsSeq(a.Steps) {
		if like(pattern, step) {
			return true
		}
	}
	return false
}

func like(pattern, text string) bool {
	quoted := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`)
	return regexp.MustCompile(`(?s)^` + quoted + `$`).MatchString(text)
}

// Accepted lists the differences between Gantry and RocketMQ 4.9.7 that are on purpose. docs/compatibility.md holds the
// same as a table.
func Accepted() []Acceptance {
	return []Acceptance{}
}

// Table is the list as docs/compatibility.md shows it.
func Table(list []Acceptance) string {
	var b strings.Builder
	b.WriteString("| step | part of the answer | RocketMQ 4.9.7 | Gantry | why |\n|---|---|---|---|---|\n")
	for _, a := range list {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", code(a.Steps), code(a.Paths), code(a.Oracle), code(a.Candidate), a.Why)
	}
	return b.String()
}

func code(text string) string { return "`" + strings.ReplaceAll(text, "|", `\|`) + "`" }
