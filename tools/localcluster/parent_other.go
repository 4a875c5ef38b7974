//go:build !linux

package localcluster

import "syscall"

// dieWithParent has no kernel to ask here; processes end when they are ended.
func dieWithParent() *syscall.SysProcAttr { return nil }
