package commitlog

import (
	"errors"
	"fmt"
	"time"
)

// Errors of the log; match them with errors.Is.
var (
	ErrBusy       = errors.New("commit log queue is full")
	ErrClosed     = errors.New("commit log is closed")
	ErrTooLarge   = errors.New("records do not fit into one commit log file")
	ErrMalformed  = errors.New("request holds no whole records")
	ErrOutOfRange = errors.New("offset is outside the commit log")
	ErrBlockSum   = errors.New("the block differs from its sum")
	ErrNotAtEnd   = errors.New("copied bytes belong to another place than the commit log's end")
	ErrNotEmpty   = errors.New("the commit log is not empty")
	ErrFileSize   = errors.New("files of the two commit logs end at different places, mappedFileSizeCommitLog differs")
)

// BusyError says which bound an append met. It is an ErrBusy.
type BusyError struct {
	What          string // "requests" or "bytes"
	Queued, Limit int
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("%v: %d of %d %s wait to be written", ErrBusy, e.Queued, e.Limit, e.What)
}

func (e *BusyError) Unwrap() error { return ErrBusy }

// WriteError says that the log could not be written: a full or a broken disk. The records of the request are not in the
// log. Err tells which, for instance syscall.ENOSPC.
type WriteError struct {
	File string
	Op   string // "create", "write", "sync" or "repair"
	Err  error
}

func (e *WriteError) Error() string {
	return fmt.Sprintf("commit log cannot be written: %s %s: %v", e.Op, e.File, e.Err)
}

func (e *WriteError) Unwrap() error { return e.Err }

// CorruptError says where the log holds something other than it should.
type CorruptError struct {
	File   string
	Offset Offset // in the log
	Err    error
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("commit log is damaged in %s at offset %d: %v", e.File, e.Offset, e.Err)
}

func (e *CorruptError) Unwrap() error { return e.Err }

// failure is why appends are refused, and until when none is tried.
type failure struct {
	err     *WriteError
	retryAt time.Time
}

func (f *failure) mayRetry() bool { return !time.Now().Before(f.retryAt) }
