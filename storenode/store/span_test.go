package store

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/vfs"
)

const spanMessages = 20

// withInterleaved has messages of two queues lie in the log by turns; places are those of the first queue's.
func withInterleaved(t *testing.T, between int, test func(t *testing.T, mem *vfs.Mem, s *Store, places []int64)) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := testConfig()
		cfg.MappedFileSizeCommitLog = 1 << 20
		s := open(t, cfg, mem)
		var places []int64
		for range spanMessages {
			places = append(places, int64(send(t, s, msg{topic: "A", body: "wanted"}).Offset))
			send(t, s, msg{topic: "B", body: strings.Repeat("x", between)})
		}
		time.Sleep(2 * time.Second) // the queues are written
		test(t, mem, s, places)
		shut(t, s)
	})
}

// watch counts reads of the log, and has those that touch one byte of it fail; -1 for none.
func watch(mem *vfs.Mem, bad int64) (reads *int) {
	reads = new(int)
	mem.SetHook(func(op vfs.Op) error {
		if op.Kind != "read" || !strings.Contains(op.Path, "commitlog") {
			return nil
		}
		*reads++
		if op.Offset <= bad && bad < op.Offset+int64(op.Bytes) {
			return syscall.EIO
		}
		return nil
	})
	return reads
}

func getA(s *Store, offset int64) (*Result, error) {
	return s.Get(Query{Topic: "A", Offset: offset, MaxNum: 32})
}

func TestRecordsThatLieCloseTogetherAreReadAtOnce(t *testing.T) {
	for between, want := range map[int]int{100: 1, gapBytes + 1: spanMessages} {
		withInterleaved(t, between, func(t *testing.T, mem *vfs.Mem, s *Store, _ []int64) {
			for name, get := range map[string]func() (*Result, error){
				"get": func() (*Result, error) { return getA(s, 0) },
				"get now": func() (*Result, error) {
					r, ok := s.GetNow(Query{Topic: "A", MaxNum: 32})
					if !ok {
						return nil, vfs.ErrWouldWait
					}
					return r, nil
				},
			} {
				reads := watch(mem, -1)
				r, err := get()
				if err != nil || r.Count != spanMessages || *reads != want {
					t.Fatalf("%s, %d bytes between: %+v with %d reads, want %d; %v", name, between, r, *reads, want, err)
				}
				for _, m := range split(t, r.Bytes) {
					if m.Topic != "A" || string(m.Body) != "wanted" {
						t.Errorf("%s: %s %q", name, m.Topic, m.Body)
					}
				}
				r.Release()
			}
		})
	}
}

func TestWhatCannotBeReadBetweenRecordsHoldsUpNone(t *testing.T) {
	withInterleaved(t, 100, func(t *testing.T, mem *vfs.Mem, s *Store, places []int64) {
		watch(mem, places[6]-1)
		if _, ok := s.GetNow(Query{Topic: "A", MaxNum: 32}); ok {
			t.Error("found at once")
		}
		r, err := getA(s, 0)
		if err != nil || r.Count != spanMessages {
			t.Fatalf("%d messages, %v", r.Count, err)
		}
		r.Release()
	})
}

func TestMessagesInFrontOfOneThatCannotBeReadAreServed(t *testing.T) {
	withInterleaved(t, 100, func(t *testing.T, mem *vfs.Mem, s *Store, places []int64) {
		watch(mem, places[6])
		r, err := getA(s, 0)
		if err != nil || r.Count != 6 || r.NextBeginOffset != 6 {
			t.Fatalf("%d messages, %v", r.Count, err)
		}
		r.Release()
		if _, err := getA(s, 6); !errors.Is(err, syscall.EIO) {
			t.Errorf("the one: %v", err)
		}
		if r, err = getA(s, 7); err != nil || r.Count != spanMessages-7 {
			t.Fatalf("those behind it: %+v, %v", r, err)
		}
		r.Release()
	})
}

// What filters by properties reads records one by one, and what is not as it should be is told by Get alone.
func TestGetNowLeavesToGetWhatMayWait(t *testing.T) {
	withInterleaved(t, 100, func(t *testing.T, mem *vfs.Mem, s *Store, places []int64) {
		if _, ok := s.GetNow(Query{Topic: "A", MaxNum: 32, MatchProperties: func(message.Properties) bool { return true }}); ok {
			t.Error("properties were read")
		}
		flipBit(t, mem, firstLogFile, places[3]+90, 1)
		if _, ok := s.GetNow(Query{Topic: "A", MaxNum: 32}); ok || s.DamagedReads() != 0 {
			t.Errorf("a flipped bit: %v, %d damaged reads", ok, s.DamagedReads())
		}
		r, err := getA(s, 0)
		if err != nil || r.Count != spanMessages-1 {
			t.Fatalf("%d messages, %v", r.Count, err)
		}
		r.Release()
	})
}
