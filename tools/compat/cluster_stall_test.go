package compat

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	stallPace = 50 * time.Millisecond
	// stallTime is how long a machine may stand still before what clients see counts as disturbed: they give up on answers after 3 s, and
	// gossip doubts whom it has not heard for a second.
	stallTime = time.Second
)

// watchStalls records when the whole machine stands still, processes or disk, as one that many share does: what comes of that is
// nobody's fault. It ends with the test.
func (tr *trial) watchStalls() {
	file, err := os.Create(filepath.Join(tr.dir, "pulse"))
	must(tr.T, err)
	quit, ended := make(chan struct{}), make(chan struct{})
	tr.Cleanup(func() {
		close(quit)
		<-ended
		file.Close()
	})
	go func() {
		defer close(ended)
		for last := time.Now(); ; last = time.Now() {
			select {
			case <-quit:
				return
			case <-time.After(stallPace):
			}
			if _, err := file.WriteAt([]byte{1}, 0); err != nil {
				tr.Errorf("the pulse: %v", err)
				return
			}
			if stood := time.Since(last); stood > stallTime {
				tr.record.Disturb(tr.uncommitted(), fmt.Sprintf("the machine stood still for %.1f s", stood.Seconds()))
			}
		}
	}()
}
