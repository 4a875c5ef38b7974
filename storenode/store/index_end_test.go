package store

import (
	"fmt"
	"math"
	"testing"
	"time"

	"gantry/storenode/vfs"
)

// A Java broker that opens a store after a clean stop does not index it again.
func TestACleanStopLeavesTheIndexComplete(t *testing.T) {
	mem := vfs.NewMem()
	cfg := testConfig()
	cfg.IndexRest = time.Hour // the rounds before the stop have not come to the end
	s := open(t, cfg, mem)
	const messages = 100
	for i := range messages {
		if _, err := trySend(t, s, false, msg{topic: "t", body: "b", keys: fmt.Sprint("key", i)}); err != nil {
			t.Fatal(err)
		}
	}
	shut(t, s)
	cfg.MessageIndexEnable = false // nothing is added at this start
	s = open(t, cfg, mem)
	defer shut(t, s)
	for i := range messages - 1 { // a start takes the last one back and puts it again
		found, err := s.QueryByKey("t", fmt.Sprint("key", i), 10, 0, math.MaxInt64)
		if err != nil || found.Count != 1 {
			t.Fatalf("key%d: %d messages, %v", i, found.Count, err)
		}
	}
}
