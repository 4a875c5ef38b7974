//go:build !linux

package process

import "syscall"

// dieWithParent has no kernel to ask here; children end when they are stopped.
func dieWithParent() *syscall.SysProcAttr { return nil }
