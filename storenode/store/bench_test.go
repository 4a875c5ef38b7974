package store

import (
	"bytes"
	"fmt"
	"math/rand/v2"
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
// the whole process's processor time for a message. Queues are used in an order that no cache foresees; each topic has 100
// of many, and each queue has a message before the clock runs.
func BenchmarkStoreAppend(b *testing.B) {
	for _, queues := range []int{8, 50_000} {
		b.Run(fmt.Sprint(queues, "queues"), func(b *testing.B) { benchmarkAppend(b, queues, 64, 1) })
	}
	b.Run("batches of 64", func(b *testing.B) { benchmarkAppend(b, 8, 4, 64) })
	b.Run("one caller", func(b *testing.B) { benchmarkAppend(b, 8, 1, 1) })
}

func benchmarkAppend(b *testing.B, queues, callers, batch int) {
	cfg := DefaultConfig(b.TempDir())
	s := open(b, cfg, vfs.OS{})
	all := make([]*caller, callers)
	for i := range all {
		all[i] = newCaller(b, s, i, batch)
	}
	for queue := range queues {
		all[0].send(queue)
	}
	b.ReportAllocs()
	b.ResetTimer()
	before := processorTime()
	var sent atomic.Int64
	var wg sync.WaitGroup
	for _, c := range all {
		wg.Go(func() {
			for n := sent.Add(int64(batch)); n <= int64(b.N)+int64(batch)-1; n = sent.Add(int64(batch)) {
				c.send(c.random.IntN(queues))
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
	random  *rand.Rand
	topicAt int
}

// queuesOfTopic is how many queues a topic of the benchmark has at most.
const queuesOfTopic = 100

func newCaller(b *testing.B, s *Store, number, batch int) *caller {
	c := &caller{store: s, done: make(chan struct{}, 1), number: number << 32, batch: batch, random: rand.New(rand.NewPCG(uint64(number), 1))}
	key := "0123456789ABCDEF0123456789ABCDEF"
	c.one = msg{topic: topicOf(0), tags: "TagA", uniqKey: key, body: string(make([]byte, 1024))}.encode(b)
	c.keyAt = bytes.Index(c.one, []byte(key))
	c.topicAt = bytes.Index(c.one, []byte(topicOf(0)))
	c.request.Done = func(*commitlog.Request) { c.done <- struct{}{} }
	return c
}

// topicOf is the topic of the benchmark's queue of that number; all names are as long.
func topicOf(queue int) string {
	n := queue / queuesOfTopic
	return string([]byte{'T', 'o', 'p', 'i', 'c', '0' + byte(n/100), '0' + byte(n/10%10), '0' + byte(n%10)})
}

// send appends a batch to the queue of that number.
func (c *caller) send(queue int) {
	queueID := int32(queue % queuesOfTopic)
	c.request.Records, c.request.QueueID, c.request.Topic = c.request.Records[:0], queueID, topicOf(queue)
	copy(c.one[c.topicAt:], c.request.Topic)
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
// compared, and in one that is closed, whose blocks are compared with their sums, too. They lie one behind the other, as a batch
// does, or by turns with those of seven other queues.
func BenchmarkGet(b *testing.B) {
	const batch, turns = 3, 20
	cfg := DefaultConfig(b.TempDir())
	cfg.MappedFileSizeCommitLog = 4 << 20
	s := open(b, cfg, vfs.OS{})
	benchmark := func(name string) {
		for kind, queueID := range map[string]int32{"batch": batch, "turns": turns} {
			b.Run(name+" "+kind, func(b *testing.B) { benchmarkGet(b, s, queueID) })
		}
	}
	newCaller(b, s, 0, 32).send(batch)
	one := newCaller(b, s, 1, 1)
	for i := range 32 * 8 {
		one.send(turns + i%8)
	}
	poll(b, func() bool { return s.MaxOffset(topicOf(0), turns+7) == 32 })
	benchmark("open")
	for len(s.log.Starts()) < 2 {
		one.send(9)
	}
	poll(b, func() bool {
		flushed, _ := s.log.Flushed()
		return int64(flushed) > 4<<20 && len(s.log.Unsealed()) == 0
	})
	benchmark("sealed")
	shut(b, s)
}

func benchmarkGet(b *testing.B, s *Store, queueID int32) {
	b.ReportAllocs()
	for b.Loop() {
		r, err := s.Get(Query{Topic: topicOf(0), QueueID: queueID, MaxNum: 32})
		if err != nil || r.Count != 32 {
			b.Fatal(r.Count, err)
		}
		r.Release()
	}
}
