package store

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/consumequeue"
	"gantry/storenode/vfs"
)

const (
	rotFileBytes = 64 << 10
	firstLogFile = "/store/commitlog/00000000000000000000"
	firstSums    = "/store/gantry/sums/00000000000000000000"
)

func rotConfig() Config {
	cfg := testConfig()
	cfg.MappedFileSizeCommitLog, cfg.MaxIndexNum, cfg.MaxHashSlotNum = rotFileBytes, 5000, 500
	cfg.MaxTransferBytesOnMessageInMemory = 1 << 20
	return cfg
}

// entries is a log that is kept.
type entries struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (e *entries) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.text.Write(p)
}

// take returns the entries since the last call that have all the words.
func (e *entries) take(words ...string) (found []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for line := range strings.Lines(e.text.String()) {
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(line, word) }) {
			found = append(found, line)
		}
	}
	e.text.Reset()
	return found
}

func openNoting(t *testing.T, cfg Config, mem *vfs.Mem) (*Store, *entries) {
	t.Helper()
	noted := &entries{}
	s, err := Open(cfg, mem, slog.New(slog.NewTextHandler(noted, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return s, noted
}

// original is a message as it was stored.
type original struct {
	topic   string
	queueID int32
	uniqKey string
	record  message.Record
}

func (o original) at() commitlog.Offset { return commitlog.Offset(o.record.PhysicalOffset()) }
func (o original) end() commitlog.Offset {
	return o.at() + commitlog.Offset(len(o.record))
}

// inBlock says that a byte of the message lies in the block of that byte of the log.
func (o original) inBlock(at int64) bool {
	block := commitlog.Offset(at / commitlog.BlockBytes * commitlog.BlockBytes)
	return o.at() < block+commitlog.BlockBytes && block < o.end()
}

const writeLogTakes = 10 * time.Second

// writeLog sends messages of many sizes to three queues until the log has three files, the first two of them sealed.
func writeLog(t *testing.T, s *Store) (all []original) {
	t.Helper()
	random := rand.New(rand.NewPCG(7, 7))
	for i := 0; len(s.log.Starts()) < 3; i++ {
		m := msg{topic: fmt.Sprint("Topic", i%2), queueID: int32(i % 3 / 2), body: strings.Repeat(string(rune('a'+i%26)), random.IntN(3000)),
			tags: "TagA", keys: fmt.Sprint("key", i%5), uniqKey: fmt.Sprint("U", i)}
		r := send(t, s, m)
		all = append(all, original{m.topic, m.queueID, m.uniqKey, slices.Clone(message.Record(r.Records))})
	}
	time.Sleep(writeLogTakes)
	if left := s.log.Unsealed(); len(left) > 0 {
		t.Fatalf("not sealed: %v", left)
	}
	return all
}

// served is everything that can be had of the message: by its queue offset, by its place and by its key.
func (o original) served(t *testing.T, s *Store) (byQueue, byPlace, byKey []byte) {
	t.Helper()
	q := Query{Topic: o.topic, QueueID: o.queueID, Offset: o.record.QueueOffset(), MaxNum: 1}
	r, err := s.Get(q)
	if err != nil || r.NextBeginOffset != o.record.QueueOffset()+1 {
		t.Fatalf("pull of %s: %+v, %v", o.uniqKey, r, err)
	}
	sameNow(t, s, q, r)
	byQueue = slices.Clone(r.Bytes)
	r.Release()
	if byPlace, err = s.RecordAt(o.at()); err != nil && !IsDamage(err) {
		t.Fatalf("look-up of %s: %v", o.uniqKey, err)
	}
	found, err := s.QueryByKey(o.topic, o.uniqKey, 10, 0, 1<<62)
	if err != nil {
		t.Fatal(err)
	}
	return byQueue, byPlace, found.Records
}

// flipBit changes one bit of a file, as the disk does.
func flipBit(t *testing.T, mem *vfs.Mem, path string, at int64, bit int) {
	t.Helper()
	f, err := mem.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var b [1]byte
	if _, err := f.ReadAt(b[:], at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1 << bit
	if _, err := f.WriteAt(b[:], at); err != nil {
		t.Fatal(err)
	}
}

// parts are bytes of the first file: of each part of a record, between the last one and the file's end, anywhere.
func parts(all []original, random *rand.Rand) map[string]int64 {
	full := func(o original) bool { return o.end() < rotFileBytes && len(o.record.Body()) > 0 }
	var o original
	for o = all[random.IntN(len(all))]; !full(o); o = all[random.IntN(len(all))] {
	}
	last := all[0]
	for _, other := range all {
		if other.end() < rotFileBytes {
			last = other
		}
	}
	properties := len(o.record.Properties())
	end := int64(o.end())
	topic := end - int64(properties) - 2 - int64(len(o.record.Topic()))
	return map[string]int64{
		"head": int64(o.at()) + random.Int64N(88), "body": topic - 1 - random.Int64N(int64(len(o.record.Body()))) - 1,
		"topic": topic + random.Int64N(int64(len(o.topic))), "properties": end - 1 - random.Int64N(int64(properties)),
		"behind the last record": int64(last.end()) + random.Int64N(rotFileBytes-int64(last.end())), "anywhere": random.Int64N(rotFileBytes),
	}
}

func TestABitThatFlipsInAClosedFileIsNeverServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := rotConfig()
		cfg.ScrubBytesPerSecond = 0
		s := open(t, cfg, mem)
		all := writeLog(t, s)
		for seed := range uint64(15) {
			random := rand.New(rand.NewPCG(seed, 1))
			for part, at := range parts(all, random) {
				bit := random.IntN(8)
				flipBit(t, mem, firstLogFile, at, bit)
				for _, o := range all {
					want := []byte(o.record)
					if o.inBlock(at) {
						want = nil
					}
					byQueue, byPlace, byKey := o.served(t, s)
					if !bytes.Equal(byQueue, want) || !bytes.Equal(byPlace, want) || !bytes.Equal(byKey, want) {
						t.Fatalf("seed %d: bit %d of byte %d (%s), message %s at %d of %d bytes: %d bytes by queue, %d by place, %d by key",
							seed, bit, at, part, o.uniqKey, o.at(), len(o.record), len(byQueue), len(byPlace), len(byKey))
					}
				}
				flipBit(t, mem, firstLogFile, at, bit)
			}
		}
		if s.DamagedReads() == 0 {
			t.Error("no damage counted")
		}
		shut(t, s)
	})
}

// TestAFlippedBitIsFoundAfterARestartToo: with the sums of the run before.
func TestAFlippedBitIsFoundAfterARestartToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		s := open(t, rotConfig(), mem)
		all := writeLog(t, s)
		shut(t, s)
		for seed := range uint64(10) {
			random := rand.New(rand.NewPCG(seed, 2))
			at, bit := parts(all, random)["properties"], random.IntN(8)
			flipBit(t, mem, firstLogFile, at, bit)
			s, noted := openNoting(t, rotConfig(), mem)
			left := 0
			for _, o := range all {
				if byQueue, _, _ := o.served(t, s); o.inBlock(at) != (len(byQueue) == 0) {
					t.Errorf("seed %d: message %s at %d, flipped at %d: %d bytes", seed, o.uniqKey, o.at(), at, len(byQueue))
				} else if len(byQueue) == 0 {
					left++
				}
			}
			block := fmt.Sprintf("offset=%d ", at/commitlog.BlockBytes*commitlog.BlockBytes)
			if got := noted.take("level=ERROR", "file="+firstLogFile+" ", block); len(got) != 1 || left == 0 {
				t.Errorf("seed %d: %d messages left out, log %q", seed, left, got)
			}
			shut(t, s)
			flipBit(t, mem, firstLogFile, at, bit)
		}
	})
}

func TestAPullLeavesOutWhatTheBlockHoldsAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		s := open(t, rotConfig(), mem)
		all := writeLog(t, s)
		const at = 5*commitlog.BlockBytes + 77
		flipBit(t, mem, firstLogFile, at, 0)
		for _, topic := range []string{"Topic0", "Topic1"} {
			var want []string
			for _, o := range all {
				if o.topic == topic && o.queueID == 0 && !o.inBlock(at) {
					want = append(want, string(o.record.Body()))
				}
			}
			if got := bodies(t, s, topic, 0); !slices.Equal(got, want) {
				t.Errorf("%s: %d messages, want %d", topic, len(got), len(want))
			}
		}
		shut(t, s)
	})
}

// TestABodyThatFlipsInTheOpenFileIsLeftOut: there are no sums yet.
func TestABodyThatFlipsInTheOpenFileIsLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		s, noted := openNoting(t, testConfig(), mem)
		for i := range 5 {
			send(t, s, msg{topic: "A", body: fmt.Sprint("body ", i), uniqKey: fmt.Sprint("U", i)})
		}
		r, err := s.Get(Query{Topic: "A", Offset: 2, MaxNum: 1})
		if err != nil {
			t.Fatal(err)
		}
		place := message.Record(r.Bytes).PhysicalOffset()
		flipBit(t, mem, firstLogFile, place+int64(bytes.Index(r.Bytes, []byte("body"))), 0)
		r.Release()
		for range 3 {
			if got := bodies(t, s, "A", 0); !slices.Equal(got, []string{"body 0", "body 1", "body 3", "body 4"}) {
				t.Errorf("served %q", got)
			}
		}
		if got := byKey(t, s, "A", "U2"); len(got) != 0 {
			t.Errorf("found by key %q", got)
		}
		if got := noted.take("file="+firstLogFile, fmt.Sprintf("offset=%d ", place)); len(got) != 1 || s.DamagedReads() < 4 {
			t.Errorf("%d damaged reads, log %q", s.DamagedReads(), got)
		}
		time.Sleep(time.Minute)
		if bodies(t, s, "A", 0); len(noted.take("not served", "file="+firstLogFile)) != 1 {
			t.Error("nothing in the log after a minute")
		}
		shut(t, s)
	})
}

// lead has the unit of a message lead to another place.
func lead(t *testing.T, mem *vfs.Mem, ordinal int64, to consumequeue.Unit) {
	t.Helper()
	f, err := mem.Open("/store/consumequeue/A/0/00000000000000000000")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(consumequeue.AppendUnit(nil, to), ordinal*consumequeue.UnitBytes); err != nil {
		t.Fatal(err)
	}
}

// TestAUnitThatLeadsElsewhereServesNothingElse: whatever lies there, it is not the message that was asked for.
func TestAUnitThatLeadsElsewhereServesNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		s := open(t, testConfig(), mem)
		units := map[string]consumequeue.Unit{}
		for i := range 5 {
			r := send(t, s, msg{topic: "A", body: fmt.Sprint("a", i)})
			other := send(t, s, msg{topic: "B", body: fmt.Sprint("b", i)})
			third := send(t, s, msg{topic: "A", queueID: 1, body: fmt.Sprint("c", i)})
			for name, r := range map[string]*commitlog.Request{"itself": r, "another topic": other, "another queue": third} {
				units[fmt.Sprint(name, i)] = consumequeue.Unit{Physical: r.Offset, Size: int32(len(r.Records))}
			}
		}
		time.Sleep(2 * time.Minute) // the units are in their file
		itself := units["itself2"]
		for what, to := range map[string]consumequeue.Unit{
			"another topic": units["another topic2"], "another queue": units["another queue2"], "another message": units["itself1"],
			"a byte later": {Physical: itself.Physical + 1, Size: itself.Size}, "too long": {Physical: itself.Physical, Size: itself.Size + 1},
			"too short": {Physical: itself.Physical, Size: itself.Size - 1},
		} {
			lead(t, mem, 2, to)
			if r, err := s.Get(Query{Topic: "A", Offset: 2, MaxNum: 32}); !errors.Is(err, ErrMending) {
				t.Errorf("%s: served %+v, %v", what, r, err)
			}
			synctest.Wait()
			if got := bodies(t, s, "A", 0); !slices.Equal(got, numbered("a", 0, 5)) {
				t.Errorf("%s: served %q once it was mended", what, got)
			}
		}
		shut(t, s)
	})
}

// TestWhatIsBeingMendedIsWaitedFor: a pull ends in front of it, and one that begins with it is told.
func TestWhatIsBeingMendedIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		s := open(t, testConfig(), mem)
		for i := range 5 {
			send(t, s, msg{topic: "A", body: fmt.Sprint("a", i)})
		}
		time.Sleep(2 * time.Minute)
		lead(t, mem, 2, consumequeue.Unit{Physical: 1, Size: 100})
		var asked []string
		mending := func(topic string, queueID int32, ordinal int64) bool {
			asked = append(asked, fmt.Sprint(topic, queueID, "-", ordinal))
			return true
		}
		get := func(offset int64) (*Result, error) {
			r := &Result{store: s}
			l := &look{store: s, query: &Query{Topic: "A", Offset: offset, MaxNum: 32}, result: r, end: s.log.End()}
			l.scan(s.queues.Find("A", 0))
			return r, l.readAsking(mending)
		}
		r, err := get(0)
		if err != nil || r.Count != 2 || r.NextBeginOffset != 2 || r.Status != Found {
			t.Errorf("from 0: %+v, %v", r, err)
		}
		if _, err := get(2); !errors.Is(err, ErrMending) {
			t.Errorf("from 2: %v", err)
		}
		if r, err := get(3); err != nil || r.Count != 2 || r.NextBeginOffset != 5 {
			t.Errorf("from 3: %+v, %v", r, err)
		}
		if !slices.Equal(asked, []string{"A0-2", "A0-2"}) {
			t.Errorf("asked %q", asked)
		}
		shut(t, s)
	})
}
