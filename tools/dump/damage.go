package dump

import (
	"errors"
	"fmt"
	"io"
)

// DamageError says where a file holds something other than it should.
type DamageError struct {
	File string
	At   int64  // of the first damaged byte in the file
	What string // where that is in the store's terms: a log offset, a queue offset, an item
	Err  error
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("%s is damaged at byte %d (%s): %v", e.File, e.At, e.What, e.Err)
}

func (e *DamageError) Unwrap() error { return e.Err }

var errBehindEnd = errors.New("something follows zeros, where the file should be at its end")

// damage makes a DamageError.
func (in *input) damage(at int64, err error, what string, args ...any) error {
	return &DamageError{File: in.name, At: at, What: fmt.Sprintf(what, args...), Err: err}
}

// read fills b from at on.
func (in *input) read(b []byte, at int64) error {
	n, err := in.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("dump %s at byte %d: %w", in.name, at, err)
}

// zeroFrom says whether nothing but zeros follows from at on.
func (in *input) zeroFrom(at int64) (bool, error) {
	b := make([]byte, 256<<10)
	for at < in.size {
		b = b[:min(int64(len(b)), in.size-at)]
		if err := in.read(b, at); err != nil {
			return false, err
		}
		if !isZero(b) {
			return false, nil
		}
		at += int64(len(b))
	}
	return true, nil
}

func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
