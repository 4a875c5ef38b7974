package timer

import (
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/vfs"
)

// benchStore is a queue of one record over and over, and a log that counts.
type benchStore struct {
	record    message.Record
	length    int64
	delivered chan int
}

func (s *benchStore) Bounds() (low, high int64) { return 0, s.length }

func (s *benchStore) Units(offset int64, dst []Unit) (int, error) {
	n := int(min(int64(len(dst)), s.length-offset))
	for i := range n {
		dst[i] = Unit{PhysicalOffset: offset + int64(i), Bytes: int32(len(s.record))}
	}
	return n, nil
}

func (s *benchStore) Record(Unit) (message.Record, error) {
	return append(message.Record(nil), s.record...), nil
}

func (s *benchStore) Append(messages []*message.Message) (int, error) {
	s.delivered <- len(messages)
	return len(messages), nil
}

func (s *benchStore) Sync() error { return nil }

// BenchmarkDueMessages is what one message of 1 KiB costs from the queue to the log where all are due.
func BenchmarkDueMessages(b *testing.B) {
	m := sent("m", message.PropertyTimerDeliverMs, "1500000000001", message.PropertyTimerOutMs, "1500000000000",
		message.PropertyRealTopic, "T", message.PropertyRealQueueID, "0")
	m.Body = make([]byte, 1024)
	record, err := message.AppendRecord(nil, &m)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	s := &benchStore{record: record, length: int64(b.N), delivered: make(chan int, 64)}
	config := DefaultConfig()
	config.Rules, config.Dir = rules, "/timer"
	service, err := Start(config, s, s, vfs.NewMem(), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	for n := 0; n < b.N; {
		select {
		case some := <-s.delivered:
			n += some
		case <-time.After(time.Minute):
			b.Fatal("nothing is delivered any more")
		}
	}
	if err := service.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkPending is what holding one message's time costs, through files: in and out in order.
func BenchmarkPending(b *testing.B) {
	b.ReportAllocs()
	random := rand.New(rand.NewPCG(1, 1))
	p := pending{fs: vfs.NewMem(), dir: "/timer", most: 1 << 14}
	for i := range b.N {
		if p.full() {
			if err := p.spill(); err != nil {
				b.Fatal(err)
			}
		}
		p.push(entry{random.Int64N(259_200_000), int64(i)})
	}
	for before := (entry{}); p.head() != last; before = p.head() {
		if p.head().before(before) {
			b.Fatal("out of order")
		}
		if err := p.pop(); err != nil {
			b.Fatal(err)
		}
	}
}
