package longpoll

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// scene is a table over queues that only have a length.
type scene struct {
	*testing.T
	*Table
	mu      sync.Mutex
	lengths map[string]int64
	resumed []string
	start   time.Time
}

func newScene(t *testing.T, change func(*Config)) *scene {
	t.Helper()
	s := &scene{T: t, lengths: map[string]int64{}, start: time.Now()}
	config := DefaultConfig(func(topic string, queueID int32) int64 {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.lengths[fmt.Sprint(topic, queueID)]
	})
	if change != nil {
		change(&config)
	}
	s.Table = New(config)
	t.Cleanup(s.Table.Close)
	return s
}

// tags want messages of one of those tags.
func tags(codes ...int64) func(int64, []byte) bool {
	return func(code int64, _ []byte) bool { return slices.Contains(codes, code) }
}

// hold holds a pull called name at queue 0 of topic T, offset 0, for 15 s.
func (s *scene) hold(name string, change func(*Pull)) error {
	p := Pull{Topic: "T", Deadline: time.Now().Add(15 * time.Second), Owner: s}
	p.Resume = func(why Reason) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.resumed = append(s.resumed, fmt.Sprintf("%s %s at %v", name, [...]string{"arrived", "timed out", "closed"}[why], time.Since(s.start)))
	}
	if change != nil {
		change(&p)
	}
	return s.Table.Hold(p)
}

func (s *scene) mustHold(name string, change func(*Pull)) {
	s.Helper()
	if err := s.hold(name, change); err != nil {
		s.Fatal(err)
	}
}

// append makes the queue longer and tells the table.
func (s *scene) append(topic string, queueID int32, tagsCode int64) {
	s.mu.Lock()
	key := fmt.Sprint(topic, queueID)
	s.lengths[key]++
	length := s.lengths[key]
	s.mu.Unlock()
	s.Arrive([]byte(topic), queueID, length, tagsCode, []byte("properties"))
}

// want compares what was resumed since the last call, in any order.
func (s *scene) want(want ...string) {
	s.Helper()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.resumed)
	slices.Sort(want)
	if !slices.Equal(s.resumed, want) {
		s.Errorf("resumed %q, want %q", s.resumed, want)
	}
	s.resumed = nil
}

func TestAPullEndsAtItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, nil)
		s.mustHold("long", nil)
		s.mustHold("short", func(p *Pull) { p.Deadline = time.Now().Add(time.Second) })
		s.mustHold("over", func(p *Pull) { p.Deadline = time.Now().Add(-time.Second) })
		s.want("over timed out at 0s")
		time.Sleep(999 * time.Millisecond)
		s.want()
		time.Sleep(time.Millisecond)
		s.want("short timed out at 1s")
		time.Sleep(time.Minute)
		s.want("long timed out at 15s")
		if s.Len() != 0 || len(s.queues) != 0 || len(s.owners) != 0 {
			t.Errorf("the table is not empty: %d, %v, %v", s.Len(), s.queues, s.owners)
		}
	})
}

func TestPullsOfOneRoundEndTogetherAndNoneEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, nil)
		for _, millis := range []int{1000, 1001, 1049, 1050, 1051} {
			s.mustHold(fmt.Sprint(millis), func(p *Pull) { p.Deadline = time.Now().Add(time.Duration(millis) * time.Millisecond) })
		}
		time.Sleep(2 * time.Second)
		s.want("1000 timed out at 1s", "1001 timed out at 1.05s", "1049 timed out at 1.05s", "1050 timed out at 1.05s", "1051 timed out at 1.1s")
	})
}

func TestAMessageResumesWhoWaitsForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, nil)
		s.mustHold("all", nil)
		s.mustHold("tag 7", func(p *Pull) { p.Wants = tags(7) })
		s.mustHold("tag 8", func(p *Pull) { p.Wants = tags(8, 9) })
		s.mustHold("later offset", func(p *Pull) { p.Offset = 1 })
		s.mustHold("other queue", func(p *Pull) { p.QueueID = 1 })
		s.mustHold("other topic", func(p *Pull) { p.Topic = "U" })
		time.Sleep(time.Second)
		s.append("T", 0, 7)
		s.want("all arrived at 1s", "tag 7 arrived at 1s")
		s.append("V", 0, 7)
		s.append("T", 2, 7)
		s.want()
		s.append("T", 0, 9)
		s.want("tag 8 arrived at 1s", "later offset arrived at 1s")
		s.append("T", 1, 0)
		s.append("U", 0, 0)
		s.want("other queue arrived at 1s", "other topic arrived at 1s")
	})
}

func TestPropertiesDecideWhereTagsDoNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, nil)
		s.mustHold("wanted", func(p *Pull) { p.Wants = func(_ int64, b []byte) bool { return string(b) == "properties" } })
		s.mustHold("unwanted", func(p *Pull) { p.Wants = func(_ int64, b []byte) bool { return string(b) != "properties" } })
		s.append("T", 0, 7)
		s.want("wanted arrived at 0s")
	})
}

func TestAMessageThatCameBeforeTheHoldResumesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, nil)
		s.append("T", 0, 7)
		s.mustHold("late", func(p *Pull) { p.Wants = tags(8) })
		s.mustHold("in time", func(p *Pull) { p.Offset = 1 })
		s.want("late arrived at 0s")
	})
}

func TestARecheckFindsWhatNobodyToldAndMovesOnTheUnmatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, nil)
		time.Sleep(time.Second)
		s.mustHold("untold", nil)
		s.mustHold("unmatched", func(p *Pull) { p.QueueID, p.Wants = 1, tags(8) })
		s.mustHold("waiting", func(p *Pull) { p.QueueID = 2 })
		s.mu.Lock()
		s.lengths["T0"] = 1
		s.mu.Unlock()
		s.append("T", 1, 7)
		time.Sleep(4 * time.Second)
		s.want()
		time.Sleep(time.Second)
		s.want("untold arrived at 6s", "unmatched arrived at 6s")
	})
}

func TestAClosedChannelsPullsAreDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, nil)
		for queueID := range int32(3) {
			s.mustHold("gone", func(p *Pull) { p.Owner, p.QueueID = "a", queueID })
		}
		s.mustHold("kept", func(p *Pull) { p.Owner = "b" })
		if n := s.Drop("a"); n != 3 || s.Len() != 1 {
			t.Errorf("dropped %d, %d left", n, s.Len())
		}
		time.Sleep(time.Minute)
		s.want("kept timed out at 15s")
	})
}

func TestHeldPullsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, func(c *Config) { c.MaxHeld, c.MaxHeldPerQueue = 3, 2 })
		s.mustHold("1", nil)
		s.mustHold("2", nil)
		var full *FullError
		if err := s.hold("3", nil); !errors.As(err, &full) || !full.PerQueue || full.Limit != 2 {
			t.Errorf("got %v", err)
		}
		s.mustHold("4", func(p *Pull) { p.QueueID = 1 })
		if err := s.hold("5", func(p *Pull) { p.QueueID = 2 }); !errors.As(err, &full) || full.PerQueue || full.Limit != 3 {
			t.Errorf("got %v", err)
		}
		s.append("T", 0, 0)
		s.want("1 arrived at 0s", "2 arrived at 0s")
		s.mustHold("6", func(p *Pull) { p.Offset = 1 })
	})
}

func TestCloseAnswersAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, nil)
		s.mustHold("1", nil)
		s.mustHold("2", func(p *Pull) { p.Topic = "U" })
		s.Close()
		s.want("1 closed at 0s", "2 closed at 0s")
		if err := s.hold("3", nil); !errors.Is(err, ErrClosed) {
			t.Errorf("got %v", err)
		}
		s.Close()
	})
}

func TestResumeMayHoldArriveAndDrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, func(c *Config) { c.Workers = 1 })
		done := make(chan error, 1)
		s.mustHold("first", func(p *Pull) {
			p.Resume = func(Reason) {
				err := s.hold("second", func(p *Pull) { p.Offset = 1 })
				s.append("T", 0, 0)
				s.Drop("nobody")
				done <- err
			}
		})
		s.append("T", 0, 0)
		if err := <-done; err != nil {
			t.Error(err)
		}
		s.want("second arrived at 0s")
	})
}

func TestEveryPullIsResumedOnceUnderLoad(t *testing.T) {
	s := newScene(t, func(c *Config) { c.RecheckEvery = time.Millisecond })
	var clients, resumes sync.WaitGroup
	for c := range 4 {
		clients.Go(func() {
			for i := range 300 {
				resumes.Add(1)
				var once sync.Once
				err := s.Hold(Pull{
					Topic: strings.Repeat("T", c%2+1), Offset: int64(i), Owner: c,
					Deadline: time.Now().Add(time.Duration(i%5) * time.Millisecond),
					Resume: func(Reason) {
						first := false
						once.Do(func() { first = true })
						if !first {
							t.Error("resumed twice")
							return
						}
						resumes.Done()
					},
				})
				if err != nil {
					t.Error(err)
					resumes.Done()
				}
				s.append(strings.Repeat("T", c%2+1), 0, 0)
			}
		})
	}
	clients.Wait()
	resumes.Wait()
	if s.Len() != 0 {
		t.Errorf("%d pulls are left", s.Len())
	}
}

func TestAnArrivalForNobodyAllocatesNothing(t *testing.T) {
	s := newScene(t, nil)
	s.mustHold("elsewhere", nil)
	topic := []byte("U")
	if n := testing.AllocsPerRun(100, func() { s.Arrive(topic, 0, 1, 0, nil) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkArriveForNobody(b *testing.B) {
	table := New(DefaultConfig(func(string, int32) int64 { return 0 }))
	defer table.Close()
	if err := table.Hold(Pull{Topic: "T", Deadline: time.Now().Add(time.Hour), Resume: func(Reason) {}}); err != nil {
		b.Fatal(err)
	}
	topic := []byte("U")
	for b.Loop() {
		table.Arrive(topic, 0, 1, 0, nil)
	}
}
