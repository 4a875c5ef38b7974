package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/commitlog"
	"gantry/storenode/vfs"
)

// flipDistinct flips a bit in each of n blocks of the first two files, and returns the blocks in order.
func flipDistinct(t *testing.T, mem *vfs.Mem, random *rand.Rand, n int) (blocks []int64) {
	t.Helper()
	for _, block := range random.Perm(2 * rotFileBytes / commitlog.BlockBytes)[:n] {
		at := int64(block)*commitlog.BlockBytes + random.Int64N(commitlog.BlockBytes)
		path := fmt.Sprintf("/store/commitlog/%020d", at/rotFileBytes*rotFileBytes)
		flipBit(t, mem, path, at%rotFileBytes, random.IntN(8))
		blocks = append(blocks, int64(block)*commitlog.BlockBytes)
	}
	slices.Sort(blocks)
	return blocks
}

func TestTheScrubNamesEveryDamagedBlockOnceARound(t *testing.T) {
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			mem := vfs.NewMem()
			s, noted := openNoting(t, rotConfig(), mem)
			writeLog(t, s)
			blocks := flipDistinct(t, mem, rand.New(rand.NewPCG(seed, 3)), 5)
			time.Sleep(scrubDelay)
			for round := range 3 {
				time.Sleep(time.Minute)
				found := noted.take("level=ERROR", "block differs from its sum")
				for i, block := range blocks {
					words := fmt.Sprintf("file=/store/commitlog/%020d offset=%d ", block/rotFileBytes*rotFileBytes, block)
					if len(found) != len(blocks) || !strings.Contains(found[i], words) {
						t.Fatalf("seed %d, round %d: flipped in %v, found %q", seed, round, blocks, found)
					}
				}
				time.Sleep(s.cfg.ScrubInterval)
			}
			shut(t, s)
		})
	}
}

func TestTheScrubFindsBodiesInTheOpenFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		s, noted := openNoting(t, testConfig(), mem)
		send(t, s, msg{topic: "A", body: "first"})
		place := send(t, s, msg{topic: "A", body: "second"}).Offset
		send(t, s, msg{topic: "A", body: "third"})
		time.Sleep(30 * time.Second) // it is on the disk
		flipBit(t, mem, firstLogFile, int64(place)+90, 4)
		time.Sleep(time.Minute)
		if got := noted.take("level=ERROR", "msg=\"commit log is damaged\"", "file="+firstLogFile, fmt.Sprintf("offset=%d ", place)); len(got) != 1 {
			t.Errorf("log %q", got)
		}
		shut(t, s)
	})
}

func TestTheScrubKeepsItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := rotConfig()
		cfg.ScrubBytesPerSecond = 1000
		s := open(t, cfg, mem)
		writeLog(t, s)
		begin, end := time.Now(), int64(s.End())
		var last atomic.Int64 // read of the log, ns
		mem.SetHook(func(op vfs.Op) error {
			if op.Kind == "read" && strings.HasPrefix(op.Path, "/store/commitlog") {
				last.Store(int64(time.Since(begin)))
			}
			return nil
		})
		time.Sleep(scrubDelay + time.Duration(2*end/1000)*time.Second)
		took, least := time.Duration(last.Load())-scrubDelay+writeLogTakes, time.Duration(end/1000)*time.Second
		if took < least*9/10 || took > least*11/10 {
			t.Errorf("%d bytes took %v", end, took)
		}
		shut(t, s)
	})
}

func TestClosingStopsTheScrubAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := rotConfig()
		cfg.ScrubBytesPerSecond, cfg.SealBytesPerSecond = 1, 1
		s := open(t, cfg, mem)
		fillFiles(t, s, 3)
		for _, wait := range []time.Duration{2 * time.Second, 2 * time.Minute} { // in a seal, in a round
			time.Sleep(wait)
			begin := time.Now()
			shut(t, s)
			if took := time.Since(begin); took > 0 {
				t.Errorf("closing takes %v", took)
			}
			cfg.SealBytesPerSecond = 1 << 30
			s = open(t, cfg, mem)
		}
		shut(t, s)
	})
}

func TestWithoutScrubOldFilesAreNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := rotConfig()
		cfg.ScrubBytesPerSecond, cfg.SealBytesPerSecond = 0, 1
		s := open(t, cfg, mem)
		fillFiles(t, s, 3)
		shut(t, s)
		cfg.SealBytesPerSecond = 1 << 30
		s = open(t, cfg, mem)
		time.Sleep(24 * time.Hour)
		if got := s.log.Unsealed(); len(got) != 2 {
			t.Errorf("unsealed are %v", got)
		}
		fillFiles(t, s, 4) // what this run writes is sealed all the same
		time.Sleep(time.Minute)
		if got := s.log.Unsealed(); !slices.Equal(got, []commitlog.Offset{0, rotFileBytes}) {
			t.Errorf("unsealed are %v", got)
		}
		shut(t, s)
	})
}

func TestFilesOfAnEarlierRunAreSealedAtTheRateOfTheScrub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := rotConfig()
		cfg.SealBytesPerSecond = 1
		s := open(t, cfg, mem)
		fillFiles(t, s, 4)
		shut(t, s)
		cfg.SealBytesPerSecond, cfg.ScrubBytesPerSecond = 1<<30, 1024
		s = open(t, cfg, mem)
		for sealed := range 3 {
			if got := len(s.log.Unsealed()); got != 3-sealed {
				t.Errorf("%d files unsealed, %d should be", got, 3-sealed)
			}
			time.Sleep(65 * time.Second) // a file of 64 KiB
		}
		shut(t, s)
	})
}

func TestAFileThatCannotBeSealedIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		s, noted := openNoting(t, rotConfig(), mem)
		var tries atomic.Int64
		mem.SetHook(func(op vfs.Op) error {
			if strings.HasPrefix(op.Path, "/store/gantry/sums/") && op.Kind == "create" {
				tries.Add(1)
				return syscall.ENOSPC
			}
			return nil
		})
		fillFiles(t, s, 3)
		time.Sleep(5 * time.Minute)
		if got := tries.Load(); got != 2 { // one for each file
			t.Errorf("tried %d times in five minutes", got)
		}
		mem.SetHook(nil)
		time.Sleep(sealRetry)
		if got, text := s.log.Unsealed(), noted.take("no block sums"); len(got) != 0 || len(text) != 2 {
			t.Errorf("unsealed are %v, log %q", got, text)
		}
		shut(t, s)
	})
}

func TestADiskWithoutRoomIsNotFilledWithSums(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := rotConfig()
		cfg.CleanFileForciblyEnable = false
		cfg.SealBytesPerSecond = 1000
		s := open(t, cfg, mem)
		fillFiles(t, s, 2)
		time.Sleep(2 * time.Second)
		fillFiles(t, s, 3)
		mem.SetUsage(percent(95))
		time.Sleep(5 * time.Minute)
		if got := s.log.Unsealed(); !slices.Equal(got, []commitlog.Offset{rotFileBytes}) { // one was under way
			t.Errorf("unsealed are %v", got)
		}
		mem.SetUsage(percent(10))
		time.Sleep(5 * time.Minute)
		if got := s.log.Unsealed(); len(got) != 0 {
			t.Errorf("unsealed are %v", got)
		}
		shut(t, s)
	})
}

// TestOnlyWhatIsFarBehindIsDroppedFromMemory: what readers at the end want stays.
func TestOnlyWhatIsFarBehindIsDroppedFromMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := rotConfig()
		cfg.TotalMemoryBytes = rotFileBytes * 5 / 2 // of which 40 % count
		s := open(t, cfg, mem)
		writeLog(t, s)
		var dropped atomic.Int64
		end := int64(s.End())
		mem.SetHook(func(op vfs.Op) error {
			if op.Kind == "dropcache" {
				var start int64
				if _, err := fmt.Sscanf(op.Path, "/store/commitlog/%020d", &start); err != nil || start+op.Offset+int64(op.Bytes) > end-rotFileBytes {
					t.Errorf("dropped %+v of a log that ends at %d: %v", op, end, err)
				}
				dropped.Add(int64(op.Bytes))
			}
			return nil
		})
		time.Sleep(2 * time.Minute)
		if got := dropped.Load(); got < end/2-rotFileBytes {
			t.Errorf("%d bytes of %d dropped", got, end)
		}
		shut(t, s)
	})
}

// TestTheScrubOfALogThatExpiresGoesOnWhereItBegins: its file goes from under it.
func TestTheScrubOfALogThatExpiresGoesOnWhereItBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := hour(rotConfig(), 0)
		cfg.FileReservedTime = 3 * time.Minute
		cfg.ScrubBytesPerSecond = 256
		s, noted := openNoting(t, cfg, mem)
		all := writeLog(t, s)
		last := all[len(all)-1]
		flipBit(t, mem, fmt.Sprintf("/store/commitlog/%020d", 2*rotFileBytes), int64(last.at())+100-2*rotFileBytes, 2)
		time.Sleep(10 * time.Minute)
		if s.Min() == 0 || len(logFiles(t, mem, "gantry/sums")) != 0 {
			t.Fatalf("the log begins at %d, sums %q", s.Min(), logFiles(t, mem, "gantry/sums"))
		}
		time.Sleep(30 * time.Minute)
		if got := noted.take("level=ERROR"); len(got) != 2 || !strings.Contains(got[0], fmt.Sprintf("offset=%d ", last.at())) {
			t.Errorf("log %q", got)
		}
		shut(t, s)
	})
}

// TestAFileThatCannotBeReadIsLeftOutOfTheRound: the files behind it are not.
func TestAFileThatCannotBeReadIsLeftOutOfTheRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		s, noted := openNoting(t, rotConfig(), mem)
		writeLog(t, s)
		flipBit(t, mem, fmt.Sprintf("/store/commitlog/%020d", rotFileBytes), 5000, 1)
		mem.SetHook(func(op vfs.Op) error {
			if op.Kind == "read" && op.Path == firstLogFile {
				return syscall.EIO
			}
			return nil
		})
		time.Sleep(scrubDelay)
		got := noted.take("level=ERROR")
		if len(got) != 3 || !strings.Contains(got[0], "input/output error") || !strings.Contains(got[1], fmt.Sprintf("offset=%d ", rotFileBytes+4096)) {
			t.Errorf("log %q", got)
		}
		mem.SetHook(nil)
		shut(t, s)
	})
}

// TestTheEndOfAFileThatHoldsNoRecordsIsComparedToo: nothing is lost there, but the disk is going.
func TestTheEndOfAFileThatHoldsNoRecordsIsComparedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		s, noted := openNoting(t, rotConfig(), mem)
		for range 2 {
			send(t, s, msg{topic: "A", body: strings.Repeat("x", rotFileBytes*3/5)})
		}
		send(t, s, msg{topic: "A", body: "last"})
		time.Sleep(scrubDelay - 10*time.Second)
		flipBit(t, mem, firstLogFile, rotFileBytes-5000, 1)
		time.Sleep(time.Minute)
		if got := noted.take("level=ERROR", "file="+firstLogFile, fmt.Sprintf("offset=%d ", (rotFileBytes-5000)/4096*4096)); len(got) != 1 {
			t.Errorf("log %q", got)
		}
		if got := bodies(t, s, "A", 0); len(got) != 3 {
			t.Errorf("%d messages", len(got))
		}
		shut(t, s)
	})
}
