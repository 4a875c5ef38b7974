package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/consumequeue"
	"gantry/storenode/vfs"
)

func TestWhatIsAppendedCanBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, testConfig(), vfs.NewMem())
		for i := range 100 {
			send(t, s, msg{topic: "A", body: fmt.Sprint("a", i), uniqKey: fmt.Sprint("U", i), keys: "even odd"[i%2*5:][:4-i%2]})
			send(t, s, msg{topic: "B", queueID: 3, body: fmt.Sprint("b", i)})
		}
		if got := bodies(t, s, "A", 0); !slices.Equal(got, numbered("a", 0, 100)) {
			t.Errorf("A: %q", got)
		}
		if got := bodies(t, s, "B", 3); !slices.Equal(got, numbered("b", 0, 100)) {
			t.Errorf("B: %q", got)
		}
		if got := byKey(t, s, "A", "U42"); !slices.Equal(got, []string{"a42"}) {
			t.Errorf("U42: %q", got)
		}
		if got := byKey(t, s, "A", "odd"); len(got) != 50 || got[0] != "a1" || got[49] != "a99" {
			t.Errorf("odd: %q", got)
		}
		if s.MaxOffset("A", 0) != 100 || s.MinOffset("A", 0) != 0 || s.MaxOffset("A", 1) != 0 || len(s.Queues()) != 2 {
			t.Errorf("queues %+v", s.Queues())
		}
		shut(t, s)
	})
}

func TestArrivalsComeInOrderAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var arrived []string
		cfg := testConfig()
		cfg.OnArrival = func(a Arrival) {
			arrived = append(arrived, fmt.Sprintf("%s-%d %d tag %d key %s", a.Topic, a.QueueID, a.MaxOffset, a.TagsCode, a.Properties.Get("KEYS")))
		}
		s := open(t, cfg, vfs.NewMem())
		begin := time.Now()
		send(t, s, msg{topic: "A", body: "x", tags: "TagA", keys: "k"}, msg{topic: "A", body: "y", keys: "l"})
		send(t, s, msg{topic: "B", queueID: 1, body: "z", keys: "m"})
		want := []string{"A-0 1 tag 2598919 key k", "A-0 2 tag 0 key l", "B-1 1 tag 0 key m"}
		if !slices.Equal(arrived, want) || time.Since(begin) != 0 {
			t.Errorf("after %v: %q", time.Since(begin), arrived)
		}
		shut(t, s)
	})
}

func TestTransactionsInTheQueues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, testConfig(), vfs.NewMem())
		for body, flag := range map[string]int32{
			"half": message.FlagTransactionPrepared, "back": message.FlagTransactionRollback, "done": message.FlagTransactionCommit,
		} {
			send(t, s, msg{topic: "T", body: body, sysFlag: flag, uniqKey: body})
		}
		if got := bodies(t, s, "T", 0); !slices.Equal(got, []string{"done"}) {
			t.Errorf("queue holds %q", got)
		}
		for key, want := range map[string]int{"half": 1, "back": 0, "done": 1} {
			if got := byKey(t, s, "T", key); len(got) != want {
				t.Errorf("index finds %s: %q", key, got)
			}
		}
		shut(t, s)
	})
}

func TestDelayedMessagesHaveTheirTimeAsTagsCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig()
		cfg.DeliverTime = func(level int, storeTimestamp int64) int64 { return storeTimestamp + int64(level)*1000 }
		s := open(t, cfg, vfs.NewMem())
		r := send(t, s, msg{topic: ScheduleTopic, queueID: 2, tags: "TagA", properties: message.Properties("DELAY\x013\x02")})
		send(t, s, msg{topic: "Other", tags: "TagA", properties: message.Properties("DELAY\x013\x02")})
		units := make([]consumequeue.Unit, 4)
		n, err := s.Units(ScheduleTopic, 2, 0, units)
		if n != 1 || err != nil || units[0].TagsCode != r.StoreTimestamp+3000 {
			t.Errorf("%d units, %+v, %v", n, units[0], err)
		}
		if n, err := s.Units("Other", 0, 0, units); n != 1 || err != nil || units[0].TagsCode != 2598919 {
			t.Errorf("%d units, %+v, %v", n, units[0], err)
		}
		shut(t, s)
	})
}

func TestStatuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		s := open(t, testConfig(), mem)
		for i := range 60 {
			send(t, s, msg{topic: "A", body: strings.Repeat("x", 500), tags: fmt.Sprint("Tag", i%2)})
		}
		none := func(int64) bool { return false }
		for _, row := range []struct {
			topic  string
			offset int64
			match  func(int64) bool
			status Status
			next   int64
			count  int
		}{
			{"nowhere", 5, nil, NoMessageInQueue, 0, 0},
			{"A", -1, nil, OffsetTooSmall, 0, 0},
			{"A", 60, nil, OffsetOverflowOne, 60, 0},
			{"A", 61, nil, OffsetOverflowBadly, 60, 0},
			{"A", 0, nil, Found, 32, 32},
			{"A", 58, nil, Found, 60, 2},
			{"A", 40, nil, Found, 50, 10}, // a look-up ends with its consume queue file
			{"A", 0, none, NoMatchedMessage, 50, 0},
			{"A", 0, func(code int64) bool { return code == message.TagsCode("Tag1") }, Found, 50, 25},
		} {
			r, err := s.Get(Query{Topic: row.topic, Offset: row.offset, MaxNum: 100, Match: row.match})
			if err != nil {
				t.Fatal(err)
			}
			if r.Status != row.status || r.NextBeginOffset != row.next || r.Count != row.count || len(split(t, r.Bytes)) != row.count {
				t.Errorf("%s at %d: %v, next %d, %d messages; want %v, %d, %d", row.topic, row.offset, r.Status, r.NextBeginOffset, r.Count, row.status, row.next, row.count)
			}
			r.Release()
		}
		shut(t, s)
		if err := mem.Remove("/store/commitlog/00000000000000000000"); err != nil {
			t.Fatal(err)
		}
		s = open(t, testConfig(), mem)
		r, err := s.Get(Query{Topic: "A", Offset: 0, MaxNum: 32})
		if err != nil || r.Status != OffsetTooSmall || r.NextBeginOffset != s.MinOffset("A", 0) || r.MinOffset == 0 {
			t.Errorf("with the first file gone: %+v, %v", r, err)
		}
		shut(t, s)
	})
}

func TestStatusNamesAreJavas(t *testing.T) {
	want := "FOUND NO_MATCHED_MESSAGE MESSAGE_WAS_REMOVING OFFSET_FOUND_NULL OFFSET_OVERFLOW_BADLY OFFSET_OVERFLOW_ONE OFFSET_TOO_SMALL NO_MESSAGE_IN_QUEUE"
	var got []string
	for s := Found; s <= NoMessageInQueue; s++ {
		got = append(got, s.String())
	}
	if strings.Join(got, " ") != want {
		t.Errorf("%q", got)
	}
}

func TestLimitsOfAResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig()
		cfg.MaxTransferBytesOnMessageInMemory = 2000
		s := open(t, cfg, vfs.NewMem())
		send(t, s, msg{topic: "A", body: strings.Repeat("x", 3000)})
		for range 5 {
			send(t, s, msg{topic: "A", body: strings.Repeat("x", 500)})
		}
		for offset, want := range map[int64]int{0: 1, 1: 3} { // 593 bytes a record
			r, err := s.Get(Query{Topic: "A", Offset: offset, MaxNum: 32})
			if err != nil || r.Count != want || r.NextBeginOffset != offset+int64(want) {
				t.Errorf("from %d: %d messages, next %d, %v", offset, r.Count, r.NextBeginOffset, err)
			}
			r.Release()
		}
		r, err := s.Get(Query{Topic: "A", Offset: 1, MaxNum: 2})
		if err != nil || r.Count != 2 {
			t.Errorf("two at most: %d, %v", r.Count, err)
		}
		shut(t, s)
	})
}

func TestFarBehindIsInDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig()
		cfg.TotalMemoryBytes = 20_000 // 40 % are 8000
		s := open(t, cfg, vfs.NewMem())
		for range 30 {
			send(t, s, msg{topic: "A", body: strings.Repeat("x", 500)})
		}
		for offset, want := range map[int64]bool{0: true, 29: false, 30: false} {
			if got := s.InDisk("A", 0, offset); got != want {
				t.Errorf("offset %d in disk: %v", offset, got)
			}
		}
		r, err := s.Get(Query{Topic: "A", MaxNum: 32})
		if err != nil || r.Count != 8 || !r.SuggestSlave {
			t.Errorf("from disk: %d messages, suggest %v, %v", r.Count, r.SuggestSlave, err)
		}
		shut(t, s)
	})
}

func TestMatchProperties(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, testConfig(), vfs.NewMem())
		for i := range 10 {
			send(t, s, msg{topic: "A", body: fmt.Sprint(i), keys: fmt.Sprint(i % 3)})
		}
		r, err := s.Get(Query{Topic: "A", MaxNum: 32, MatchProperties: func(p message.Properties) bool { return string(p.Get("KEYS")) == "2" }})
		if err != nil || r.Count != 3 || r.NextBeginOffset != 10 {
			t.Errorf("%d messages, next %d, %v", r.Count, r.NextBeginOffset, err)
		}
		shut(t, s)
	})
}

func TestReleasingTwiceIsABug(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, testConfig(), vfs.NewMem())
		send(t, s, msg{topic: "A", body: "x"})
		r, err := s.Get(Query{Topic: "A", MaxNum: 1})
		if err != nil {
			t.Fatal(err)
		}
		r.Release()
		defer shut(t, s)
		defer func() {
			if got := fmt.Sprint(recover()); !strings.HasPrefix(got, "BUG: ") {
				t.Errorf("second release: %s", got)
			}
		}()
		r.Release()
	})
}

func TestTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, testConfig(), vfs.NewMem())
		begin := time.Now().UnixMilli()
		for range 70 {
			send(t, s, msg{topic: "A", body: "x"})
			time.Sleep(100 * time.Millisecond)
		}
		for timestamp, want := range map[int64]int64{0: 0, begin: 0, begin + 340: 3, begin + 360: 4, begin + 5500: 55, begin + 100_000: 69} {
			if got, err := s.OffsetByTime("A", 0, timestamp); got != want || err != nil {
				t.Errorf("%d ms after the first: %d, %v; want %d", timestamp-begin, got, err, want)
			}
		}
		if got, err := s.EarliestStoreTime("A", 0); got != begin || err != nil {
			t.Errorf("earliest %d, %v", got, err)
		}
		if got, err := s.StoreTimeAt("A", 0, 7); got != begin+700 || err != nil {
			t.Errorf("of message 7 %d, %v", got, err)
		}
		if got, err := s.EarliestStoreTime("nowhere", 0); got != -1 || err != nil {
			t.Errorf("of no queue %d, %v", got, err)
		}
		shut(t, s)
	})
}

func TestRecordAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, testConfig(), vfs.NewMem())
		send(t, s, msg{topic: "A", body: "first"})
		r := send(t, s, msg{topic: "A", body: "second"})
		if got, err := s.RecordAt(r.Offset); err != nil || string(got.Body()) != "second" {
			t.Errorf("%s, %v", got, err)
		}
		for _, offset := range []commitlog.Offset{r.Offset + 1, -1, s.End(), 1 << 60} {
			if _, err := s.RecordAt(offset); !errors.Is(err, ErrNotFound) {
				t.Errorf("at %d: %v", offset, err)
			}
		}
		shut(t, s)
	})
}

func TestDeletedTopicsBeginAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		s := open(t, testConfig(), mem)
		for range 70 {
			send(t, s, msg{topic: "A", body: "old"}, msg{topic: "A", body: "old"})
		}
		send(t, s, msg{topic: "B", body: "kept"})
		if err := s.DeleteTopic("A"); err != nil {
			t.Fatal(err)
		}
		if got := s.Queues(); len(got) != 1 || got[0].Topic != "B" {
			t.Errorf("queues %+v", got)
		}
		if r := send(t, s, msg{topic: "A", body: "new"}); r.QueueOffset != 0 {
			t.Errorf("queue offset %d", r.QueueOffset)
		}
		if got := bodies(t, s, "A", 0); !slices.Equal(got, []string{"new"}) {
			t.Errorf("queue holds %q", got)
		}
		mem.Halt() // after a kill the log tells both lives of the topic
		_ = s.Close()
		s = open(t, testConfig(), mem.AfterKill())
		if got := bodies(t, s, "A", 0); !slices.Equal(got, []string{"new"}) {
			t.Errorf("after a kill the queue holds %q", got)
		}
		shut(t, s)
	})
}

// TestQueuesThatCannotBeWrittenRefuseSends: the log takes the bytes, the queues' disk does not.
