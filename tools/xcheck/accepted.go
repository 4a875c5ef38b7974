package xcheck

import (
	"fmt"
	"regexp"
	"strings"
)

// Acceptance is a difference that is on purpose. Steps and Paths are patterns separated by blanks, Oracle and Candidate one
// pattern each; a * in them stands for any text.
type Acceptance struct {
	Steps, Paths      string
	Oracle, Candidate string
	Why               string
}

func (a Acceptance) covers(d Difference) bool {
	return like(a.Oracle, d.Oracle) && like(a.Candidate, d.Candidate) && likeOne(a.Paths, d.Path) && likeOne(a.Steps, d.Step)
}

func likeOne(patterns, text string) bool {
	for pattern := range strings.FieldsSeq(patterns) {
		if like(pattern, text) {
			return true
		}
	}
	return false
}

func like(pattern, text string) bool {
	quoted := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`)
	return regexp.MustCompile(`(?s)^` + quoted + `$`).MatchString(text)
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
