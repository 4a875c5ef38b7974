//go:build !linux

package smalldisk

import (
	"errors"
	"os"
)

// fallocate has no disk to fill here: Make knows the commands of Linux only.
func fallocate(*os.File, int64, int64) error { return errors.ErrUnsupported }
