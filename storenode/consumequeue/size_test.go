package consumequeue

import (
	"testing"

	"gantry/storenode/vfs"
)

// TestFilesAreAsLargeAsThoseThereAre whatever is configured, also where a start has cut all of a queue: the Java broker
// refuses a store with files of two sizes.
func TestFilesAreAsLargeAsThoseThereAre(t *testing.T) {
	for name, bounds := range map[string]Bounds{"kept": everything, "cut": {Limit: 0, Distrust: true}} {
		t.Run(name, func(t *testing.T) {
			mem := vfs.NewMem()
			cfg := testConfig(mem)
			qs := New(cfg)
			put(t, qs.FindOrAdd([]byte("T"), 0), 0, 5)
			write(t, qs)
			cfg.MappedFileSizeConsumeQueue *= 3
			qs = load(t, cfg, bounds)
			put(t, qs.FindOrAdd([]byte("new"), 0), 0, 5)
			write(t, qs)
			if info, err := mem.Stat("/store/consumequeue/new/0/00000000000000000000"); err != nil || info.Size != 10*UnitBytes {
				t.Errorf("a new queue's file: %+v, %v", info, err)
			}
		})
	}
}
