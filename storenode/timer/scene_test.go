package timer

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/vfs"
)

var errDisk = errors.New("the disk does not work")

var rules = Rules{TimerWheelEnable: true, TimerPrecisionMs: 1000, TimerMaxDelaySec: 259_200}

// scene is the queue of Topic and a log in memory, with a service between them and its files.
type scene struct {
	*testing.T
	fs      *vfs.Mem
	config  Config
	service *Service
	start   time.Time

	mu      sync.Mutex       // guards what follows, and service where others read it
	records []message.Record // by ordinal and, so, by physical offset
	low     int64
	told    []delivery
	room    int // messages the log takes before it fails; negative: all
	syncs   int
}

// delivery is a message in its own topic.
type delivery struct {
	message.Message
	at time.Time
}

func newScene(t *testing.T) *scene {
	s := &scene{T: t, fs: vfs.NewMem(), config: DefaultConfig(), start: time.Now(), room: -1}
	s.config.Rules, s.config.Dir = rules, "/store/gantry/timer"
	t.Cleanup(s.stop)
	return s
}

func (s *scene) run() {
	s.Helper()
	service, err := Start(s.config, s, s, s.fs, slog.New(slog.DiscardHandler))
	if err != nil {
		s.Fatal(err)
	}
	s.use(service)
}

func (s *scene) use(service *Service) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.service = service
}

func (s *scene) stop() {
	if s.service != nil {
		if err := s.service.Close(); err != nil {
			s.Error(err)
		}
		s.use(nil)
	}
}

// kill ends the service as kill -9 does: what it had written is left.
func (s *scene) kill() {
	s.fs.Halt()
	s.service.Close() // only so that its goroutines end; it cannot write any more
	s.use(nil)
	s.fs = s.fs.AfterKill()
}

// losePower ends the machine: what was not synced is left in part.
func (s *scene) losePower(seed uint64) {
	s.fs.Halt()
	s.service.Close()
	s.use(nil)
	s.fs = s.fs.AfterPowerLoss(rand.New(rand.NewPCG(seed, 0)))
}

// Bounds, Units and Record implement Queue.
func (s *scene) Bounds() (low, high int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.low, int64(len(s.records))
}

func (s *scene) Units(offset int64, dst []Unit) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for ; n < len(dst) && int(offset)+n < len(s.records) && offset >= s.low; n++ {
		dst[n] = Unit{PhysicalOffset: offset + int64(n), Bytes: int32(len(s.records[offset+int64(n)]))}
	}
	return n, nil
}

func (s *scene) Record(u Unit) (message.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	record := s.records[u.PhysicalOffset]
	if record == nil || u.PhysicalOffset < s.low {
		return nil, fmt.Errorf("read at %d: %w", u.PhysicalOffset, ErrGone)
	}
	return slices.Clone(record), nil
}

// Append and Sync implement Log.
func (s *scene) Append(messages []*message.Message) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, m := range messages {
		if s.room == 0 {
			return i, errDisk
		}
		s.room--
		if m.Topic == Topic {
			s.store(m)
			continue
		}
		s.told = append(s.told, delivery{*m, time.Now()})
	}
	return len(messages), nil
}

func (s *scene) Sync() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.syncs++
	return nil
}

// store is what the log and its dispatcher do; the caller holds mu.
func (s *scene) store(m *message.Message) {
	m.StoreTimestamp = time.Now().UnixMilli()
	record, err := message.AppendRecord(nil, m)
	if err != nil {
		panic(err)
	}
	r := message.Record(record)
	r.SetQueueOffset(int64(len(s.records)))
	r.SetPhysicalOffset(int64(len(s.records)))
	s.records = append(s.records, r)
	if service := s.service; service != nil {
		go service.Arrive()
	}
}

// sent is a message as a producer sends it.
func sent(name string, pairs ...string) message.Message {
	host := netip.MustParseAddrPort("10.0.0.5:1234")
	p := message.Properties(nil).Set(message.PropertyUniqKey, "U"+name).Set(message.PropertyTags, "TagA")
	for i := 0; i < len(pairs); i += 2 {
		p = p.Set(pairs[i], pairs[i+1])
	}
	return message.Message{Topic: "TopicTest", QueueID: 3, Flag: 7, BornTimestamp: 6, BornHost: host, StoreHost: host, Body: []byte(name), Properties: p}
}

// send holds a message that is due after a while.
func (s *scene) send(name string, after time.Duration) {
	s.Helper()
	s.sendWith(name, message.PropertyTimerDelayMs, strconv.FormatInt(after.Milliseconds(), 10))
}

func (s *scene) sendWith(name string, pairs ...string) {
	s.Helper()
	m := sent(name, pairs...)
	if held, err := rules.Hold(&m, time.Now().UnixMilli()); !held || err != nil {
		s.Fatalf("%s is not held: %v", name, err)
	}
	s.mu.Lock()
	s.store(&m)
	s.mu.Unlock()
}

// want compares what was delivered since the last call, "name at time since the start".
func (s *scene) want(want ...string) {
	s.Helper()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	var got []string
	for _, d := range s.told {
		got = append(got, fmt.Sprintf("%s at %v", d.Body, d.at.Sub(s.start)))
	}
	if !slices.Equal(got, want) {
		s.Errorf("delivered %q, want %q", got, want)
	}
	s.told = nil
}
