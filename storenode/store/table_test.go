package store

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/vfs"
)

// noted fills a store and lets it note its queues; a few messages come behind the note.
func noted(t *testing.T, cfg Config, mem *vfs.Mem) *Store {
	t.Helper()
	s := open(t, cfg, mem)
	fill(t, s, 0, 300)
	time.Sleep(cfg.MarkInterval + 2*time.Second)
	fill(t, s, 300, 310)
	return s
}

// opened opens the store again and says what its log says about it, and how many consume queue reads that took.
func opened(t *testing.T, cfg Config, mem *vfs.Mem) (s *Store, log string, reads int) {
	t.Helper()
	mem.SetHook(func(op vfs.Op) error {
		if op.Kind == "read" && strings.Contains(op.Path, "/consumequeue/") {
			reads++
		}
		return nil
	})
	var b bytes.Buffer
	s, err := Open(cfg, mem, slog.New(slog.NewTextHandler(&b, nil)))
	mem.SetHook(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		select {
		case <-s.stop:
		default:
			_ = s.Close()
		}
	})
	return s, b.String(), reads
}

func TestAStartTakesTheQueuesFromTheirTable(t *testing.T) {
	stops := map[string]func(t *testing.T, s *Store, mem *vfs.Mem) *vfs.Mem{
		"clean stop": func(t *testing.T, s *Store, mem *vfs.Mem) *vfs.Mem { shut(t, s); return mem },
		"kill": func(t *testing.T, s *Store, mem *vfs.Mem) *vfs.Mem {
			mem.Halt()
			_ = s.Close()
			return mem.AfterKill()
		},
	}
	for name, stop := range stops {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mem := vfs.NewMem()
				mem = stop(t, noted(t, testConfig(), mem), mem)
				s, log, reads := opened(t, testConfig(), mem)
				if !strings.Contains(log, "from_table=true") || reads > 0 {
					t.Errorf("%d reads of consume queues\n%s", reads, log)
				}
				checkFilled(t, s, 310)
				fill(t, s, 310, 320)
				checkFilled(t, s, 320)
				shut(t, s)
			})
		})
	}
}

// TestManyQueuesNeedNoFilesToOutliveAKill: noting them costs one file.
func TestManyQueuesNeedNoFilesToOutliveAKill(t *testing.T) {
	for queues, want := range map[int]int{fewQueues: fewQueues, fewQueues + 1: 0} {
		synctest.Test(t, func(t *testing.T) {
			mem, cfg := vfs.NewMem(), testConfig()
			s := open(t, cfg, mem)
			all := func(body string) {
				for i := range queues {
					send(t, s, msg{topic: fmt.Sprint("T", i%10), queueID: int32(i / 10), body: body})
				}
			}
			all("first")
			time.Sleep(cfg.MarkInterval + 2*time.Second)
			synctest.Wait()
			if got := len(s.queues.All()) - s.queues.InMemory(); got != want {
				t.Errorf("%d of %d queues were written to files, want %d", got, queues, want)
			}
			mem.Halt()
			_ = s.Close()
			mem = mem.AfterKill()
			s, log, _ := opened(t, cfg, mem)
			if !strings.Contains(log, "from_table=true") {
				t.Error(log)
			}
			all("second")
			for i := range queues {
				if got := bodies(t, s, fmt.Sprint("T", i%10), int32(i/10)); !slices.Equal(got, []string{"first", "second"}) {
					t.Fatalf("queue %d has %q", i, got)
				}
			}
			shut(t, s)
		})
	}
}

// TestATableIsNotTrusted after what it cannot know of.
func TestATableIsNotTrusted(t *testing.T) {
	afterwards := map[string]func(t *testing.T, mem *vfs.Mem) *vfs.Mem{
		"a power loss": func(t *testing.T, mem *vfs.Mem) *vfs.Mem {
			mem.Halt()
			return mem.AfterPowerLoss(rand.New(rand.NewPCG(1, 1)))
		},
		"a start of the Java broker": func(t *testing.T, mem *vfs.Mem) *vfs.Mem {
			time.Sleep(time.Second)
			overwrite(t, mem, "/store/lock", 0, []byte("lock"))
			return mem
		},
		"a bit that flipped": func(t *testing.T, mem *vfs.Mem) *vfs.Mem {
			flip(t, mem, "/store/gantry/queues", 123*8)
			return mem
		},
		"a missing checkpoint": func(t *testing.T, mem *vfs.Mem) *vfs.Mem {
			if err := mem.Remove("/store/checkpoint"); err != nil {
				t.Fatal(err)
			}
			return mem
		},
	}
	for name, happens := range afterwards {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mem := vfs.NewMem()
				cfg := testConfig()
				s := noted(t, cfg, mem)
				time.Sleep(time.Minute) // everything is on the disk
				mem.Halt()
				_ = s.Close()
				mem = happens(t, mem.AfterKill())
				s, log, _ := opened(t, cfg, mem)
				if !strings.Contains(log, "from_table=false") {
					t.Errorf("the table was taken\n%s", log)
				}
				checkFilled(t, s, 310)
				shut(t, s)
			})
		})
	}
}

// TestAQueueWhoseFolderIsGone although the table knows it is made again behind the start; what is left of the log is not
// served in its place.
func TestAQueueWhoseFolderIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := testConfig()
		shut(t, noted(t, cfg, mem))
		removeAll(t, mem, "/store/consumequeue/T/1")
		mem.SetDelay(func(op vfs.Op) time.Duration { // no queue can be made again while nobody sleeps
			if op.Kind == "read" && strings.Contains(op.Path, "/commitlog/") {
				return time.Millisecond
			}
			return 0
		})
		s, log, _ := opened(t, cfg, mem)
		if !strings.Contains(log, "from_table=true") {
			t.Errorf("the table was not taken\n%s", log)
		}
		if r, err := s.Get(Query{Topic: "T", QueueID: 1, Offset: 0, MaxNum: 1}); !errors.Is(err, ErrMending) {
			t.Errorf("a look-up before the queue is there: %+v, %v", r, err)
		}
		mem.SetDelay(nil)
		time.Sleep(time.Second)
		if got := send(t, s, msg{topic: "T", queueID: 1, body: "310"}).QueueOffset; got != 103 {
			t.Errorf("the next message gets queue offset %d", got)
		}
		fill(t, s, 311, 320)
		checkFilled(t, s, 320)
		shut(t, s)
	})
}

// TestADeletedTopicStaysDeletedAfterAKill although the table knew it.
func TestADeletedTopicStaysDeletedAfterAKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		s := noted(t, testConfig(), mem)
		send(t, s, msg{topic: "stays", body: "s"})
		if err := s.DeleteTopic("T"); err != nil {
			t.Fatal(err)
		}
		mem.Halt()
		_ = s.Close()
		s, _, _ = opened(t, testConfig(), mem.AfterKill())
		if got := bodies(t, s, "stays", 0); len(got) != 1 {
			t.Errorf("%d messages of the other topic", len(got))
		}
		shut(t, s)
		for _, q := range s.Queues() {
			if q.Topic == "T" && q.MinOffset == 0 && q.MaxOffset > 4 {
				t.Errorf("queue %+v is back with all its messages", q)
			}
		}
	})
}

func TestADamagedCheckpointIsNamedAndWrittenAgain(t *testing.T) {
	for bit := range usedCheckpointBytes * 8 {
		synctest.Test(t, func(t *testing.T) {
			mem := vfs.NewMem()
			s := noted(t, testConfig(), mem)
			time.Sleep(time.Minute)
			fill(t, s, 310, 320)
			mem.Halt()
			_ = s.Close()
			mem = mem.AfterKill()
			before := content(t, mem, "/store/checkpoint", usedCheckpointBytes)
			flip(t, mem, "/store/checkpoint", bit)
			s, log, _ := opened(t, testConfig(), mem)
			if !strings.Contains(log, "checkpoint is damaged and written again") || !strings.Contains(log, "/store/checkpoint") {
				t.Errorf("bit %d: %s", bit, log)
			}
			if after := content(t, mem, "/store/checkpoint", usedCheckpointBytes); !bytes.Equal(after, before) {
				t.Errorf("bit %d: the checkpoint is % x, was % x", bit, after, before)
			}
			checkFilled(t, s, 320)
			shut(t, s)
		})
	}
}

func FuzzDecodeTable(f *testing.F) {
	f.Add(tableHead{clean: true, at: 7}.append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, queues, err := decodeTable(b); err == nil && len(h.append(nil))+len(queues)+4 != len(b) {
			t.Errorf("%d bytes give a head and %d bytes of queues", len(b), len(queues))
		} else if err != nil && !errors.Is(err, ErrTable) {
			t.Error(err)
		}
	})
}

func overwrite(t *testing.T, mem *vfs.Mem, path string, at int64, b []byte) {
	t.Helper()
	file, err := mem.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if file.Truncate(at+int64(len(b))) != nil && at == 0 {
		t.Fatal("cannot truncate")
	}
	if _, err := file.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, mem *vfs.Mem, path string, bytes int) []byte {
	t.Helper()
	file, err := mem.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, bytes)
	if _, err := file.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}

// flip changes one bit of the file.
func flip(t *testing.T, mem *vfs.Mem, path string, bit int) {
	t.Helper()
	b := content(t, mem, path, bit/8+1)
	file, err := mem.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt([]byte{b[bit/8] ^ 1<<(bit%8)}, int64(bit/8)); err != nil {
		t.Fatal(err)
	}
}
