package delay

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestPendingMessagesArePutAgainBeforeTheirRecordsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.run()
		s.put("a", 1, nil) // delivered before
		s.put("b", 3, nil)
		s.put("c", 3, nil)
		time.Sleep(7 * time.Second)
		s.put("d", 3, nil) // lies behind what goes
		s.want("a at 1s")
		if err := s.service.PutAgain(3); err != nil {
			t.Fatal(err)
		}
		s.mu.Lock()
		s.records[0], s.records[1], s.records[2] = nil, nil, nil
		s.mu.Unlock()
		time.Sleep(time.Minute)
		s.want("b at 12s", "c at 12s", "d at 17s") // 3 s were left: the level of 5 s
	})
}

func TestPendingMessagesThatCannotBePutAgainAreTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.run()
		for _, name := range []string{"a", "b", "c"} {
			s.put(name, 2, nil)
		}
		s.mu.Lock()
		s.room = 1
		s.mu.Unlock()
		if err := s.service.PutAgain(3); !errors.Is(err, errDisk) {
			t.Errorf("with a log that takes one message: %v", err)
		}
		s.mu.Lock()
		s.room = -1
		s.mu.Unlock()
		if err := s.service.PutAgain(3); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		s.want("a at 5s", "b at 5s", "c at 5s")
		s.service.Close()
		if err := s.service.PutAgain(3); !errors.Is(err, ErrClosed) {
			t.Errorf("when closed: %v", err)
		}
	})
}
