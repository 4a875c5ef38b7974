package consumequeue

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// DamageError says that units of a queue cannot be read or cannot be what they say: those of [From, To) are to be made
// again from the log.
type DamageError struct {
	Queue    *Queue
	File     string
	From, To Offset
	Err      error
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("consume queue file %s, units %d to %d: %v", e.File, e.From, e.To-1, e.Err)
}

func (e *DamageError) Unwrap() error { return e.Err }

// lost turns an error that says that the file which begins at start is missing or too short into a *DamageError.
func (q *Queue) lost(start int64, err error) error {
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, io.EOF) {
		return err
	}
	from := Offset(start / UnitBytes)
	return &DamageError{Queue: q, File: q.path(start), From: from, To: from + q.UnitsPerFile(), Err: err}
}

// Damaged is the *DamageError of one unit.
func (q *Queue) Damaged(at Offset, err error) error {
	file, _ := q.Place(at)
	return &DamageError{Queue: q, File: file, From: at, To: at + 1, Err: err}
}

// Place names the file that a unit belongs to and where in it the unit begins, in bytes.
func (q *Queue) Place(at Offset) (file string, offset int64) {
	bytes := int64(at) * UnitBytes
	return q.path(bytes - bytes%q.fileBytes), bytes % q.fileBytes
}
