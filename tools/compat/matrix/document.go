package matrix

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// The lines around the table.
const (
	tableStart = "<!-- the table of tools/compat/matrix -->\n"
	tableEnd   = "<!-- its end -->\n"
)

// ErrDiffers is what Check wraps where the document does not say what has passed.
var ErrDiffers = errors.New("the matrix of APIs")

// Check compares the table in a document with what has passed. With update it writes the table first, unless a cell is empty. Errors:
// ErrDiffers, those of the file.
func (r *Run) Check(document string, update bool) error {
	text, err := os.ReadFile(document)
	if err != nil {
		return fmt.Errorf("the document of the matrix: %w", err)
	}
	before, rest, found := strings.Cut(string(text), tableStart)
	_, after, closed := strings.Cut(rest, tableEnd)
	if !found || !closed {
		return fmt.Errorf("%w: %s lacks the lines around it, %q and %q", ErrDiffers, document, tableStart, tableEnd)
	}
	table, wrong := r.Table()
	if len(wrong) > 0 {
		return fmt.Errorf("%w: %s", ErrDiffers, strings.Join(wrong, "; "))
	}
	want := before + tableStart + table + tableEnd + after
	switch {
	case want == string(text):
		return nil
	case !update:
		return fmt.Errorf("%w: %s says something else than the run; go test -update writes it", ErrDiffers, document)
	}
	if err := os.WriteFile(document, []byte(want), 0o666); err != nil {
		return fmt.Errorf("write the matrix: %w", err)
	}
	return nil
}
