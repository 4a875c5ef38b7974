package store

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"testing"
	"testing/synctest"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/vfs"
)

func testConfig() Config {
	cfg := DefaultConfig("/store")
	cfg.MappedFileSizeCommitLog = 16 << 10
	cfg.MappedFileSizeConsumeQueue = 50 * 20
	cfg.MaxHashSlotNum, cfg.MaxIndexNum = 50, 500
	cfg.TotalMemoryBytes = 1 << 40
	cfg.MaxOpenQueueFiles = 8
	cfg.IndexRest = 0
	return cfg
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func open(t testing.TB, cfg Config, system vfs.FS) *Store {
	t.Helper()
	s, err := Open(cfg, system, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		select {
		case <-s.stop:
		default: // the test has failed; its goroutines must not outlive it
			_ = s.Close()
		}
	})
	return s
}

func shut(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// msg is a message to send; what is empty stays so.
type msg struct {
	topic, body, tags, keys, uniqKey string
	queueID                          int32
	sysFlag                          int32
	properties                       message.Properties
}

func (m msg) encode(t testing.TB) []byte {
	t.Helper()
	p := m.properties
	for name, value := range map[string]string{message.PropertyTags: m.tags, message.PropertyKeys: m.keys, message.PropertyUniqKey: m.uniqKey} {
		p = p.Set(name, value)
	}
	raw, err := message.AppendRecord(nil, &message.Message{
		Topic: m.topic, QueueID: m.queueID, SysFlag: m.sysFlag, Body: []byte(m.body), Properties: p,
		BornHost: netip.MustParseAddrPort("10.0.0.1:1000"), StoreHost: netip.MustParseAddrPort("127.0.0.1:10911"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func trySend(t testing.TB, s *Store, wait bool, messages ...msg) (*commitlog.Request, error) {
	t.Helper()
	r := &commitlog.Request{Topic: messages[0].topic, QueueID: messages[0].queueID, Wait: wait}
	for _, m := range messages {
		r.Records = append(r.Records, m.encode(t)...)
	}
	done := make(chan struct{})
	r.Done = func(*commitlog.Request) { close(done) }
	if err := s.Append(r); err != nil {
		return nil, err
	}
	<-done
	return r, r.Err
}

// send appends the messages as one request and waits until they can be read and found.
func send(t testing.TB, s *Store, messages ...msg) *commitlog.Request {
	t.Helper()
	r, err := trySend(t, s, true, messages...)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	return r
}

// bodies reads all of a queue with Get.
func bodies(t testing.TB, s *Store, topic string, queueID int32) []string {
	t.Helper()
	var all []string
	for offset := s.MinOffset(topic, queueID); offset < s.MaxOffset(topic, queueID); {
		r, err := s.Get(Query{Topic: topic, QueueID: queueID, Offset: offset, MaxNum: 32})
		if err == nil {
			sameNow(t, s, Query{Topic: topic, QueueID: queueID, Offset: offset, MaxNum: 32}, r)
		}
		if err != nil || r.NextBeginOffset <= offset {
			t.Fatalf("get %s %d at %d: %+v, %v", topic, queueID, offset, r, err)
		}
		for _, m := range split(t, r.Bytes) {
			if m.QueueOffset < offset || m.QueueOffset >= r.NextBeginOffset {
				t.Fatalf("message %d where %d to %d were looked at", m.QueueOffset, offset, r.NextBeginOffset)
			}
			all = append(all, string(m.Body))
		}
		offset = r.NextBeginOffset
		r.Release()
	}
	return all
}

// sameNow has GetNow find what Get has found, or say nothing.
func sameNow(t testing.TB, s *Store, q Query, want *Result) {
	t.Helper()
	r, ok := s.GetNow(q)
	if !ok {
		return
	}
	defer r.Release()
	if r.Status != want.Status || r.NextBeginOffset != want.NextBeginOffset || r.Count != want.Count || !bytes.Equal(r.Bytes, want.Bytes) {
		t.Fatalf("in memory: %v with %d messages, the next %d; otherwise %v with %d, the next %d",
			r.Status, r.Count, r.NextBeginOffset, want.Status, want.Count, want.NextBeginOffset)
	}
}

func split(t testing.TB, b []byte) []message.Message {
	t.Helper()
	var all []message.Message
	for len(b) > 0 {
		m, n, err := message.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.CheckBody(); err != nil {
			t.Fatal(err)
		}
		m.Body = append([]byte(nil), m.Body...)
		all = append(all, m)
		b = b[n:]
	}
	return all
}

// byKey returns the bodies QueryByKey finds.
func byKey(t testing.TB, s *Store, topic, key string) []string {
	t.Helper()
	r, err := s.QueryByKey(topic, key, 64, 0, 1<<62)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range split(t, r.Records) {
		all = append(all, string(m.Body))
	}
	return all
}

func numbered(prefix string, from, to int) []string {
	var all []string
	for i := from; i < to; i++ {
		all = append(all, fmt.Sprint(prefix, i))
	}
	return all
}
