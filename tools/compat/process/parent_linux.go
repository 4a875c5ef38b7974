package process

import "syscall"

// dieWithParent lets the kernel kill the child when its parent is gone, so that an interrupted test leaves nothing behind.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
