//go:build !linux

package bench

import "time"

func exactSleep() (sleep func(time.Duration), done func()) { return time.Sleep, func() {} }
