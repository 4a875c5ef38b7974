package consumequeue

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"gantry/storenode/commitlog"
	"gantry/storenode/vfs"
)

func TestDamagedQueuesAreRemovedAndReported(t *testing.T) {
	for name, damage := range map[string]func(mem *vfs.Mem) error{
		"a file is missing": func(mem *vfs.Mem) error { return mem.Remove("/store/consumequeue/T/0/00000000000000000200") },
		"a file is short": func(mem *vfs.Mem) error {
			f, err := mem.Open("/store/consumequeue/T/0/00000000000000000400")
			return errors.Join(err, f.Truncate(50))
		},
		"a name is odd": func(mem *vfs.Mem) error {
			_, err := mem.Create("/store/consumequeue/T/0/00000000000000000777", 200)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			mem := vfs.NewMem()
			qs := load(t, testConfig(mem), everything)
			put(t, qs.FindOrAdd([]byte("T"), 0), 0, 37)
			put(t, qs.FindOrAdd([]byte("T"), 1), 0, 5)
			write(t, qs)
			if err := damage(mem); err != nil {
				t.Fatal(err)
			}
			qs = New(testConfig(mem))
			if damaged, err := qs.Load(everything); damaged != 1 || err != nil {
				t.Fatalf("%d damaged, %v", damaged, err)
			}
			if qs.Find("T", 0) != nil {
				t.Error("the damaged queue is still there")
			}
			check(t, qs.Find("T", 1), 0, 5)
			q := qs.FindOrAdd([]byte("T"), 0)
			put(t, q, 0, 25)
			write(t, qs)
			check(t, load(t, testConfig(mem), everything).Find("T", 0), 0, 25)
		})
	}
}

func TestAFullDiskLosesNothing(t *testing.T) {
	mem := vfs.NewMem()
	qs := load(t, testConfig(mem), everything)
	put(t, qs.FindOrAdd([]byte("T"), 0), 0, 25)
	put(t, qs.FindOrAdd([]byte("T"), 1), 0, 25)
	writes := 0
	mem.SetHook(func(op vfs.Op) error {
		if op.Kind == "write" {
			if writes++; writes > 2 {
				return &vfs.ShortWrite{Bytes: 30, Err: syscall.ENOSPC}
			}
		}
		return nil
	})
	if err := qs.Write(0); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("write: %v", err)
	}
	check(t, qs.Find("T", 0), 0, 25)
	check(t, qs.Find("T", 1), 0, 25)
	mem.SetHook(nil)
	write(t, qs)
	if qs.BufferedBytes() != 0 {
		t.Errorf("%d bytes still in memory", qs.BufferedBytes())
	}
	qs = load(t, testConfig(mem), everything)
	check(t, qs.Find("T", 0), 0, 25)
	check(t, qs.Find("T", 1), 0, 25)
}

func TestPowerLossKeepsWhatWasSyncedBeforeTheLimit(t *testing.T) {
	for seed := range uint64(80) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 2))
			mem := vfs.NewMem()
			cfg := testConfig(mem)
			cfg.MappedFileSizeConsumeQueue = 500 * UnitBytes
			qs := load(t, cfg, everything)
			q := qs.FindOrAdd([]byte("T"), 0)
			synced := 1 + random.IntN(1500)
			put(t, q, 0, synced)
			write(t, qs)
			if err := qs.Sync(); err != nil {
				t.Fatal(err)
			}
			end := synced + random.IntN(1500)
			put(t, q, synced, end)
			write(t, qs)
			mem.Halt()
			cfg.FS = mem.AfterPowerLoss(random)
			qs = load(t, cfg, Bounds{Limit: commitlog.Offset(synced * 100), Distrust: true})
			check(t, qs.Find("T", 0), 0, synced)
			put(t, qs.Find("T", 0), synced, synced+700)
			write(t, qs)
			check(t, load(t, cfg, everything).Find("T", 0), 0, synced+700)
		})
	}
}

func TestRandomOperations(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 3))
			mem := vfs.NewMem()
			qs := load(t, testConfig(mem), everything)
			model := map[int32]int{}
			for range 300 {
				id := int32(random.IntN(6))
				switch random.IntN(10) {
				case 0:
					write(t, qs)
				case 1:
					if err := qs.Write(random.IntN(300)); err != nil {
						t.Fatal(err)
					}
				case 2:
					write(t, qs)
					qs = load(t, testConfig(mem), everything)
				case 3:
					if model[id] > 0 {
						check(t, qs.Find("T", id), 0, model[id])
					}
				default:
					more := random.IntN(15)
					put(t, qs.FindOrAdd([]byte("T"), id), model[id], model[id]+more)
					model[id] += more
				}
			}
			for id, end := range model {
				check(t, qs.FindOrAdd([]byte("T"), id), 0, end)
			}
		})
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(AppendUnit(AppendUnit(nil, unit(1)), unit(2)), int64(1000))
	f.Add(AppendUnit(nil, blank), int64(0))
	f.Fuzz(func(t *testing.T, content []byte, limit int64) {
		mem := vfs.NewMem()
		cfg := testConfig(mem)
		if err := mem.MkdirAll("/store/consumequeue/T/0"); err != nil {
			t.Fatal(err)
		}
		file, err := mem.Create("/store/consumequeue/T/0/00000000000000000000", 200)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteAt(content[:min(len(content), 200)], 0); err != nil {
			t.Fatal(err)
		}
		qs := New(cfg)
		if _, err := qs.Load(Bounds{Limit: commitlog.Offset(limit)}); err != nil {
			t.Fatal(err)
		}
		for _, q := range qs.All() {
			if low, high := q.Range(); low < 0 || low > high || high > 10 {
				t.Fatalf("range %d to %d", low, high)
			}
		}
	})
}
