package store

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/consumequeue"
)

// TestBitsFlippedWithoutATable: a start that has to find the queues' ends by halving finds them although a bit has flipped,
// in the units or behind them. So it is with a Java broker's store, and after a power loss. One thing it cannot know: after
// a kill, whether the last unit before the checkpoint leads behind it because its message came later, or by a flipped bit.
func TestBitsFlippedWithoutATable(t *testing.T) {
	for seed := range uint64(200) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 8))
				cfg := byHand()
				r := rot(t, cfg, threeQueues(150))
				unknown := map[string]int64{}
				if seed%2 == 0 {
					shut(t, r.Store)
				} else {
					for _, q := range r.queues.All() {
						file, offset := q.Place(q.Max() - 1)
						unknown[file] = offset
					}
					time.Sleep(2 * cfg.FlushConsumeQueueThoroughInterval) // a checkpoint
					for i := range 10 {
						send(t, r.Store, msg{topic: "A", body: fmt.Sprint("later ", i)})
						r.want["A/0"] = append(r.want["A/0"], fmt.Sprint("later ", i))
					}
					r.mem.Halt()
					_ = r.Close()
					r.mem = r.mem.AfterKill()
				}
				removeAll(t, r.mem, "/store/gantry/queues")
				paths := slices.Sorted(maps.Keys(r.files("/store/consumequeue")))
				path, at, bit := paths[random.IntN(len(paths))], random.Int64N(10*consumequeue.UnitBytes), random.IntN(8)
				if last, found := unknown[path]; found && at >= last && at < last+8 {
					at = last + 8
				}
				flipBit(t, r.mem, path, at, bit)
				r.open(cfg)
				for name, want := range r.want {
					if low, high := r.Bounds(name[:1], int32(name[2]-'0')); low != 0 || high != int64(len(want)) {
						t.Fatalf("%s byte %d bit %d: queue %s from %d to %d, want %d", path, at, bit, name, low, high, len(want))
					}
				}
				r.checkServed()
				if got, want := send(t, r.Store, msg{topic: "A", body: "last"}).QueueOffset, int64(len(r.want["A/0"])); got != want {
					t.Errorf("queue offset %d, want %d", got, want)
				}
				shut(t, r.Store)
			})
		})
	}
}

// TestBitsFlippedWhereTheLogBegins: nor do they move a queue's minimum.
func TestBitsFlippedWhereTheLogBegins(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 9))
				cfg := byHand()
				r := rot(t, cfg, threeQueues(400))
				r.drop(1)
				r.follow()
				bounds := map[string][2]int64{}
				for name := range r.want {
					low, high := r.Bounds(name[:1], int32(name[2]-'0'))
					bounds[name] = [2]int64{low, high}
					r.want[name] = r.want[name][low:]
				}
				shut(t, r.Store)
				removeAll(t, r.mem, "/store/gantry/queues")
				paths := slices.Sorted(maps.Keys(r.files("/store/consumequeue")))
				path, at, bit := paths[random.IntN(len(paths))], random.Int64N(10*consumequeue.UnitBytes), random.IntN(8)
				flipBit(t, r.mem, path, at, bit)
				r.open(cfg)
				for name, want := range bounds {
					low, high := r.Bounds(name[:1], int32(name[2]-'0'))
					if low > want[0] || high != want[1] {
						t.Fatalf("%s byte %d bit %d: queue %s from %d to %d, want %d", path, at, bit, name, low, high, want)
					}
					if got := r.from(name[:1], int32(name[2]-'0'), want[0]); !slices.Equal(got, r.want[name]) {
						t.Fatalf("%s byte %d bit %d: queue %s serves %d messages, want %d", path, at, bit, name, len(got), len(r.want[name]))
					}
				}
				shut(t, r.Store)
			})
		})
	}
}
