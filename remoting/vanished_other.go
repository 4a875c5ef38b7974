//go:build !linux

package remoting

import "time"

// boundUnacknowledged does nothing: these systems have bounds of their own.
func boundUnacknowledged(uintptr, time.Duration) {}
