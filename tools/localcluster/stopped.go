package localcluster

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// stopPatience bounds the time a busy machine takes to stop all threads of a process.
const stopPatience = 10 * time.Second

// awaitStopped polls until the kernel says of every thread that it is stopped: one that runs when the signal comes goes
// on until it is interrupted.
func (m *Member) awaitStopped() error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(stopPatience); ; <-tick.C {
		stopped, err := allStopped(m.cmd.Process.Pid)
		if err != nil || stopped {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("stop %s: its threads still run after %v", m.Name, stopPatience)
		}
	}
}

// allStopped says whether each thread is in state T (proc(5)).
func allStopped(pid int) (bool, error) {
	files, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task", "*", "stat"))
	if err != nil || len(files) == 0 {
		return false, fmt.Errorf("threads of process %d: %d found, %v", pid, len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return false, err
		}
		if _, after, found := bytes.Cut(text, []byte(") ")); !found || after[0] != 'T' {
			return false, nil
		}
	}
	return true, nil
}
