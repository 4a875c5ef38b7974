package doctor

import (
	"fmt"
	"io"
)

// Severity is how bad a finding is; it is the exit code, too, where it is above
// Note.
type Severity int

const (
	Fine    Severity = iota
	Note             // worth knowing
	Warning          // works, and will surprise somebody
	Error            // does not work
)

func (s Severity) String() string { return [...]string{"fine", "note", "warning", "error"}[s] }

// Finding is what was found in an area, and what helps.
type Finding struct {
	Severity Severity
	Area     string
	Text     string
	Remedy   string // empty where nothing is to be done
}

// Findings are in the order in which they were found.
type Findings []Finding

func (f *Findings) add(s Severity, area, remedy, text string, args ...any) {
	*f = append(*f, Finding{s, area, fmt.Sprintf(text, args...), remedy})
}

func (f *Findings) fine(area, text string, args ...any) { f.add(Fine, area, "", text, args...) }

func (f Findings) worst() Severity {
	worst := Fine
	for _, one := range f {
		worst = max(worst, one.Severity)
	}
	return worst
}

// exitCode is 0 where everything works as it should, 1 after warnings, 2 after
// errors.
func (f Findings) exitCode() int { return max(0, int(f.worst())-int(Note)) }

// write prints a line for each.
func (f Findings) write(w io.Writer) {
	for _, one := range f {
		fmt.Fprintf(w, "%-8s %-13s %s", one.Severity, one.Area, one.Text)
		if one.Remedy != "" {
			fmt.Fprintf(w, "; %s", one.Remedy)
		}
		fmt.Fprintln(w)
	}
}
