package delay

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/configfile/configtest"
	"gantry/storenode/topic"
)

const path = "/store/config/delayOffset.json"

var errDisk = errors.New("the disk does not work")

// scene is a schedule topic and a log in memory, with a service between them.
type scene struct {
	*testing.T
	fsys    configtest.FS
	levels  Levels
	start   time.Time
	service *Service

	mu      sync.Mutex
	queues  map[int32][]Entry
	low     map[int32]int64
	records [][]byte // by physical offset
	log     []message.Message
	told    []string // "name at time"
	room    int      // messages the log takes before it fails; negative: all
	reads   int
	appends int
	sync    error // what a sync of the log returns
	syncs   int
}

func newScene(t *testing.T) *scene {
	levels, err := ParseLevels("1s 5s 10s")
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{T: t, levels: levels, start: time.Now(), queues: map[int32][]Entry{}, low: map[int32]int64{}, room: -1}
	t.Cleanup(func() { s.stop() })
	return s
}

func (s *scene) run() {
	s.Helper()
	service, err := Start(DefaultConfig(), s.levels, s, s, &s.fsys, path, slog.New(slog.DiscardHandler))
	if err != nil {
		s.Fatal(err)
	}
	s.service = service
}

func (s *scene) stop() {
	if s.service != nil {
		if err := s.service.Close(); err != nil {
			s.Error(err)
		}
		s.service = nil
	}
}

// Bounds, Entries and Record implement Schedule.
func (s *scene) Bounds(queueID int32) (low, high int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	return s.low[queueID], int64(len(s.queues[queueID]))
}

func (s *scene) Entries(queueID int32, offset int64, dst []Entry) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return copy(dst, s.queues[queueID][offset:]), nil
}

func (s *scene) Record(e Entry) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	record := s.records[e.PhysicalOffset]
	if record == nil {
		return nil, fmt.Errorf("read at %d: %w", e.PhysicalOffset, ErrGone)
	}
	return slices.Clone(record), nil
}

// Append and Sync implement Log.
func (s *scene) Append(messages []*message.Message) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.appends++
	for i, m := range messages {
		if s.room == 0 {
			return i, errDisk
		}
		s.room--
		if m.Topic == topic.ScheduleTopic {
			if err := s.schedule(m); err != nil {
				return i, err
			}
			continue
		}
		s.log = append(s.log, *m)
		s.told = append(s.told, fmt.Sprintf("%s at %v", m.Body, time.Since(s.start)))
	}
	return len(messages), nil
}

func (s *scene) Sync() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.syncs++
	return s.sync
}

func (s *scene) setSync(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sync = err
}

// schedule is what the log and its dispatcher do with a delayed message. The caller holds mu.
func (s *scene) schedule(m *message.Message) error {
	record, err := message.AppendRecord(nil, m)
	if err != nil {
		return err
	}
	level, err := strconv.Atoi(string(m.Properties.Get(message.PropertyDelay)))
	if err != nil || QueueID(level) != m.QueueID {
		return fmt.Errorf("queue %d for level %d: %w", m.QueueID, level, err)
	}
	e := Entry{PhysicalOffset: int64(len(s.records)), Bytes: int32(len(record)), DueMillis: s.levels.DeliverTime(level, time.Now().UnixMilli())}
	s.records = append(s.records, record)
	s.queues[m.QueueID] = append(s.queues[m.QueueID], e)
	go s.service.Arrive(m.QueueID)
	return nil
}

// delayed is a message as the send path stores it.
func delayed(name string, level int) message.Message {
	host := netip.MustParseAddrPort("10.0.0.5:1234")
	props := message.Properties(nil).Set("KEYS", "k").Set(message.PropertyDelay, fmt.Sprint(level)).
		Set(message.PropertyUniqKey, "U"+name[:1]).Set(message.PropertyTags, "TagA").
		Set(message.PropertyRealTopic, "TopicTest").Set(message.PropertyRealQueueID, "3")
	return message.Message{
		Topic: topic.ScheduleTopic, QueueID: QueueID(level), Flag: 7, SysFlag: message.FlagCompressed,
		ReconsumeTimes: 2, QueueOffset: 4, PhysicalOffset: 5, BornTimestamp: 6, StoreTimestamp: time.Now().UnixMilli(),
		PreparedTransactionOffset: 8, BornHost: host, StoreHost: host, Body: []byte(name), Properties: props,
	}
}

// put stores a message and tells the service.
func (s *scene) put(name string, level int, change func(*message.Message, *Entry)) {
	s.Helper()
	m := delayed(name, level)
	s.mu.Lock()
	e := Entry{PhysicalOffset: int64(len(s.records)), DueMillis: s.levels.DeliverTime(level, m.StoreTimestamp)}
	if change != nil {
		change(&m, &e)
	}
	record, err := message.AppendRecord(nil, &m)
	if err != nil {
		s.Fatal(err)
	}
	e.Bytes = int32(len(record))
	s.records = append(s.records, record)
	s.queues[QueueID(level)] = append(s.queues[QueueID(level)], e)
	s.mu.Unlock()
	if s.service != nil {
		s.service.Arrive(QueueID(level))
	}
}

// want compares what was delivered since the last call.
func (s *scene) want(want ...string) {
	s.Helper()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.told, want) {
		s.Errorf("delivered %q, want %q", s.told, want)
	}
	s.told = nil
}
