package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/commitlog"
	"gantry/storenode/vfs"
)

// fill sends n messages over three queues, with keys.
func fill(t *testing.T, s *Store, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		send(t, s, msg{topic: "T", queueID: int32(i % 3), body: fmt.Sprint(i, strings.Repeat("x", i%200)), uniqKey: fmt.Sprint("U", i)})
	}
}

// checkFilled compares with what fill has sent.
func checkFilled(t *testing.T, s *Store, n int) {
	t.Helper()
	for id := range 3 {
		got := bodies(t, s, "T", int32(id))
		if want := (n + 2 - id) / 3; len(got) != want {
			t.Fatalf("queue %d has %d messages, want %d", id, len(got), want)
		}
		for i, body := range got {
			if !strings.HasPrefix(body, fmt.Sprint(id+3*i)) {
				t.Fatalf("queue %d message %d is %q", id, i, body)
			}
		}
	}
	synctest.Wait() // the index may be catching up
	for _, i := range []int{0, n / 3, n / 2, n - 1} {
		if got := byKey(t, s, "T", fmt.Sprint("U", i)); len(got) != 1 {
			t.Fatalf("key U%d finds %q", i, got)
		}
	}
}

func TestACleanStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		n := 0
		for _, more := range []int{1, 100, 0, 149} {
			s := open(t, testConfig(), mem)
			fill(t, s, n, n+more)
			n += more
			checkFilled(t, s, n)
			shut(t, s)
		}
	})
}

// TestACleanStartReadsLittle counts the bytes of the commit log that a start reads.
func TestACleanStartReadsLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		s := open(t, testConfig(), mem)
		fill(t, s, 0, 400)
		shut(t, s)
		counted, total := countLogReads(mem), int(s.End())
		s = open(t, testConfig(), mem)
		if read := counted(); read > total/4 {
			t.Errorf("read %d bytes of a log of %d", read, total)
		}
		shut(t, s)
	})
}

// countLogReads counts distinct 1 KiB pieces read.
func countLogReads(mem *vfs.Mem) func() int {
	pieces := map[string]bool{}
	mem.SetHook(func(op vfs.Op) error {
		if op.Kind == "read" && strings.Contains(op.Path, "commitlog") {
			for at := op.Offset; at < op.Offset+int64(op.Bytes); at += 1 << 10 {
				pieces[fmt.Sprint(op.Path, at>>10)] = true
			}
		}
		return nil
	})
	return func() int { mem.SetHook(nil); return len(pieces) << 10 }
}

func TestAKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		n := 0
		for _, more := range []int{1, 60, 300, 0, 7, 90} {
			s := open(t, testConfig(), mem)
			checkFilledIfAny(t, s, n)
			fill(t, s, n, n+more)
			n += more
			mem.Halt()
			_ = s.Close()
			mem = mem.AfterKill()
		}
		s := open(t, testConfig(), mem)
		checkFilled(t, s, n)
		shut(t, s)
	})
}

func checkFilledIfAny(t *testing.T, s *Store, n int) {
	t.Helper()
	if n > 1 {
		checkFilled(t, s, n)
	}
}

// TestAKillAfterACheckpointReadsTheTailOnly: gantry/recovery names a nearer place than the Java broker's rule.
func TestAKillAfterACheckpointReadsTheTailOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		s := open(t, testConfig(), mem)
		fill(t, s, 0, 400)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		fill(t, s, 400, 420)
		total := int(s.End())
		mem.Halt()
		_ = s.Close()
		mem = mem.AfterKill()
		counted := countLogReads(mem)
		s = open(t, testConfig(), mem)
		if read := counted(); read > total/4 {
			t.Errorf("read %d bytes of a log of %d", read, total)
		}
		checkFilled(t, s, 420)
		shut(t, s)
	})
}

func TestDerivedFilesAreMadeAgain(t *testing.T) {
	damages := map[string]func(t *testing.T, mem *vfs.Mem){
		"consume queues are gone":    func(t *testing.T, mem *vfs.Mem) { removeAll(t, mem, "/store/consumequeue") },
		"one consume queue is short": func(t *testing.T, mem *vfs.Mem) { damage(t, mem, "/store/consumequeue/T/1", 0, nil, 40) },
		"the index is gone":          func(t *testing.T, mem *vfs.Mem) { removeAll(t, mem, "/store/index") },
		"an index header is garbage": func(t *testing.T, mem *vfs.Mem) { damage(t, mem, "/store/index", 36, []byte{0x70}, 0) },
		"the checkpoint is gone":     func(t *testing.T, mem *vfs.Mem) { removeAll(t, mem, "/store/checkpoint") },
		"the checkpoint is garbage":  func(t *testing.T, mem *vfs.Mem) { damage(t, mem, "/store/checkpoint", 0, []byte("\xFFgarbage"), 0) },
		"the mark is garbage":        func(t *testing.T, mem *vfs.Mem) { damage(t, mem, "/store/gantry/recovery", 8, []byte("?"), 0) },
	}
	for name, damage := range damages {
		for _, clean := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, clean stop %v", name, clean), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					mem := vfs.NewMem()
					s := open(t, testConfig(), mem)
					fill(t, s, 0, 200)
					time.Sleep(2 * time.Minute)
					synctest.Wait()
					fill(t, s, 200, 250)
					if !clean {
						mem.Halt()
					}
					if err := s.Close(); clean && err != nil {
						t.Fatal(err)
					}
					mem = mem.AfterKill()
					damage(t, mem)
					s = open(t, testConfig(), mem)
					synctest.Wait() // queues that are made again are not served before
					checkFilled(t, s, 250)
					fill(t, s, 250, 300)
					checkFilled(t, s, 300)
					shut(t, s)
				})
			})
		}
	}
}

func removeAll(t *testing.T, mem *vfs.Mem, path string) {
	t.Helper()
	if entries, err := mem.List(path); err == nil {
		for _, e := range entries {
			removeAll(t, mem, path+"/"+e.Name)
		}
	}
	if err := mem.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// damage overwrites the file, or the first file of the folder, and sets its length where that is not 0.
func damage(t *testing.T, mem *vfs.Mem, path string, at int64, b []byte, length int64) {
	t.Helper()
	if entries, err := mem.List(path); err == nil {
		path += "/" + entries[0].Name
	}
	f, err := mem.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
	if length > 0 {
		if err := f.Truncate(length); err != nil {
			t.Fatal(err)
		}
	}
}

func TestALogThatIsGoneTakesItsQueuesAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		s := open(t, testConfig(), mem)
		fill(t, s, 0, 100)
		shut(t, s)
		removeAll(t, mem, "/store/commitlog")
		s = open(t, testConfig(), mem)
		if len(s.Queues()) != 0 || s.End() != 0 {
			t.Errorf("queues %+v, end %d", s.Queues(), s.End())
		}
		fill(t, s, 0, 50)
		checkFilled(t, s, 50)
		shut(t, s)
	})
}

// TestDamageInTheMiddleOfTheLog: the messages hit are lost, those behind are not.
func TestDamageInTheMiddleOfTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		s := open(t, testConfig(), mem)
		fill(t, s, 0, 200)
		hit := send(t, s, msg{topic: "T", body: "hit"}).Offset
		send(t, s, msg{topic: "T", body: "behind"})
		fill(t, s, 202, 260)
		shut(t, s)
		name := fmt.Sprintf("/store/commitlog/%020d", int64(hit)/(16<<10)*(16<<10))
		f, err := mem.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte{0}, int64(hit)%(16<<10)+5); err != nil {
			t.Fatal(err)
		}
		removeAll(t, mem, "/store/consumequeue") // so that the whole log is read again
		removeAll(t, mem, "/store/index")
		s = open(t, testConfig(), mem)
		synctest.Wait()
		if got := bodies(t, s, "T", 0); slices.Contains(got, "hit") || !slices.Contains(got, "behind") {
			t.Errorf("queue 0 holds %d messages", len(got))
		}
		if got := byKey(t, s, "T", "U259"); len(got) != 1 {
			t.Errorf("key behind the damage finds %q", got)
		}
		if _, err := s.RecordAt(hit); !errors.Is(err, ErrNotFound) {
			t.Errorf("the damaged record: %v", err)
		}
		shut(t, s)
	})
}

// TestCrashes runs random operations, crashes at a random one, opens again and compares with a model, several times over
// on the same files: what was acknowledged is there, in order and under the same offset, nothing else is.
func TestCrashes(t *testing.T) {
	for seed := range uint64(60) {
		for _, power := range []bool{false, true} {
			t.Run(fmt.Sprintf("seed %d, power loss %v", seed, power), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { crashes(t, seed, power) })
			})
		}
	}
}

// model is what a queue holds: certain messages, and those that were sent and not answered.
type model map[string][]string

func crashes(t *testing.T, seed uint64, power bool) {
	random := rand.New(rand.NewPCG(seed, 5))
	mem := vfs.NewMem()
	cfg := testConfig()
	cfg.MaxBufferedUnitBytes = 2000
	cfg.FlushConsumeQueueThoroughInterval = 3 * time.Second
	cfg.MarkInterval = time.Duration(seed%3) * time.Second
	if power {
		cfg.FlushDiskType = commitlog.SyncFlush
	}
	certain := model{}
	for range 4 {
		s := open(t, cfg, mem)
		compare(t, s, certain)
		maybe := live(t, s, mem, random, certain)
		mem.Halt()
		_ = s.Close()
		if power && random.IntN(3) > 0 {
			mem = mem.AfterPowerLoss(random)
		} else {
			mem = mem.AfterKill()
		}
		adopt(t, cfg, mem, certain, maybe)
	}
}

// live sends random messages until an operation of the file system says that the process is dead.
func live(t *testing.T, s *Store, mem *vfs.Mem, random *rand.Rand, certain model) (maybe model) {
	dieAt, count := 20+random.IntN(600), 0
	mem.SetHook(func(vfs.Op) error {
		if count++; count > dieAt { // the file system calls one at a time
			return vfs.ErrHalted
		}
		return nil
	})
	maybe = model{}
	for i := range 150 {
		m := msg{topic: fmt.Sprint("T", random.IntN(2)), queueID: int32(random.IntN(2)), uniqKey: fmt.Sprint("U", i)}
		m.body = fmt.Sprintf("%d %s", random.Int(), strings.Repeat("y", random.IntN(400)))
		queue := fmt.Sprint(m.topic, m.queueID)
		r, err := trySend(t, s, true, m)
		if err != nil {
			maybe[queue] = append(maybe[queue], m.body)
			return maybe
		}
		if r.QueueOffset != int64(len(certain[queue])) {
			t.Fatalf("queue %s: offset %d behind %d messages", queue, r.QueueOffset, len(certain[queue]))
		}
		certain[queue] = append(certain[queue], m.body)
		if random.IntN(4) == 0 {
			time.Sleep(time.Duration(random.IntN(1500)) * time.Millisecond)
		}
	}
	return maybe
}

// adopt opens the store once and takes over what turned out to be there of the messages nobody got an answer for.
func adopt(t *testing.T, cfg Config, mem *vfs.Mem, certain, maybe model) {
	s := open(t, cfg, mem)
	for queue, unanswered := range maybe {
		got := bodies(t, s, queue[:2], int32(queue[2]-'0'))
		if extra := len(got) - len(certain[queue]); extra > 0 && extra <= len(unanswered) {
			certain[queue] = append(certain[queue], unanswered[:extra]...)
		}
	}
	compare(t, s, certain)
	shut(t, s)
}

func compare(t *testing.T, s *Store, certain model) {
	t.Helper()
	for queue, want := range certain {
		got := bodies(t, s, queue[:2], int32(queue[2]-'0'))
		if !slices.Equal(got, want) {
			t.Fatalf("queue %s holds %d messages, want %d", queue, len(got), len(want))
		}
	}
}
