package store

import (
	"fmt"
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
)

// byHand is a store whose scrub the test does itself.
func byHand() Config {
	cfg := smallQueues()
	cfg.ScrubBytesPerSecond = 0
	cfg.MaxHashSlotNum, cfg.MaxIndexNum = 7, 30
	return cfg
}

// usedBytes is how much of a consume queue file holds units.
func usedBytes(content string) int64 {
	used := int64(0)
	for at := 0; at < len(content); at += consumequeue.UnitBytes {
		if consumequeue.DecodeUnit([]byte(content[at:])).Size > 0 {
			used = int64(at + consumequeue.UnitBytes)
		}
	}
	return used
}

// checkNamed looks for one entry that names the file and the unit's place in it.
func (r *rotting) checkNamed(path string, at int64) {
	r.t.Helper()
	unit := at / consumequeue.UnitBytes * consumequeue.UnitBytes
	if found := r.noted.take("level=ERROR", "file="+path, fmt.Sprintf("offset=%d ", unit)); len(found) != 1 {
		r.t.Fatalf("bit flipped in %s at %d: log %q", path, at, found)
	}
}

// TestEveryFlippedBitOfAConsumeQueueIsMended while the store runs: every message is served, in its place, nothing else is,
// and the files are what they were.
func TestEveryFlippedBitOfAConsumeQueueIsMended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rot(t, byHand(), threeQueues(40))
		before := r.files("/store/consumequeue")
		random := rand.New(rand.NewPCG(1, 1))
		for _, path := range slices.Sorted(maps.Keys(before)) {
			for at := range usedBytes(before[path]) {
				for bit := range 8 {
					if !strings.HasSuffix(path, "A/0/00000000000000000200") && random.IntN(6) > 0 {
						continue // of one file each bit is flipped
					}
					r.noted.take()
					flipBit(t, r.mem, path, at, bit)
					r.checkServed()
					r.scrubbed() // no pull sees that a tag is another one
					r.checkNamed(path, at)
					r.same("/store/consumequeue", before)
				}
			}
		}
		shut(t, r.Store)
	})
}

// TestBitsFlippedWhileTheStoreIsClosed: the start does not look at the units, readers and the scrub do.
func TestBitsFlippedWhileTheStoreIsClosed(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 6))
				cfg := byHand()
				r := rot(t, cfg, threeQueues(150))
				before := r.files("/store/consumequeue")
				if seed%2 == 0 {
					shut(t, r.Store)
				} else { // a kill, behind a table of the queues
					time.Sleep(cfg.MarkInterval + 2*time.Second)
					r.mem.Halt()
					_ = r.Close()
					r.mem = r.mem.AfterKill()
				}
				paths := slices.Sorted(maps.Keys(before))
				path := paths[random.IntN(len(paths))]
				at := random.Int64N(usedBytes(before[path]))
				flipBit(t, r.mem, path, at, random.IntN(8))
				r.open(cfg)
				r.checkServed()
				r.scrubbed()
				r.same("/store/consumequeue", before)
				r.checkNamed(path, at)
				if got, want := send(t, r.Store, msg{topic: "A", body: "later"}).QueueOffset, int64(len(r.want["A/0"])); got != want {
					t.Errorf("queue offset %d, want %d", got, want)
				}
				shut(t, r.Store)
			})
		})
	}
}

// TestFlippedBitsOfTheIndexAreFound and the keys are found again. In the package index each bit is flipped.
func TestFlippedBitsOfTheIndexAreFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rot(t, byHand(), threeQueues(120))
		random := rand.New(rand.NewPCG(7, 7))
		keys := map[string]string{}
		for i := range 120 {
			if found := byKey(t, r.Store, "A", fmt.Sprint("U", i)); len(found) == 1 {
				keys[fmt.Sprint("U", i)] = found[0]
			}
		}
		if len(keys) < 20 {
			t.Fatalf("%d keys", len(keys))
		}
		for range 400 {
			files := r.index.Files()
			path := files[random.IntN(len(files))]
			used := int64(40 + 7*4 + 20*20) // all files but the newest hold more items
			at := random.Int64N(used)
			if at >= 40+7*4 && at < 40+7*4+20 || path == files[0] && at >= 40+7*4+20+12 && at < 40+7*4+20+16 {
				continue // item 0 is never used; of the first item nobody knows the seconds
			}
			if path == files[len(files)-1] && at >= 40+7*4 {
				continue
			}
			r.noted.take()
			flipBit(t, r.mem, path, at, random.IntN(8))
			r.scrubbed()
			if found := r.noted.take("level=ERROR", "index file is damaged", "file="+path, "offset="); len(found) != 1 {
				t.Fatalf("bit flipped in %s at %d: log %q", path, at, found)
			}
			for key, body := range keys {
				if found := byKey(t, r.Store, "A", key); !slices.Equal(found, []string{body}) {
					t.Fatalf("bit flipped in %s at %d: key %s finds %q", path, at, key, found)
				}
			}
			if r.scrubbed(); len(r.noted.take("damaged")) != 0 {
				t.Fatalf("bit flipped in %s at %d: damage is left", path, at)
			}
		}
		shut(t, r.Store)
	})
}

// TestAQueryMendsTheIndexItFindsDamaged.
func TestAQueryMendsTheIndexItFindsDamaged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rot(t, byHand(), threeQueues(120))
		path := r.index.Files()[1]
		r.write(path, 40, slices.Repeat([]byte{0, 0, 0, 9}, 7)) // all slots lead to one item
		for i := range 120 {
			byKey(t, r.Store, "A", fmt.Sprint("U", i))
		}
		synctest.Wait()
		if found := r.noted.take("level=ERROR", "index file is damaged", "file="+path); len(found) != 1 {
			t.Errorf("log %q", found)
		}
		if found := byKey(t, r.Store, "A", "U2"); !slices.Equal(found, []string{"message 2"}) {
			t.Errorf("found %q", found)
		}
		if r.scrubbed(); len(r.noted.take("damaged")) != 0 {
			t.Error("damage is left")
		}
		shut(t, r.Store)
	})
}

// TestTheScrubFindsNothingWhereNothingIsWrong in stores of many kinds.
func TestTheScrubFindsNothingWhereNothingIsWrong(t *testing.T) {
	later := func(r *rotting, messages int) {
		threeQueues(messages)(func(messages ...msg) { send(r.t, r.Store, messages...) })
	}
	reopen := func(r *rotting, cfg Config) {
		shut(r.t, r.Store)
		r.open(cfg)
		synctest.Wait()
	}
	for name, live := range map[string]func(r *rotting){
		"as it is": func(*rotting) {},
		"units in memory": func(r *rotting) {
			later(r, 30)
		},
		"opened again": func(r *rotting) { reopen(r, byHand()) },
		"killed": func(r *rotting) {
			r.mem.Halt()
			_ = r.Close()
			r.mem = r.mem.AfterKill()
			r.open(byHand())
			synctest.Wait()
		},
		"a topic deleted": func(r *rotting) {
			if err := r.DeleteTopic("A"); err != nil {
				r.t.Fatal(err)
			}
		},
		"a topic deleted and used again": func(r *rotting) {
			if err := r.DeleteTopic("A"); err != nil {
				r.t.Fatal(err)
			}
			later(r, 50)
		},
		"a topic deleted twice and used more than before": func(r *rotting) {
			for range 2 {
				if err := r.DeleteTopic("A"); err != nil {
					r.t.Fatal(err)
				}
				later(r, 30)
			}
			later(r, 400)
		},
		"files expired": func(r *rotting) {
			later(r, 800)
			r.drop(3)
			r.scrubbed() // the queues have not followed
			r.follow()
		},
		"other delay levels": func(r *rotting) {
			for range 20 {
				send(r.t, r.Store, msg{topic: ScheduleTopic, queueID: 1, body: "x", properties: message.Properties("DELAY\x012\x02")})
			}
			cfg := byHand()
			cfg.DeliverTime = func(level int, storeTimestamp int64) int64 { return storeTimestamp + int64(level)*600_000 }
			reopen(r, cfg)
		},
		"no index for a while": func(r *rotting) {
			cfg := byHand()
			cfg.MessageIndexEnable = false
			reopen(r, cfg)
			later(r, 50)
			r.scrubbed()
			reopen(r, byHand())
		},
		"the index in other sizes": func(r *rotting) {
			cfg := byHand()
			cfg.MaxIndexNum = 50
			reopen(r, cfg)
			later(r, 50)
		},
		"a message the log has lost": func(r *rotting) {
			u, _, err := r.queues.Find("A", 0).Unit(11)
			if err != nil {
				r.t.Fatal(err)
			}
			r.write(firstLogFile, int64(u.Physical)+4, []byte{0})
			removeAll(r.t, r.mem, "/store/consumequeue")
			removeAll(r.t, r.mem, "/store/index")
			shut(r.t, r.Store)
			r.open(byHand())
			synctest.Wait()
			r.noted.take()
			r.derived.pace = func(int) bool { return true }
			for scanner := r.log.Scan(0); scanner.Offset() < r.End(); {
				if record, err := scanner.Next(); err == nil {
					r.checkDerived(record)
				} else if err := scanner.Resync(); err != nil {
					r.t.Fatal(err)
				}
			}
			r.endDerived()
			synctest.Wait()
			if found := r.noted.take("made again"); len(found) != 0 {
				r.t.Errorf("log %q", found)
			}
			r.write(firstLogFile, int64(u.Physical)+4, []byte{0xDA})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rot(t, byHand(), threeQueues(150))
				if live(r); name != "a message the log has lost" {
					for range 2 {
						r.scrubbed()
					}
				}
				if found := r.noted.take("made again"); len(found) != 0 {
					t.Errorf("log %q", found)
				}
				shut(t, r.Store)
			})
		})
	}
}

// TestAMessageThatCameBackIsServedAgain: the log was mended, by hand or from a copy, and the scrub sees what is missing.
func TestAMessageThatCameBackIsServedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rot(t, byHand(), threeQueues(40))
		before := r.files("/store/consumequeue")
		u, _, err := r.queues.Find("A", 0).Unit(5)
		if err != nil {
			t.Fatal(err)
		}
		r.write(firstLogFile, int64(u.Physical)+4, []byte{0})
		r.mendUnit(r.queues.Find("A", 0), 5, errNoUnit)
		synctest.Wait()
		if u, _, err := r.queues.Find("A", 0).Unit(5); !u.Blank() || err != nil {
			t.Fatalf("unit %+v, %v", u, err)
		}
		r.write(firstLogFile, int64(u.Physical)+4, []byte{0xDA})
		r.scrubbed()
		r.same("/store/consumequeue", before)
		r.checkServed()
		shut(t, r.Store)
	})
}

// TestTheScrubItselfMends what a flipped bit has done to queue and index.
func TestTheScrubItselfMends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := smallQueues()
		r := rot(t, cfg, threeQueues(150))
		before := r.files("/store/consumequeue")
		flipBit(t, r.mem, "/store/consumequeue/A/0/00000000000000000200", 57, 3)
		flipBit(t, r.mem, r.index.Files()[0], 40+50*4+20*7+6, 3)
		time.Sleep(2 * time.Minute)
		r.same("/store/consumequeue", before)
		entries := r.noted.take("made again")
		for _, file := range []string{"file=/store/consumequeue/A/0/00000000000000000200", "file=/store/index/"} {
			if !slices.ContainsFunc(entries, func(line string) bool { return strings.Contains(line, file) }) || len(entries) != 2 {
				t.Errorf("%s is not named: %q", file, entries)
			}
		}
		if found := byKey(t, r.Store, "A", "U2"); !slices.Equal(found, []string{"message 2"}) {
			t.Errorf("found %q", found)
		}
		shut(t, r.Store)
	})
}

// TestComparingAllocatesNothing a record: it is done for every one of the log.
func TestComparingAllocatesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := byHand()
		cfg.MaxIndexNum, cfg.MappedFileSizeConsumeQueue = 5000, 6000
		r := rot(t, cfg, threeQueues(300))
		var records []message.Record
		for at := r.Min(); at < r.End(); {
			record, err := r.log.Record(at, nil)
			if err != nil {
				at += commitlog.Offset(r.log.FileBytes()) - at%commitlog.Offset(r.log.FileBytes()) // the end of a file
				continue
			}
			records = append(records, record)
			at += commitlog.Offset(len(record))
		}
		r.scrubbed()
		pass := func() {
			for _, record := range records {
				r.derived.check(record)
			}
		}
		if n := testing.AllocsPerRun(20, pass); n > float64(len(records))/10 {
			t.Errorf("%v allocations for %d records", n, len(records))
		}
		shut(t, r.Store)
	})
}
