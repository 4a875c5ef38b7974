package store

import (
	"sync"
	"testing"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/vfs"
)

// A consumer that follows the end of a queue while it grows is led past no
// message: what arrives between two steps of one look-up waits for the next.
func TestAReaderAtTheEndOfAGrowingQueueMissesNothing(t *testing.T) {
	cfg := testConfig()
	cfg.MappedFileSizeCommitLog = 1 << 20
	s := open(t, cfg, vfs.NewMem())
	const messages = 30_000
	var writer sync.WaitGroup
	defer shut(t, s)
	defer writer.Wait()
	writer.Go(func() {
		for range messages {
			done := make(chan struct{})
			err := s.Append(&commitlog.Request{Topic: "grows", Records: msg{topic: "grows", body: "x"}.encode(t),
				Done: func(*commitlog.Request) { close(done) }})
			if err != nil {
				t.Error(err)
				return
			}
			<-done
		}
	})
	for next := int64(0); next < messages; {
		r, err := s.Get(Query{Topic: "grows", Offset: next, MaxNum: 32})
		if err != nil {
			t.Fatal(err)
		}
		for rest := r.Bytes; len(rest) > 0; next++ {
			record, err := message.ParseRecord(rest)
			if err != nil {
				t.Fatal(err)
			}
			if record.QueueOffset() != next {
				t.Fatalf("message %d follows message %d", record.QueueOffset(), next-1)
			}
			rest = rest[len(record):]
		}
		if r.NextBeginOffset != next && r.Status != NoMessageInQueue {
			t.Fatalf("status %v leads from %d to %d", r.Status, next, r.NextBeginOffset)
		}
		r.Release()
	}
}
