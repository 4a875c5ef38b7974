package commitlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/vfs"
)

func TestRecordsGetTheirPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := open(t, testConfig(vfs.NewMem(), "/log"))
		first := send(t, l, "A", "one", false)
		second := send(t, l, "A", "two", false)
		other := send(t, l, "B", "three", false)
		if first.Offset != 0 || first.QueueOffset != 0 || second.QueueOffset != 1 || other.QueueOffset != 0 {
			t.Errorf("first %+v, second %+v, other %+v", first, second, other)
		}
		if want := Offset(len(first.Records)); second.Offset != want {
			t.Errorf("second at %d, want %d", second.Offset, want)
		}
		got, err := l.Record(second.Offset, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got.QueueOffset() != 1 || got.StoreTimestamp() != time.Now().UnixMilli() || string(got.Body()) != "two" {
			t.Errorf("record: queue offset %d, time %d, body %s", got.QueueOffset(), got.StoreTimestamp(), got.Body())
		}
		if millis, ok := l.StoreTimestamp(second.Offset); !ok || millis != got.StoreTimestamp() {
			t.Errorf("storeTimestamp %d %v", millis, ok)
		}
		shut(t, l)
	})
}

func TestABatchStaysTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := open(t, testConfig(vfs.NewMem(), "/log"))
		send(t, l, "A", strings.Repeat("x", 3500), false)
		batch := slices.Concat(record(t, "A", strings.Repeat("y", 200)), record(t, "A", strings.Repeat("z", 200)))
		r := &Request{Topic: "A", Records: batch}
		if err := appendWait(t, l, r); err != nil {
			t.Fatal(err)
		}
		if r.Offset != 4096 || r.Count != 2 || r.QueueOffset != 1 {
			t.Errorf("batch %+v", r)
		}
		if got := r.PhysicalOffsets(nil); len(got) != 2 || got[0] != 4096 || got[1] != 4096+Offset(len(batch)/2) {
			t.Errorf("physical offsets %v", got)
		}
		var head [8]byte
		if _, err := l.ReadAt(head[:], 3500+92); err != nil {
			t.Fatal(err)
		}
		if room, magic := binary.BigEndian.Uint32(head[:]), binary.BigEndian.Uint32(head[4:]); room != 4096-3592 || magic != message.MagicBlank {
			t.Errorf("blank of %d bytes with magic %x", room, magic)
		}
		if got := bodies(t, l); len(got) != 3 {
			t.Errorf("%d records", len(got))
		}
		shut(t, l)
	})
}

func TestPreparedRecordsTakeNoQueueOffset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := open(t, testConfig(vfs.NewMem(), "/log"))
		for i, row := range []struct {
			flag int32
			want int64
		}{{0, 0}, {message.FlagTransactionPrepared, 0}, {message.FlagTransactionRollback, 0}, {message.FlagTransactionCommit, 1}, {0, 2}} {
			raw, err := message.AppendRecord(nil, &message.Message{Topic: "A", SysFlag: row.flag})
			if err != nil {
				t.Fatal(err)
			}
			r := &Request{Topic: "A", Records: raw}
			if err := appendWait(t, l, r); err != nil {
				t.Fatal(err)
			}
			if got := message.Record(r.Records).QueueOffset(); got != row.want {
				t.Errorf("record %d with sysFlag %x: queue offset %d, want %d", i, row.flag, got, row.want)
			}
		}
		shut(t, l)
	})
}

// TestWhatWaitsIsOneWriteAndOneSync holds the appender in a slow sync while others gather.
func TestWhatWaitsIsOneWriteAndOneSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := testConfig(mem, "/log")
		cfg.FlushDiskType = SyncFlush
		cfg.MappedFileSizeCommitLog = 1 << 20
		l, _ := open(t, cfg)
		send(t, l, "A", "first makes the file", true)
		var mu sync.Mutex
		ops := map[string]int{}
		mem.SetHook(func(op vfs.Op) error {
			mu.Lock()
			defer mu.Unlock()
			ops[op.Kind]++
			return nil
		})
		gate := make(chan struct{})
		if err := l.Control(func() { <-gate }); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		var answered sync.WaitGroup
		for range 64 {
			answered.Add(1)
			r := &Request{Topic: "A", Records: record(t, "A", "gathered"), Wait: true, Done: func(r *Request) {
				if r.Err != nil {
					t.Error(r.Err)
				}
				answered.Done()
			}}
			if err := l.Append(r); err != nil {
				t.Fatal(err)
			}
		}
		close(gate)
		answered.Wait()
		if ops["write"] != 1 || ops["sync"] != 1 {
			t.Errorf("operations %v", ops)
		}
		shut(t, l)
	})
}

func TestWaitFalseDoesNotSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := testConfig(mem, "/log")
		cfg.FlushDiskType = SyncFlush
		l, _ := open(t, cfg)
		send(t, l, "A", "waits", true)
		flushed, _ := l.Flushed()
		send(t, l, "A", "does not", false)
		if now, _ := l.Flushed(); now != flushed || flushed == 0 {
			t.Errorf("flushed %d, then %d", flushed, now)
		}
		send(t, l, "A", "waits again", true)
		if now, _ := l.Flushed(); now != l.End() {
			t.Errorf("flushed %d of %d", now, l.End())
		}
		shut(t, l)
	})
}

func TestTheBackgroundFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := open(t, testConfig(vfs.NewMem(), "/log"))
		send(t, l, "A", "little", false)
		time.Sleep(time.Second)
		synctest.Wait()
		if flushed, _ := l.Flushed(); flushed != 0 {
			t.Errorf("fewer than four pages were flushed: %d", flushed)
		}
		for range 5 {
			send(t, l, "A", strings.Repeat("x", 3500), false)
		}
		end, stored := l.End(), l.LastStoreTimestamp()
		time.Sleep(time.Second)
		synctest.Wait()
		if flushed, upTo := l.Flushed(); flushed != end || upTo != stored {
			t.Errorf("flushed %d of %d, up to %d of %d", flushed, end, upTo, stored)
		}
		send(t, l, "A", "little", false)
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if flushed, _ := l.Flushed(); flushed != l.End() {
			t.Errorf("not flushed after the thorough interval: %d of %d", flushed, l.End())
		}
		shut(t, l)
	})
}

func TestAFullQueueSaysWhatIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, row := range []struct {
			what            string
			requests, bytes int
		}{{"requests", 3, 1 << 20}, {"bytes", 1000, 500}} {
			cfg := testConfig(vfs.NewMem(), "/log")
			cfg.MaxQueuedRequests, cfg.MaxQueuedBytes = row.requests, row.bytes
			l, _ := open(t, cfg)
			gate := make(chan struct{})
			if err := l.Control(func() { <-gate }); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			var err error
			for range 10 {
				if err = l.Append(&Request{Topic: "A", Records: record(t, "A", strings.Repeat("x", 60)), Done: func(*Request) {}}); err != nil {
					break
				}
			}
			var busy *BusyError
			if !errors.Is(err, ErrBusy) || !errors.As(err, &busy) || busy.What != row.what {
				t.Errorf("full of %s: %v", row.what, err)
			}
			close(gate)
			shut(t, l)
			if err := l.Append(&Request{Topic: "A", Records: record(t, "A", "x")}); !errors.Is(err, ErrClosed) {
				t.Errorf("after Stop: %v", err)
			}
		}
	})
}

func TestWhatDoesNotFitIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := open(t, testConfig(vfs.NewMem(), "/log"))
		for want, raw := range map[error][]byte{
			ErrTooLarge:  record(t, "A", strings.Repeat("x", 4096-92-7)),
			ErrMalformed: record(t, "A", "cut")[:50],
		} {
			if err := l.Append(&Request{Topic: "A", Records: raw}); !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		}
		send(t, l, "A", strings.Repeat("x", 4096-92-8), false)
		if _, err := l.Record(10, nil); !errors.As(err, new(*CorruptError)) {
			t.Errorf("record in the middle of another: %v", err)
		}
		if _, err := l.Record(l.End(), nil); !errors.Is(err, ErrOutOfRange) {
			t.Errorf("record at the end: %v", err)
		}
		shut(t, l)
	})
}

func TestStoreTimestampsNeverGoBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := open(t, testConfig(vfs.NewMem(), "/log"))
		l.lastStoreTime.Store(time.Now().UnixMilli() + 5000)
		if got := send(t, l, "A", "x", false).StoreTimestamp; got != time.Now().UnixMilli()+5000 {
			t.Errorf("storeTimestamp %d ms ahead", got-time.Now().UnixMilli())
		}
		shut(t, l)
	})
}

func TestManyAppendersAtOnce(t *testing.T) {
	l, _ := open(t, testConfig(vfs.OS{}, t.TempDir()))
	const workers, each = 8, 50
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				r := &Request{Topic: fmt.Sprint("T", w), Records: record(t, fmt.Sprint("T", w), fmt.Sprint(i))}
				if err := appendWait(t, l, r); err != nil || r.QueueOffset != int64(i) {
					t.Errorf("worker %d message %d: queue offset %d, %v", w, i, r.QueueOffset, err)
				}
			}
		})
	}
	wg.Wait()
	if got := len(bodies(t, l)); got != workers*each {
		t.Errorf("%d records", got)
	}
	shut(t, l)
}
