package xcheck

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// Difference is one leaf in which two servers' answers to a step differ. A leaf that is not there is Absent.
type Difference struct {
	Step, Path        string
	Oracle, Candidate string
}

// Absent is the value of a leaf that one side does not have.
const Absent = "(absent)"

func (d Difference) String() string {
	return fmt.Sprintf("%s  %s\n    oracle     %s\n    candidate  %s", d.Step, d.Path, d.Oracle, d.Candidate)
}

// Compare lists the differences of two recordings in the order of the script.
func Compare(oracle, candidate Recording) []Difference {
	var found []Difference
	for i, o := range oracle {
		c := candidate[i]
		paths := maps.Clone(o.Leaves)
		maps.Copy(paths, c.Leaves)
		for _, path := range slices.Sorted(maps.Keys(paths)) {
			d := Difference{Step: o.Step, Path: path, Oracle: leafOf(o.Leaves, path), Candidate: leafOf(c.Leaves, path)}
			if d.Oracle != d.Candidate {
				found = append(found, d)
			}
		}
	}
	return found
}

func leafOf(l map[string]string, path string) string {
	if value, ok := l[path]; ok {
		return value
	}
	return Absent
}

// Report is what a cross-check came to.
type Report struct {
	Steps       int
	Unexplained []Difference
	Accepted    []Difference
	Unused      []Acceptance // what is listed as a difference and is none any more
}

// Judge sorts differences into accepted and unexplained ones.
func Judge(steps int, found []Difference, accepted []Acceptance) Report {
	r := Report{Steps: steps}
	used := make([]bool, len(accepted))
	for _, d := range found {
		at := slices.IndexFunc(accepted, func(a Acceptance) bool { return a.covers(d) })
		if at < 0 {
			r.Unexplained = append(r.Unexplained, d)
			continue
		}
		used[at] = true
		r.Accepted = append(r.Accepted, d)
	}
	for i, a := range accepted {
		if !used[i] {
			r.Unused = append(r.Unused, a)
		}
	}
	return r
}

// Write prints every difference and a summing line.
func (r Report) Write(w io.Writer) {
	for _, d := range r.Unexplained {
		fmt.Fprintln(w, d)
	}
	for _, a := range r.Unused {
		fmt.Fprintf(w, "%s  %s\n    is listed as accepted but does not differ\n", a.Steps, a.Paths)
	}
	fmt.Fprintf(w, "%d steps: %d differences unexplained, %d accepted\n", r.Steps, len(r.Unexplained), len(r.Accepted))
}
