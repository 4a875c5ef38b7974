package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/consumequeue"
	"gantry/storenode/vfs"
)

func TestDamagedUnitsAreMadeAgainFromTheLog(t *testing.T) {
	for name, damage := range map[string]func(units []byte){
		"one unit of zeros":   func(units []byte) { clear(units[60:80]) },
		"all units are zeros": func(units []byte) { clear(units) },
		"other units":         func(units []byte) { copy(units[20:60], units[100:140]) },
		"an end of garbage":   func(units []byte) { copy(units[140:], bytes.Repeat([]byte{0x77}, 60)) },
		"blanks": func(units []byte) {
			copy(units[40:], bytes.Repeat(consumequeue.AppendUnit(nil, consumequeue.Blank()), 3))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rot(t, smallQueues(), threeQueues(120))
				before := r.files("/store/consumequeue")
				for path, content := range before {
					units := []byte(content)
					if consumequeue.DecodeUnit(units[180:]).Size == 0 {
						continue // the queue ends in it
					}
					damage(units)
					r.write(path, 0, units)
				}
				for _, q := range r.queues.All() {
					if err := r.mendUnit(q, 3, errNoUnit); !errors.Is(err, ErrMending) {
						t.Fatalf("mend: %v", err)
					}
					if !r.mender.add(q, 0, q.Max(), errNoUnit) {
						t.Fatal("not taken")
					}
				}
				synctest.Wait()
				r.same("/store/consumequeue", before)
				r.checkServed()
				shut(t, r.Store)
			})
		})
	}
}

// TestWhatIsMendedIsNamed: queue, file and place, once before and once after.
func TestWhatIsMendedIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rot(t, smallQueues(), threeQueues(120))
		r.write("/store/consumequeue/A/0/00000000000000000200", 60, make([]byte, 40))
		r.noted.take()
		r.mendUnit(r.queues.Find("A", 0), 13, errNoUnit)
		synctest.Wait()
		lines := r.noted.take()
		begin := []string{"level=ERROR", "topic=A", "queue_id=0", "file=/store/consumequeue/A/0/00000000000000000200", "offset=60", "from=13", "to=15", "physical_offset=0"}
		end := []string{"level=INFO", "topic=A", "queue_id=0", "from=13", "to=15", "units=2", "messages_gone=0"}
		if len(lines) != 2 {
			t.Fatalf("log: %q", lines)
		}
		for i, words := range [][]string{begin, end} {
			for _, word := range words {
				if !strings.Contains(lines[i], word) {
					t.Errorf("line %q lacks %s", lines[i], word)
				}
			}
		}
		shut(t, r.Store)
	})
}

// TestNothingIsServedOrSkippedWhileItIsMended holds the mender up by a slow log.
func TestNothingIsServedOrSkippedWhileItIsMended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rot(t, smallQueues(), threeQueues(120))
		r.write("/store/consumequeue/A/0/00000000000000000200", 60, make([]byte, 40))
		r.mem.SetDelay(func(op vfs.Op) time.Duration {
			if op.Kind == "read" && strings.Contains(op.Path, "/commitlog/") {
				return time.Minute
			}
			return 0
		})
		q := r.queues.Find("A", 0)
		err := r.mendUnit(q, 13, errNoUnit)
		var mending *MendingError
		if !errors.As(err, &mending) || mending.Topic != "A" || mending.From != 13 {
			t.Fatalf("mend: %v", err)
		}
		for offset, next := range map[int64]int64{10: 13, 12: 13, 13: 0} {
			found, err := r.Get(Query{Topic: "A", Offset: offset, MaxNum: 32, Match: func(int64) bool { return false }})
			if next == 0 {
				if !errors.Is(err, ErrMending) {
					t.Errorf("get at %d: %+v, %v", offset, found, err)
				}
				continue
			}
			if err != nil || found.NextBeginOffset != next {
				t.Errorf("get at %d: %+v, %v", offset, found, err)
			}
		}
		if at, err := r.StoreTimeAt("A", 0, 13); !errors.Is(err, ErrMending) {
			t.Errorf("store time: %d, %v", at, err)
		}
		units := make([]consumequeue.Unit, 10)
		if n, err := r.Units("A", 0, 13, units); !errors.Is(err, ErrMending) {
			t.Errorf("units: %d, %v", n, err)
		}
		r.mem.SetDelay(nil)
		time.Sleep(10 * time.Minute)
		r.checkServed()
		shut(t, r.Store)
	})
}

func TestMissingAndShortFilesAreMadeAgainWhenTheyAreRead(t *testing.T) {
	const dir = "/store/consumequeue/A/0"
	remove := func(names ...string) func(r *rotting) {
		return func(r *rotting) {
			for _, name := range names {
				if err := r.mem.Remove(dir + "/" + name); err != nil {
					r.t.Fatal(err)
				}
			}
		}
	}
	resize := func(name string, size int64) func(r *rotting) {
		return func(r *rotting) {
			f, err := r.mem.Open(dir + "/" + name)
			if err == nil {
				err = f.Truncate(size)
			}
			if err != nil {
				r.t.Fatal(err)
			}
		}
	}
	for name, damage := range map[string]func(r *rotting){
		"first file missing":  remove("00000000000000000000"),
		"middle file missing": remove("00000000000000000200"),
		"last file missing":   remove("00000000000000000800"),
		"folder missing":      func(r *rotting) { removeAll(r.t, r.mem, dir) },
		"middle file short":   resize("00000000000000000200", 90),
		"last file empty":     resize("00000000000000000800", 0),
		"two files missing":   remove("00000000000000000200", "00000000000000000600"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := smallQueues()
				cfg.MaxOpenQueueFiles = 0
				r := rot(t, cfg, threeQueues(120))
				before := r.files("/store/consumequeue")
				r.served("B", 0) // so that no file of A is open
				damage(r)
				r.checkServed()
				synctest.Wait()
				r.same("/store/consumequeue", before)
				for range 30 { // the queue goes on
					send(t, r.Store, msg{topic: "A", body: "later"})
					r.want["A/0"] = append(r.want["A/0"], "later")
				}
				r.checkServed()
				shut(t, r.Store)
				r.open(cfg)
				r.checkServed()
				shut(t, r.Store)
			})
		})
	}
}

// TestUnitsAreWrittenAlthoughTheirFileIsGone: nothing is lost, and sends are not refused.
func TestUnitsAreWrittenAlthoughTheirFileIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := smallQueues()
		cfg.MaxOpenQueueFiles = 0
		r := rot(t, cfg, threeQueues(120))
		r.served("B", 0)
		removeAll(t, r.mem, "/store/consumequeue/A")
		for range 5 {
			send(t, r.Store, msg{topic: "A", body: "later"})
			r.want["A/0"] = append(r.want["A/0"], "later")
		}
		if err := r.queues.Write(0); err != nil {
			t.Fatal(err)
		}
		r.checkServed()
		shut(t, r.Store)
		r.open(cfg)
		r.checkServed()
		shut(t, r.Store)
	})
}

// TestOnePassMendsManyQueues counts what is read of the log.
func TestOnePassMendsManyQueues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const queues, each = 2000, 3
		cfg := smallQueues()
		cfg.MappedFileSizeCommitLog = 256 << 10
		cfg.MaxBufferedUnitBytes = 4 << 10 // less than all units take
		r := rot(t, cfg, func(send func(...msg)) {
			for i := range queues * each {
				send(msg{topic: fmt.Sprint("T", i%20), queueID: int32(i / 20 % (queues / 20)), body: fmt.Sprint("message ", i)})
			}
		})
		before := r.files("/store/consumequeue")
		if len(before) != queues {
			t.Fatalf("%d files", len(before))
		}
		removeAll(t, r.mem, "/store/consumequeue")
		var read int
		r.mem.SetHook(func(op vfs.Op) error {
			if op.Kind == "read" && strings.Contains(op.Path, "/commitlog/") {
				read += op.Bytes
			}
			return nil
		})
		r.mem.SetDelay(func(op vfs.Op) time.Duration { // a pass that has begun waits here until all are known
			if op.Kind == "read" && strings.Contains(op.Path, "/commitlog/") {
				return time.Millisecond
			}
			return 0
		})
		for _, q := range r.queues.All() {
			r.mendQueueFiles(q, fs.ErrNotExist)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		r.mem.SetHook(nil)
		r.mem.SetDelay(nil)
		r.same("/store/consumequeue", before)
		if total := int(r.End()); read > 2*total+total/2 { // a first pass may begin before all are known
			t.Errorf("read %d bytes of a log of %d", read, total)
		}
		if shown := len(r.noted.take("is damaged and made again")); shown > 3*shownMends {
			t.Errorf("%d entries in the log", shown)
		}
		shut(t, r.Store)
	})
}

// TestMessagesThatTheLogHasLostLeaveBlanks, those around them are served.
func TestMessagesThatTheLogHasLostLeaveBlanks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rot(t, smallQueues(), threeQueues(60))
		q := r.queues.Find("B", 0)
		u, _, err := q.Unit(5)
		if err != nil {
			t.Fatal(err)
		}
		r.write(fmt.Sprintf("/store/commitlog/%020d", 0), int64(u.Physical)+4, []byte{0}) // its magic
		r.write("/store/consumequeue/B/0/00000000000000000000", 0, make([]byte, 200))
		r.mendUnit(q, 2, errNoUnit)
		synctest.Wait()
		for at := range consumequeue.Offset(10) {
			if u, _, err := q.Unit(at); u.Blank() != (at == 5) || err != nil {
				t.Errorf("unit %d: %+v, %v", at, u, err)
			}
		}
		want := slices.Delete(slices.Clone(r.want["B/0"]), 5, 6)
		var got []string
		for offset := int64(0); offset < int64(len(r.want["B/0"])); {
			found, err := r.Get(Query{Topic: "B", Offset: offset, MaxNum: 3})
			if err != nil || found.NextBeginOffset <= offset {
				t.Fatalf("get at %d: %+v, %v", offset, found, err)
			}
			for _, m := range split(t, found.Bytes) {
				got = append(got, string(m.Body))
			}
			offset = found.NextBeginOffset
			found.Release()
		}
		if !slices.Equal(got, want) {
			t.Errorf("served %q", got)
		}
		if lines := r.noted.take("consume queue mended", "messages_gone=1"); len(lines) != 1 {
			t.Errorf("log %q", lines)
		}
		shut(t, r.Store)
	})
}

// TestADeletedTopicStaysDeleted: records of the topic's first life are not taken for the second's.
func TestADeletedTopicStaysDeleted(t *testing.T) {
	for second, first := range map[int]int{25: 40, 12: 5, 1: 30, 20: 20} {
		t.Run(fmt.Sprintf("%d messages behind %d", second, first), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rot(t, smallQueues(), func(send func(...msg)) {
					for i := range first {
						send(msg{topic: "A", body: fmt.Sprint("old ", i)})
						send(msg{topic: "B", body: "beside"})
					}
				})
				if err := r.DeleteTopic("A"); err != nil {
					t.Fatal(err)
				}
				r.want["A/0"] = nil
				for i := range second {
					send(t, r.Store, msg{topic: "A", body: fmt.Sprint("new ", i)})
					r.want["A/0"] = append(r.want["A/0"], fmt.Sprint("new ", i))
				}
				if err := r.queues.Write(0); err != nil {
					t.Fatal(err)
				}
				before := r.files("/store/consumequeue")
				for at := range second {
					r.write(fmt.Sprintf("/store/consumequeue/A/0/%020d", at/10*200), int64(at%10*20), make([]byte, 20))
					r.mendUnit(r.queues.Find("A", 0), consumequeue.Offset(at), errNoUnit)
					synctest.Wait()
					r.same("/store/consumequeue", before)
				}
				removeAll(t, r.mem, "/store/consumequeue/A")
				r.mendQueueFiles(r.queues.Find("A", 0), fs.ErrNotExist)
				synctest.Wait()
				r.same("/store/consumequeue", before)
				r.checkServed()
				shut(t, r.Store)
			})
		})
	}
}

// TestTimesOfDeliveryOfOtherLevelsAreKept: messageDelayLevel was another one when they were sent.
func TestTimesOfDeliveryOfOtherLevelsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := smallQueues()
		seconds := int64(3)
		cfg.DeliverTime = func(level int, storeTimestamp int64) int64 { return storeTimestamp + seconds*1000 }
		r := rot(t, cfg, func(send func(...msg)) {
			for i := range 15 {
				send(msg{topic: ScheduleTopic, queueID: 2, body: fmt.Sprint(i), properties: message.Properties("DELAY\x013\x02")})
			}
		})
		before := r.files("/store/consumequeue")
		seconds = 60
		q := r.queues.Find(ScheduleTopic, 2)
		r.mender.add(q, 0, 15, errNoUnit)
		synctest.Wait()
		r.same("/store/consumequeue", before)
		r.write("/store/consumequeue/"+ScheduleTopic+"/2/00000000000000000000", 4*20+19, []byte{0x11}) // one of the times
		r.mender.add(q, 0, 15, errNoUnit)
		synctest.Wait()
		at, _ := r.StoreTimeAt(ScheduleTopic, 2, 4)
		if u, _, err := q.Unit(4); u.TagsCode != at+60_000 || err != nil {
			t.Errorf("unit %+v of a message of %d, %v", u, at, err)
		}
		if u, _, err := q.Unit(5); u.TagsCode != at+3_000 || err != nil {
			t.Errorf("unit %+v of a message of %d, %v", u, at, err)
		}
		shut(t, r.Store)
	})
}

// TestMendingIsTriedAgain: a full disk does not end it, and nothing wrong is served meanwhile.
func TestMendingIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := smallQueues()
		cfg.MaxOpenQueueFiles, cfg.ScrubBytesPerSecond = 0, 0
		r := rot(t, cfg, threeQueues(120))
		before := r.files("/store/consumequeue")
		r.served("B", 0)
		removeAll(t, r.mem, "/store/consumequeue/A")
		r.mem.SetHook(func(op vfs.Op) error {
			if strings.Contains(op.Path, "/consumequeue/A") && (op.Kind == "create" || op.Kind == "write") {
				return commitlog.ErrBusy
			}
			return nil
		})
		for range 20 {
			if found, err := r.Get(Query{Topic: "A", Offset: 3, MaxNum: 3}); !errors.Is(err, ErrMending) {
				t.Fatalf("get: %+v, %v", found, err)
			}
			time.Sleep(10 * time.Second)
		}
		if lines := r.noted.take("cannot be mended"); len(lines) != 1 {
			t.Errorf("log %q", lines)
		}
		r.mem.SetHook(nil)
		time.Sleep(2 * maxMendPause)
		r.checkServed()
		synctest.Wait()
		r.same("/store/consumequeue", before)
		shut(t, r.Store)
	})
}

// TestUnitsThatHaveExpiredAreNotMended, although they lead before the log's beginning until their queue follows it.
func TestUnitsThatHaveExpiredAreNotMended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rot(t, smallQueues(), threeQueues(400))
		r.drop(1)
		r.noted.take()
		for _, q := range r.queues.All() {
			found, err := r.Get(Query{Topic: q.Topic(), QueueID: q.ID(), Offset: int64(q.Min()), MaxNum: 3})
			if err != nil || found.Status != MessageWasRemoving && found.Count == 0 {
				t.Errorf("get of expired messages: %+v, %v", found, err)
			}
		}
		r.follow()
		for _, q := range r.queues.All() {
			if u, _, err := q.Unit(q.Min()); err != nil || u.Physical < r.Min() || q.Min() == 0 {
				t.Errorf("queue %s-%d begins at %d with %+v, %v", q.Topic(), q.ID(), q.Min(), u, err)
			}
		}
		if lines := r.noted.take("damaged"); len(lines) != 0 {
			t.Errorf("log %q", lines)
		}
		low := int64(r.queues.Find("A", 0).Min())
		file, offset := r.queues.Find("A", 0).Place(consumequeue.Offset(low + 2))
		r.write(file, offset, consumequeue.AppendUnit(nil, consumequeue.Unit{Physical: 100, Size: 200})) // now that is damage
		if found, err := r.Get(Query{Topic: "A", Offset: low + 2, MaxNum: 3}); !errors.Is(err, ErrMending) {
			t.Errorf("get: %+v, %v", found, err)
		}
		r.want["A/0"] = r.want["A/0"][low:]
		if got := r.served("A", 0); !slices.Equal(got, r.want["A/0"]) {
			t.Errorf("served %d messages, want %d", len(got), len(r.want["A/0"]))
		}
		shut(t, r.Store)
	})
}

// TestTooMuchToMendIsFoundAgain keeps the bound.
func TestTooMuchToMendIsFoundAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := smallQueues()
		cfg.MaxMends = 1
		cfg.MaxOpenQueueFiles = 0
		r := rot(t, cfg, threeQueues(60))
		before := r.files("/store/consumequeue")
		removeAll(t, r.mem, "/store/consumequeue")
		for range 100 {
			for _, q := range r.queues.All() {
				r.mendQueueFiles(q, fs.ErrNotExist)
				if r.mender.count.Load() > 1 {
					t.Error("more than one")
				}
			}
			synctest.Wait()
		}
		r.same("/store/consumequeue", before)
		r.checkServed()
		shut(t, r.Store)
	})
}

// TestUnitsThatAreMissingBeforeALaterOne are looked for in the log: a start without a table that was led astray has cut
// them.
func TestUnitsThatAreMissingBeforeALaterOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := smallQueues()
		r := rot(t, cfg, threeQueues(135))
		time.Sleep(2 * cfg.FlushConsumeQueueThoroughInterval) // a checkpoint
		file, offset := r.queues.Find("A", 0).Place(consumequeue.Offset(len(r.want["A/0"]) - 3))
		for range 5 {
			send(t, r.Store, msg{topic: "A", body: "later"})
			r.want["A/0"] = append(r.want["A/0"], "later")
		}
		r.mem.Halt()
		_ = r.Close()
		r.mem = r.mem.AfterKill()
		removeAll(t, r.mem, "/store/gantry/queues")
		before := r.read(file)[:offset+3*consumequeue.UnitBytes]
		r.write(file, offset, make([]byte, 3*consumequeue.UnitBytes))
		r.open(cfg)
		synctest.Wait()
		if len(r.noted.take("units are missing", "topic=A")) != 1 {
			t.Error("nothing in the log")
		}
		r.checkServed()
		if err := r.queues.Write(0); err != nil {
			t.Fatal(err)
		}
		if got := r.read(file)[:len(before)]; !bytes.Equal(got, before) {
			t.Error("the file differs from what it was")
		}
		shut(t, r.Store)
	})
}

// TestAKillWhileQueuesAreMended at a random operation, or a power loss: whatever was half done is mended by the next run.
func TestAKillWhileQueuesAreMended(t *testing.T) {
	for seed := range uint64(80) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 10))
				cfg := smallQueues()
				cfg.ScrubBytesPerSecond, cfg.MaxOpenQueueFiles = 0, 0
				r := rot(t, cfg, threeQueues(150))
				time.Sleep(2 * cfg.FlushConsumeQueueThoroughInterval) // a checkpoint
				files := r.files("/store/consumequeue")
				for _, path := range slices.Sorted(maps.Keys(files)) {
					switch before := usedBytes(files[path])/consumequeue.UnitBytes - 1; {
					case random.IntN(4) == 0:
						if err := r.mem.Remove(path); err != nil {
							t.Fatal(err)
						}
					case before > 0 && random.IntN(3) == 0: // of the last one, gone without a trace, no start could know
						r.write(path, random.Int64N(before)*consumequeue.UnitBytes, make([]byte, consumequeue.UnitBytes))
					}
				}
				left := random.IntN(300)
				r.mem.SetHook(func(op vfs.Op) error {
					if left--; left < 0 {
						return vfs.ErrHalted
					}
					return nil
				})
				for _, name := range slices.Sorted(maps.Keys(r.want)) {
					q := r.queues.Find(name[:1], int32(name[2]-'0'))
					r.mendQueueFiles(q, fs.ErrNotExist)
					r.mender.add(q, q.Min(), q.Max(), errNoUnit)
				}
				synctest.Wait()
				r.mem.Halt()
				_ = r.Close()
				if seed%2 == 0 {
					r.mem = r.mem.AfterKill()
				} else {
					r.mem = r.mem.AfterPowerLoss(random)
				}
				r.open(cfg)
				synctest.Wait()
				r.checkServed()
				if got, want := send(t, r.Store, msg{topic: "A", body: "last"}).QueueOffset, int64(len(r.want["A/0"])); got != want {
					t.Errorf("queue offset %d, want %d", got, want)
				}
				shut(t, r.Store)
			})
		})
	}
}
