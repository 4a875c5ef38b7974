package vfs

import (
	"math/rand/v2"
	"testing"
)

func TestALockLeavesTheTimeOfItsFileToJava(t *testing.T) {
	each(t, func(t *testing.T, system FS, dir string) {
		path := dir + "/lock"
		if err := must[interface{ Close() error }](t)(system.Lock(path)).Close(); err != nil {
			t.Fatal(err)
		}
		first := must[Info](t)(system.Stat(path))
		if err := must[interface{ Close() error }](t)(system.Lock(path)).Close(); err != nil {
			t.Fatal(err)
		}
		if again := must[Info](t)(system.Stat(path)); again != first {
			t.Errorf("%+v after a second lock, %+v before", again, first)
		}
		if first.ModTime.IsZero() {
			t.Error("the file has no time")
		}
	})
}

func TestAPowerLossIsAnotherBoot(t *testing.T) {
	mem := NewMem()
	if mem.BootID() == "" || mem.AfterKill().BootID() != mem.BootID() {
		t.Errorf("a kill is another boot: %q, %q", mem.BootID(), mem.AfterKill().BootID())
	}
	lost := mem.AfterPowerLoss(rand.New(rand.NewPCG(1, 2)))
	if lost.BootID() == mem.BootID() || lost.AfterKill().BootID() != lost.BootID() {
		t.Errorf("after a power loss %q, before %q", lost.BootID(), mem.BootID())
	}
	if (OS{}).BootID() != (OS{}).BootID() {
		t.Error("the kernel's boot id changes while it runs")
	}
}
