package store

import "syscall"

// systemMemoryBytes is the machine's memory, 0 where the system does not tell.
func systemMemoryBytes() int64 {
	var info syscall.Sysinfo_t
	if syscall.Sysinfo(&info) != nil {
		return 0
	}
	return int64(info.Totalram) * int64(info.Unit)
}
