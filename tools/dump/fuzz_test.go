package dump

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"gantry/storenode/commitlog"
)

// FuzzFile prints what may be any file as each kind: it ends, with a place inside the file where it found damage.
func FuzzFile(f *testing.F) {
	for _, name := range []string{"record", "unit", "index", "checkpoint", "sums"} {
		seed, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Add(make([]byte, 100))
	f.Fuzz(func(t *testing.T, content []byte) {
		for asked := range printers() {
			in := &input{ReaderAt: bytes.NewReader(content), name: "00000000000000000000", size: int64(len(content))}
			err := write(io.Discard, asked, in, options{bodies: true, slots: 3})
			var found *DamageError
			if errors.As(err, &found) && (found.At < 0 || found.At > int64(len(content))) {
				t.Errorf("%s: damage at byte %d of %d", asked, found.At, len(content))
			}
		}
	})
}

// FuzzParseRecordAt holds a record that parses to its length and its place.
func FuzzParseRecordAt(f *testing.F) {
	seed, err := os.ReadFile(filepath.Join("testdata", "record"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed, int64(0))
	f.Fuzz(func(t *testing.T, b []byte, offset int64) {
		r, err := commitlog.ParseRecordAt(b, commitlog.Offset(offset))
		if err == nil && (r.Size() > len(b) || r.PhysicalOffset() != offset) {
			t.Errorf("a record of %d bytes at %d from %d bytes at %d", r.Size(), r.PhysicalOffset(), len(b), offset)
		}
	})
}
