//go:build !linux

package store

// systemMemoryBytes is a guess where the system is not asked.
func systemMemoryBytes() int64 { return 8 << 30 }
