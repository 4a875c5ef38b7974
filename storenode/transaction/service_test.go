package transaction

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/delay"
	"gantry/storenode/store"
	"gantry/storenode/topic"
	"gantry/storenode/vfs"
)

// scene is a service on a store in memory.
type scene struct {
	*testing.T
	fs      *vfs.Mem
	store   *store.Store
	service *Service
	config  Config

	mu       sync.Mutex // guards the rest
	progress map[string]int64
	asked    []string
}

func withService(t *testing.T, change func(*Config), tell func(s *scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &scene{T: t, fs: vfs.NewMem(), progress: map[string]int64{}}
		config := store.DefaultConfig("/store")
		config.MappedFileSizeCommitLog, config.MappedFileSizeConsumeQueue, config.MaxHashSlotNum, config.MaxIndexNum = 1<<20, 6000, 100, 1000
		var err error
		if s.store, err = store.Open(config, s.fs, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		defer s.store.Close()
		s.config = Config{
			Store: s.store, Progress: s, StoreHost: host, Levels: delay.Levels{}, Log: slog.New(slog.DiscardHandler), Indexed: true,
			Beside: func(f func()) { f() }, TimeOut: 6 * time.Second, CheckInterval: time.Minute, CheckMax: 3, FileReservedTime: func() time.Duration { return time.Hour },
			Online:    func(string) bool { return false },
			Ask:       func(group string, half *message.Message) { s.tell(string(half.Body)) },
			MakeTopic: func(string, int32) error { return nil },
		}
		if change != nil {
			change(&s.config)
		}
		s.service = Start(s.config)
		tell(s)
		if err := s.service.Close(); err != nil {
			t.Error(err)
		}
	})
}

func host() netip.AddrPort { return netip.MustParseAddrPort("10.0.0.1:10911") }

func (s *scene) tell(body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, body)
}

// Commit implements Progress.
func (s *scene) Commit(topic, _ []byte, _ int32, offset int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.progress[string(topic)] = offset
	return nil
}

// Query implements Progress.
func (s *scene) Query(topic, _ []byte, _ int32) (int64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	offset, found := s.progress[string(topic)]
	return offset, found
}

// put stores a message and returns where it lies.
func (s *scene) put(m message.Message) *commitlog.Request {
	s.Helper()
	m.BornHost, m.StoreHost = host(), host()
	if m.BornTimestamp == 0 {
		m.BornTimestamp = time.Now().UnixMilli()
	}
	done := make(chan struct{})
	r := &commitlog.Request{Topic: m.Topic, QueueID: m.QueueID, Done: func(*commitlog.Request) { close(done) }}
	var err error
	if r.Records, err = message.AppendRecord(nil, &m); err == nil {
		err = s.store.Append(r)
	}
	if err != nil {
		s.Fatal(err)
	}
	<-done
	time.Sleep(20 * time.Millisecond)
	return r
}

func (s *scene) half(name string) *commitlog.Request {
	s.Helper()
	return s.put(message.Message{Topic: topic.TransHalfTopic, Body: []byte(name), Properties: message.Properties(nil).
		Set("REAL_TOPIC", "T").Set("REAL_QID", "0").Set("PGROUP", "g").Set("UNIQ_KEY", name).Set("TRAN_MSG", "true")})
}

func (s *scene) restart() {
	s.Helper()
	if err := s.service.Close(); err != nil {
		s.Fatal(err)
	}
	s.service = Start(s.config)
}

func (s *scene) length(name string) int64 {
	_, high := s.store.Bounds(name, 0)
	return high
}

// An open half message that nobody can be asked about holds progress up no longer than Lag others.
func TestProgressDoesNotWaitForWhomNobodyCanBeAskedAbout(t *testing.T) {
	withService(t, func(c *Config) { c.Lag = 5 }, func(s *scene) {
		s.half("open")
		time.Sleep(3 * time.Minute)
		if got := s.length(topic.TransHalfTopic); got != 1 {
			t.Errorf("%d half messages, the open one was written again for nothing", got)
		}
		for i := range 6 {
			r := s.half(fmt.Sprint(i))
			done := make(chan error, 1)
			s.service.End(&End{Group: "g", QueueOffset: r.QueueOffset, PhysicalOffset: int64(r.Offset), Written: func() {},
				Done: func(_ commitlog.Offset, err error) { done <- err }})
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(2 * time.Minute)
		if got, _ := s.Query([]byte(topic.TransHalfTopic), nil, 0); got != 7 {
			t.Errorf("progress is %d, want that of the half message put again, 7", got)
		}
		if got := s.length(topic.TransHalfTopic); got != 8 {
			t.Errorf("%d half messages", got)
		}
	})
}

// What a Java broker of either version has written is gone on with.
func TestOperationRecordsOfJavaCount(t *testing.T) {
	withService(t, func(c *Config) { c.Online = func(string) bool { return true } }, func(s *scene) {
		for _, name := range []string{"a", "b", "c", "d"} {
			s.half(name)
		}
		for _, body := range []string{"0", "1,3"} {
			s.put(message.Message{Topic: topic.TransOpHalfTopic, Body: []byte(body), Properties: message.Properties(nil).Set("TAGS", "d")})
		}
		s.restart()
		time.Sleep(61 * time.Second)
		synctest.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		if !slices.Equal(s.asked, []string{"c"}) {
			t.Errorf("asked about %q", s.asked)
		}
	})
}

func TestEndsHaveABound(t *testing.T) {
	withService(t, func(c *Config) { c.Ends = 1 }, func(s *scene) {
		r := s.half("a")
		s.fs.SetDelay(func(op vfs.Op) time.Duration { // so that the first is under way when the second comes
			if op.Kind == "write" {
				return 100 * time.Millisecond
			}
			return 0
		})
		answers := make(chan error, 2)
		for range 2 {
			s.service.End(&End{Group: "g", QueueOffset: r.QueueOffset, PhysicalOffset: int64(r.Offset), Commit: true, Written: func() {},
				Done: func(_ commitlog.Offset, err error) { answers <- err }})
		}
		if err := <-answers; !errors.Is(err, ErrBusy) {
			t.Errorf("the second end: %v", err)
		}
		if err := <-answers; err != nil {
			t.Errorf("the first end: %v", err)
		}
		s.fs.SetDelay(nil)
	})
}
