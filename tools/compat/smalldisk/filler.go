package smalldisk

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

const (
	firstStepBytes = 64 << 20
	blockBytes     = 4096
)

// Fill takes space until no more than leave bytes are free, or none at all.
func (d *Disk) Fill(leave int64) error {
	file, err := os.OpenFile(d.filler, os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return fmt.Errorf("make the filler: %w", err)
	}
	defer file.Close()
	for step := int64(firstStepBytes); step >= blockBytes; {
		_, free, err := d.Size()
		if err != nil {
			return err
		}
		if free <= leave || free < blockBytes {
			return nil
		}
		switch err := grow(file, min(step, max(free-leave, blockBytes))); {
		case errors.Is(err, syscall.ENOSPC):
			step /= 2
		case err != nil:
			return fmt.Errorf("fill %s: %w", d.Dir, err)
		}
	}
	return nil
}

// grow takes blocks for the file's next n bytes.
func grow(file *os.File, n int64) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return fallocate(file, info.Size(), n)
}

// Free gives back all that Fill took.
func (d *Disk) Free() error { return os.Remove(d.filler) }
