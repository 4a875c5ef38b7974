package store

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/vfs"
)

// BenchmarkStoreAppend appends 1 KiB messages from 64 callers and waits until they are in queues and index. cpu_us/op is
// the whole process's processor time for a message.
func BenchmarkStoreAppend(b *testing.B) {
	for _, queues := range []int32{8, 20_000} {
		b.Run(fmt.Sprint(queues, "queues"), func(b *testing.B) { benchmarkAppend(b, queues, 64, 1) })
	}
	b.Run("batches of 64", func(b *testing.B) { benchmarkAppend(b, 8, 4, 64) })
	b.Run("one caller", func(b *testing.B) { benchmarkAppend(b, 8, 1, 1) })
}

func benchmarkAppend(b *testing.B, queues int32, callers, batch int) {
	cfg := DefaultConfig(b.TempDir())
	s := open(b, cfg, vfs.OS{})
	b.ReportAllocs()
	b.ResetTimer()
	before := processorTime()
	var sent atomic.Int64
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			c := newCaller(b, s, caller, batch)
			for n := sent.Add(int64(batch)); n <= int64(b.N)+int64(batch)-1; n = sent.Add(int64(batch)) {
				c.send(int32(n/int64(batch)) % queues)
			}
		})
	}
	wg.Wait()
	poll(b, func() bool { return s.dispatcher.position() == s.End() && s.indexer.position() == s.End() })
	b.ReportMetric(float64((processorTime()-before).Microseconds())/float64(b.N), "cpu_us/op")
	b.StopTimer()
	shut(b, s)
}

// caller sends one request after the other.
type caller struct {
	store   *Store
	request commitlog.Request
	one     []byte
	keyAt   int
	key     [32]byte
	done    chan struct{}
	number  int
	batch   int
}

func newCaller(b *testing.B, s *Store, number, batch int) *caller {
	c := &caller{store: s, done: make(chan struct{}, 1), number: number << 32, batch: batch}
	key := "0123456789ABCDEF0123456789ABCDEF"
	c.one = msg{topic: "TopicTest", tags: "TagA", uniqKey: key, body: string(make([]byte, 1024))}.encode(b)
	c.keyAt = bytes.Index(c.one, []byte(key))
	c.request.Topic = "TopicTest"
	c.request.Done = func(*commitlog.Request) { c.done <- struct{}{} }
	return c
}

func (c *caller) send(queueID int32) {
	c.request.Records = c.request.Records[:0]
	c.request.QueueID = queueID
	for range c.batch {
		c.number++
		copy(c.one[c.keyAt:], fmt.Appendf(c.key[:0], "%032X", c.number))
		at := len(c.request.Records)
		c.request.Records = append(c.request.Records, c.one...)
		r := message.Record(c.request.Records[at:])
		r[12], r[13], r[14], r[15] = byte(queueID>>24), byte(queueID>>16), byte(queueID>>8), byte(queueID)
	}
	if err := c.store.Append(&c.request); err != nil {
		panic(err)
	}
	<-c.done
	if c.request.Err != nil {
		panic(c.request.Err)
	}
}

// poll waits for what the store's goroutines do on real files.
func poll(b *testing.B, reached func() bool) {
	b.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(time.Minute); !reached(); <-ticker.C {
		if time.Now().After(deadline) {
			b.Fatal("the store does not catch up")
		}
	}
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkGet reads 32 messages of 1 KiB from the beginning of a queue: in the file that is written, whose bodies alone are
// compared, and in one that is closed, whose blocks are compared with their sums, too.
func BenchmarkGet(b *testing.B) {
	cfg := DefaultConfig(b.TempDir())
	cfg.MappedFileSizeCommitLog = 4 << 20
	s := open(b, cfg, vfs.OS{})
	c := newCaller(b, s, 0, 32)
	benchmark := func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r, err := s.Get(Query{Topic: "TopicTest", QueueID: 3, MaxNum: 32})
			if err != nil || r.Count != 32 {
				b.Fatal(r.Count, err)
			}
			r.Release()
		}
	}
	for id := range int32(8) {
		c.send(id)
	}
	poll(b, func() bool { return s.MaxOffset("TopicTest", 7) == 32 })
	b.Run("open", benchmark)
	for len(s.log.Starts()) < 2 {
		c.send(9)
	}
	poll(b, func() bool {
		flushed, _ := s.log.Flushed()
		return int64(flushed) > 4<<20 && len(s.log.Unsealed()) == 0
	})
	b.Run("sealed", benchmark)
	shut(b, s)
}
