package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/commitlog"
	"gantry/storenode/vfs"
)

// filled is a store of n messages that was closed, and where each one ends.
func filled(t *testing.T, n int) (*vfs.Mem, []commitlog.Offset) {
	t.Helper()
	mem := vfs.NewMem()
	s := open(t, testConfig(), mem)
	ends := []commitlog.Offset{0}
	for i := range n {
		fill(t, s, i, i+1)
		ends = append(ends, s.End())
		if i == n/2 {
			time.Sleep(2 * time.Minute) // a checkpoint, sums of closed files
		}
	}
	shut(t, s)
	return mem, ends
}

const cutMessages = 300 // of three files

// A store that was cut is what it was when it had less, and grows again.
func TestACutStore(t *testing.T) {
	for _, left := range []int{0, 1, 37, 120, 149, 151, 222, 299, 300} {
		t.Run(fmt.Sprint(left), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mem, ends := filled(t, cutMessages)
				tail := commitlog.Tail{From: ends[left], To: ends[cutMessages]}
				if err := Cut(testConfig(), mem, tail); err != nil {
					t.Fatal(err)
				}
				s := open(t, testConfig(), mem)
				if s.End() != ends[left] {
					t.Fatalf("the log ends at %d, want %d", s.End(), ends[left])
				}
				checkFilledIfAny(t, s, left)
				fill(t, s, left, left+50)
				checkFilled(t, s, left+50)
				shut(t, s)
			})
		})
	}
}

// A crash while a store is cut leaves one that can be cut again.
func TestACutThatACrashInterrupts(t *testing.T) {
	errCrash := errors.New("crash")
	const left = 37
	for _, after := range []func(*vfs.Mem) *vfs.Mem{(*vfs.Mem).AfterKill, func(m *vfs.Mem) *vfs.Mem { return m.AfterPowerLoss(rand.New(rand.NewPCG(1, 1))) }} {
		for step, done := 0, false; !done; step++ {
			if step > 500 {
				t.Fatal("cutting takes no end")
			}
			synctest.Test(t, func(t *testing.T) {
				mem, ends := filled(t, cutMessages)
				tail, at := commitlog.Tail{From: ends[left], To: ends[cutMessages]}, 0
				mem.SetHook(func(op vfs.Op) error {
					if at++; at > step {
						return errCrash
					}
					return nil
				})
				done = Cut(testConfig(), mem, tail) == nil
				mem.SetHook(nil)
				mem = after(mem)
				if err := Cut(testConfig(), mem, tail); err != nil {
					t.Fatalf("after a crash at operation %d: %v", step, err)
				}
				s := open(t, testConfig(), mem)
				if s.End() != ends[left] {
					t.Fatalf("after a crash at operation %d the log ends at %d, want %d", step, s.End(), ends[left])
				}
				checkFilled(t, s, left)
				shut(t, s)
			})
		}
	}
}

func TestWhatIsCutOffIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem, ends := filled(t, cutMessages)
		tail := commitlog.Tail{From: ends[37], To: ends[cutMessages]}
		for range 2 { // be it interrupted
			if err := KeepTail(testConfig(), mem, tail, "/store/gantry/aside"); err != nil {
				t.Fatal(err)
			}
		}
		files, err := mem.List("/store/gantry/aside")
		if err != nil || len(files) < 3 || files[0].Name != fmt.Sprintf("%020d", tail.From) {
			t.Fatalf("kept are %v, %v", files, err)
		}
		var all strings.Builder
		for _, f := range files {
			file, err := mem.Open("/store/gantry/aside/" + f.Name)
			if err != nil {
				t.Fatal(err)
			}
			size, _ := file.Size()
			b := make([]byte, size)
			if _, err := file.ReadAt(b, 0); err != nil {
				t.Fatal(err)
			}
			all.Write(b)
		}
		if int64(all.Len()) != int64(tail.To-tail.From) || !strings.Contains(all.String(), "U299") || !strings.Contains(all.String(), "U37") {
			t.Errorf("%d bytes are kept of %d", all.Len(), tail.To-tail.From)
		}
	})
}
