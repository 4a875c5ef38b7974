package delay

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/configfile"
	"gantry/storenode/topic"
)

func TestMessagesAreDeliveredWhenTheyAreDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.put("before the start", 2, nil)
		s.run()
		s.put("a", 2, nil)
		s.put("b", 1, nil)
		time.Sleep(300 * time.Millisecond)
		s.put("c", 1, nil)
		time.Sleep(699 * time.Millisecond)
		s.want()
		time.Sleep(10 * time.Second)
		s.put("after a rest", 1, nil)
		time.Sleep(time.Minute)
		s.want("b at 1s", "c at 1.3s", "before the start at 5s", "a at 5s", "after a rest at 11.999s")
	})
}

func TestADeliveredMessageIsTheOneThatWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.run()
		sent := delayed("a", 1)
		s.put("a", 1, nil)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if len(s.log) != 1 {
			t.Fatalf("%d messages", len(s.log))
		}
		got := s.log[0]
		if got.Topic != "TopicTest" || got.QueueID != 3 || got.ReconsumeTimes != 2 || got.Flag != 7 ||
			got.BornTimestamp != sent.BornTimestamp || got.BornHost != sent.BornHost || got.StoreHost != sent.StoreHost ||
			got.SysFlag&message.FlagCompressed == 0 || string(got.Body) != "a" {
			t.Errorf("got %+v", got)
		}
		if got.QueueOffset != 0 || got.PhysicalOffset != 0 || got.StoreTimestamp != 0 || got.PreparedTransactionOffset != 0 {
			t.Errorf("old offsets are left: %+v", got)
		}
		want := "KEYS=k DELAY=1 UNIQ_KEY=Ua TAGS=TagA REAL_TOPIC=TopicTest REAL_QID=3"
		var props []string
		got.Properties.Range(func(name, value []byte) bool {
			props = append(props, fmt.Sprintf("%s=%s", name, value))
			return true
		})
		if strings.Join(props, " ") != want {
			t.Errorf("properties %v, want %s", props, want)
		}
	})
}

func TestNothingIsReadWhileNothingIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.run()
		synctest.Wait()
		before := s.reads
		time.Sleep(24 * time.Hour)
		if s.reads != before {
			t.Errorf("%d reads of empty queues", s.reads-before)
		}
		s.put("a", 3, nil)
		synctest.Wait()
		before = s.reads
		time.Sleep(9 * time.Second)
		if s.reads != before {
			t.Errorf("%d reads before the time", s.reads-before)
		}
	})
}

func TestManyMessagesComeInOrderAndLevelsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		for i := range 3 * batchEntries {
			s.put(fmt.Sprint("a", i), 1, nil)
		}
		s.put("b", 2, nil)
		time.Sleep(time.Minute)
		s.run()
		synctest.Wait()
		if len(s.told) != 3*batchEntries+1 || !strings.HasPrefix(s.told[batchEntries], "b ") {
			t.Errorf("%d messages, level 2 is not behind the first batch of level 1", len(s.told))
		}
		for i, told := range slices.DeleteFunc(s.told, func(told string) bool { return told[0] == 'b' }) {
			if !strings.HasPrefix(told, fmt.Sprintf("a%d ", i)) {
				t.Fatalf("message %d is %s", i, told)
			}
		}
	})
}

func TestABatchIsBoundedByItsBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		big := strings.Repeat("x", 700_000)
		for range 3 {
			s.put(big, 1, nil)
		}
		time.Sleep(time.Minute)
		s.run()
		synctest.Wait()
		if len(s.log) != 3 || s.appends != 3 {
			t.Errorf("%d messages in %d batches", len(s.log), s.appends)
		}
	})
}

func TestALogThatFailsLosesAndRepeatsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.run()
		for _, name := range []string{"a", "b", "c"} {
			s.put(name, 1, nil)
		}
		s.mu.Lock()
		s.room = 1
		s.mu.Unlock()
		time.Sleep(4950 * time.Millisecond)
		s.want("a at 1s")
		s.mu.Lock()
		s.room = -1
		s.mu.Unlock()
		time.Sleep(time.Second)
		s.want("b at 5s", "c at 5s")
	})
}

func TestWhatCannotBeDeliveredIsSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.put("no topic", 1, func(m *message.Message, _ *Entry) { m.Properties = m.Properties.Delete(message.PropertyRealTopic) })
		s.put("no queue", 1, func(m *message.Message, _ *Entry) { m.Properties = m.Properties.Set(message.PropertyRealQueueID, "x") })
		s.put("half", 1, func(m *message.Message, _ *Entry) {
			m.Properties = m.Properties.Set(message.PropertyRealTopic, topic.TransHalfTopic)
		})
		s.put("gone", 1, nil)
		s.put("damaged", 1, nil)
		s.records[3], s.records[4] = nil, []byte("x")
		s.put("good", 1, nil)
		s.run()
		time.Sleep(2 * time.Second)
		s.want("good at 1s")
		if next := s.service.levels[0].next.Load(); next != 6 {
			t.Errorf("next is %d", next)
		}
	})
}

func TestProgressIsKeptInJavasForm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.fsys.Set(path, "{\n\t\"offsetTable\":{1:1,18:9\n\t}\n}")
		s.put("delivered before", 1, nil)
		s.run()
		s.put("a", 1, nil)
		s.put("b", 2, nil)
		time.Sleep(12 * time.Second)
		s.want("a at 1s", "b at 5s")
		if got, want := s.fsys.Text(path), "{\n\t\"offsetTable\":{1:2,2:1,18:9}\n}"; got != want {
			t.Errorf("after the flush interval: %s", got)
		}
		s.put("c", 1, nil)
		time.Sleep(2 * time.Second)
		s.stop()
		if got, want := s.fsys.Text(path), "{\n\t\"offsetTable\":{1:3,2:1,18:9}\n}"; got != want {
			t.Errorf("after Close: %s", got)
		}
		s.run()
		time.Sleep(time.Minute)
		s.want("c at 13s")
	})
}

func TestProgressIsSavedWhenTheLogIsOnTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.run()
		s.put("a", 1, nil)
		time.Sleep(12 * time.Second)
		if got, want := s.fsys.Text(path), "{\n\t\"offsetTable\":{1:1}\n}"; got != want || s.syncs == 0 {
			t.Errorf("after %d syncs: %s", s.syncs, got)
		}
		s.setSync(errDisk)
		s.put("b", 1, nil)
		time.Sleep(time.Minute)
		s.want("a at 1s", "b at 13s")
		if got, want := s.fsys.Text(path), "{\n\t\"offsetTable\":{1:1}\n}"; got != want {
			t.Errorf("while the log does not reach the disk: %s", got)
		}
		s.setSync(nil)
		time.Sleep(time.Minute)
		if got, want := s.fsys.Text(path), "{\n\t\"offsetTable\":{1:2}\n}"; got != want {
			t.Errorf("when it does again: %s", got)
		}
	})
}

func TestProgressIsBroughtBetweenTheQueuesBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.fsys.Set(path, `{"offsetTable":{1:7,2:0,3:7}}`)
		s.put("a", 1, nil)
		s.put("expired", 2, nil)
		s.put("b", 2, nil)
		s.low[1] = 1
		s.run()
		s.put("c", 1, nil)
		s.put("d", 3, nil)
		time.Sleep(time.Minute)
		s.want("c at 1s", "b at 5s", "d at 10s")
	})
}

func TestADueTimeBeyondTheLevelWaitsOneFullDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		hourAhead := func(_ *message.Message, e *Entry) { e.DueMillis += 3_600_000 }
		s.put("a", 2, hourAhead)
		s.put("b", 2, hourAhead)
		time.Sleep(2 * time.Second)
		s.run()
		s.put("c", 2, nil)
		time.Sleep(time.Minute)
		s.want("a at 7s", "b at 7s", "c at 7s")
	})
}

func TestADamagedProgressFileRefusesTheStart(t *testing.T) {
	s := newScene(t)
	s.fsys.Set(path, `{"offsetTable":{1:"x"}}`)
	_, err := Start(DefaultConfig(), s.levels, s, s, &s.fsys, path, slog.New(slog.DiscardHandler))
	var corrupt *configfile.CorruptError
	if !errors.As(err, &corrupt) {
		t.Errorf("got %v", err)
	}
}

func TestArrivalsUnderLoad(t *testing.T) {
	s := newScene(t)
	s.levels = Levels{millis: []int64{0, 1, 2}}
	s.run()
	var senders sync.WaitGroup
	for level := 1; level <= 3; level++ {
		senders.Go(func() {
			for i := range 200 {
				s.put(fmt.Sprint(i), level, nil)
			}
		})
	}
	senders.Wait()
	deadline := time.After(10 * time.Second)
	for {
		s.mu.Lock()
		n := len(s.log)
		s.mu.Unlock()
		if n == 600 {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("%d of 600 messages are delivered", n)
		case <-time.After(time.Millisecond):
		}
	}
}
