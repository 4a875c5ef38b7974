package doctor

import "syscall"

const timeError = 5 // TIME_ERROR: the clock is not synchronised

func clockSynchronised() (synchronised, known bool) {
	state, err := syscall.Adjtimex(&syscall.Timex{})
	return state != timeError, err == nil
}
