package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Report is everything that a comparison found, as its JSON file has it.
type Report struct {
	Format  int            `json:"format"` // reportFormat
	Begun   time.Time      `json:"begun"`
	Ended   time.Time      `json:"ended"`
	Release string         `json:"release"` // of the program that measured
	Machine Machine        `json:"machine"`
	Loads   []LoadReport   `json:"loads"`
	Systems []SystemReport `json:"systems"`
	Runs    []Run          `json:"runs"`
	Bars    []BarReport    `json:"bars,omitempty"`
	Notes   []string       `json:"notes,omitempty"` // what was left out or failed, and why
}

// reportFormat rises when a reader of the last one would be misled.
const reportFormat = 1

// LoadReport is a load as it was run.
type LoadReport struct {
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	Command string   `json:"command"` // {addr} stands for each system's address
	Rate    int      `json:"rate,omitempty"`
	Rounds  int      `json:"rounds"`
	Systems []string `json:"systems"`        // that took part; the first is what the others are measured against
	Unit    string   `json:"unit,omitempty"` // of the points that its systems are on a curve, "": they are none
}

// SystemReport is a system as it was found.
type SystemReport struct {
	Name    string  `json:"name"`
	Title   string  `json:"title"`
	Command string  `json:"command"`         // "": it ran already
	Point   float64 `json:"point,omitempty"` // on the curve of the load that it is for
	Facts
}

// ErrReportFormat says that a file is no report, or of a release with another format.
var ErrReportFormat = errors.New("not a report of this format")

// WriteJSON writes what ReadReport reads.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// ReadReport reads a report; fields that it does not know are an error, and so is another format.
func ReadReport(from io.Reader) (*Report, error) {
	d := json.NewDecoder(from)
	d.DisallowUnknownFields()
	r := new(Report)
	if err := d.Decode(r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrReportFormat, err)
	}
	if r.Format != reportFormat {
		return nil, fmt.Errorf("%w: format %d, want %d", ErrReportFormat, r.Format, reportFormat)
	}
	return r, nil
}

func (r *Report) system(name string) SystemReport {
	if i := slices.IndexFunc(r.Systems, func(s SystemReport) bool { return s.Name == name }); i >= 0 {
		return r.Systems[i]
	}
	return SystemReport{Name: name}
}

// save writes the files that are asked for, each in its form.
func (r *Report) save(files map[string]func(io.Writer) error) error {
	for path, write := range files {
		if path == "" {
			continue
		}
		if err := saveAs(path, write); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
	}
	return nil
}

// saveAs replaces a file as a whole: who looks meanwhile sees the old one.
func saveAs(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := errors.Join(write(f), f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
