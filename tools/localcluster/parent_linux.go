package localcluster

import "syscall"

// dieWithParent lets the kernel kill the process when the test is gone, so that
// an interrupted one leaves nothing behind; its own group spares it a Ctrl-C.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
