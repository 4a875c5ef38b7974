package smalldisk

import (
	"os"
	"syscall"
)

// fallocate takes blocks for n bytes of the file from an offset on, without writing them.
func fallocate(file *os.File, offset, n int64) error {
	return syscall.Fallocate(int(file.Fd()), 0, offset, n)
}
