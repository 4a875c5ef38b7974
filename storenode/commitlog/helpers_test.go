package commitlog

import (
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/vfs"
)

// queueOffsets is what store does for the log: it counts the records of each queue.
type queueOffsets map[string]int64

func (q queueOffsets) reserve(topic string, queueID int32, count int) int64 {
	key := fmt.Sprint(topic, queueID)
	first := q[key]
	q[key] += int64(count)
	return first
}

func (q queueOffsets) release(topic string, queueID int32, first int64) {
	q[fmt.Sprint(topic, queueID)] = first
}

func testConfig(system vfs.FS, dir string) Config {
	offsets := queueOffsets{}
	return Config{
		FS: system, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Dir: dir,
		MappedFileSizeCommitLog: 4096,
		FlushIntervalCommitLog:  500 * time.Millisecond, FlushCommitLogLeastPages: 4, FlushCommitLogThoroughInterval: 10 * time.Second,
		MaxQueuedRequests: 1000, MaxQueuedBytes: 1 << 20, MaxGroupBytes: 64 << 10, RetryAfterFailure: time.Second,
		Reserve: offsets.reserve, Release: offsets.release,
	}
}

// open opens the log and recovers it from its beginning.
func open(t *testing.T, cfg Config) (*Log, []string) {
	t.Helper()
	l, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	err = l.Recover(l.Min(), Trust{CheckBodies: true, Unclean: true}, func(r message.Record) error {
		bodies = append(bodies, string(r.Body()))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	l.Start()
	return l, bodies
}

func shut(t *testing.T, l *Log) {
	t.Helper()
	if err := l.Stop(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func record(t testing.TB, topic, body string) []byte {
	t.Helper()
	raw, err := message.AppendRecord(nil, &message.Message{
		Topic: topic, Body: []byte(body),
		BornHost: netip.MustParseAddrPort("10.0.0.1:1000"), StoreHost: netip.MustParseAddrPort("127.0.0.1:10911"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// appendWait appends and waits for the answer.
func appendWait(t testing.TB, l *Log, r *Request) error {
	t.Helper()
	done := make(chan error, 1)
	r.Done = func(r *Request) { done <- r.Err }
	if err := l.Append(r); err != nil {
		return err
	}
	return <-done
}

// send appends one message and returns its request.
func send(t testing.TB, l *Log, topic, body string, wait bool) *Request {
	t.Helper()
	r := &Request{Topic: topic, Records: record(t, topic, body), Wait: wait}
	if err := appendWait(t, l, r); err != nil {
		t.Fatal(err)
	}
	return r
}

// bodies reads the whole log.
func bodies(t testing.TB, l *Log) []string {
	t.Helper()
	var all []string
	s := l.Scan(l.Min())
	s.CheckBodies = true
	for {
		r, err := s.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(r.Body()))
	}
}

func recordWithProperties(t testing.TB, body string) []byte {
	t.Helper()
	raw, err := message.AppendRecord(nil, &message.Message{Topic: "A", Body: []byte(body), Properties: message.Properties("KEYS\x01k\x02TAGS\x01TagA")})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func sendWithProperties(t testing.TB, l *Log, body string) []byte {
	t.Helper()
	r := &Request{Topic: "A", Records: recordWithProperties(t, body)}
	if err := appendWait(t, l, r); err != nil {
		t.Fatal(err)
	}
	return r.Records
}
