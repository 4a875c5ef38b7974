package configfile

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"gantry/storenode/vfs"
)

func TestFilesOnTheOperatingSystem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config", "t.json")
	for n := 1; n <= 3; n++ {
		f := New(On(vfs.OS{}), path)
		if got, found, err := load(t, f); got != n-1 || found != (n > 1) || err != nil {
			t.Fatalf("start %d: got %d, %v, %v", n, got, found, err)
		}
		if err := f.Save(fmt.Append(nil, n)); err != nil {
			t.Fatal(err)
		}
	}
	backup, err := On(vfs.OS{}).ReadFile(path + ".bak")
	if err != nil || string(backup) != "2" {
		t.Errorf("backup %q, %v", backup, err)
	}
}

// Texts are long, so that a power loss can tear one.
func text(n int) []byte { return append(fmt.Append(nil, n), bytes.Repeat([]byte(" "), 5000)...) }

func TestAPowerLossAtAnyStepOfSaveLeavesTheOldOrTheNewText(t *testing.T) {
	for seed := range uint64(20) {
		for steps := range 40 {
			memory := vfs.NewMem()
			f := New(On(memory), path)
			if err := errors.Join(f.Save(text(1)), f.Save(text(2))); err != nil {
				t.Fatal(err)
			}
			left := steps
			memory.SetHook(func(vfs.Op) error {
				if left--; left < 0 {
					return errors.New("the power is gone")
				}
				return nil
			})
			err := f.Save(text(3))
			memory.Halt()
			after := memory.AfterPowerLoss(rand.New(rand.NewPCG(seed, 0)))
			n, found, loadErr := load(t, New(On(after), path))
			if !found || loadErr != nil || n < 2 || err == nil && n != 3 {
				t.Fatalf("seed %d, %d steps: got %d, %v, %v; Save said %v", seed, steps, n, found, loadErr, err)
			}
		}
	}
}
