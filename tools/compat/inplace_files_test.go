package compat

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"gantry/remoting/message"
)

// storeFiles are the files of one kind of a store, in their order, by a pattern below its folder.
func storeFiles(t *testing.T, store, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(store, pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no %s in the store, %v", pattern, err)
	}
	return files
}

// loggedRecords are all records of the commit log as its files have them: those of every topic, the broker's own as well.
func loggedRecords(t *testing.T, store string) (all []message.Record) {
	t.Helper()
	for _, file := range storeFiles(t, store, "commitlog/*") {
		rest, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for len(rest) >= 8 && binary.BigEndian.Uint32(rest[4:]) == message.MagicRecord {
			r, err := message.ParseRecord(rest)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			all, rest = append(all, r), rest[len(r):]
		}
	}
	return all
}

// checkSizes says that every file has the length that the real broker was told, whoever made it, that there are several of each
// kind, and that what is not written yet takes no space.
func checkSizes(t *testing.T, store string) {
	t.Helper()
	for pattern, want := range map[string]int64{
		"commitlog/*": logFileBytes, "consumequeue/*/*/*": queueFileBytes, "index/*": 40 + 4*indexSlots + 20*indexItems,
	} {
		files := storeFiles(t, store, pattern)
		if len(files) < 2 {
			t.Errorf("%d of %s in the store, want several", len(files), pattern)
		}
		for _, file := range files {
			if info, err := os.Stat(file); err != nil || info.Size() != want {
				t.Errorf("%s has %d bytes, want %d; %v", file, info.Size(), want, err)
			}
		}
	}
	logs := storeFiles(t, store, "commitlog/*")
	if last := logs[len(logs)-1]; takenBytes(t, last) >= logFileBytes {
		t.Errorf("%s is not sparse", last)
	}
	for _, queue := range storeFiles(t, store, "consumequeue/*_many_*/0") {
		if n := len(storeFiles(t, queue, "*")); n < 3 {
			t.Errorf("%s has %d files, want several", queue, n)
		}
	}
}

// takenBytes is what the file takes of the disk.
func takenBytes(t *testing.T, file string) int64 {
	t.Helper()
	const blockBytes = 512 // of st_blocks, whatever the file system's
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Blocks * blockBytes
}

// dump has every file of the store printed: it is whole.
func (m *move) dump(binary string) {
	m.Helper()
	for _, dumped := range []struct {
		pattern string
		args    []string
	}{
		{"commitlog/*", []string{"commitlog"}},
		{"consumequeue/*/*/*", []string{"consumequeue"}},
		{"index/*", []string{"index", "--slots", strconv.Itoa(indexSlots)}},
		{"checkpoint", []string{"checkpoint"}},
	} {
		for _, file := range storeFiles(m.T, m.store, dumped.pattern) {
			cmd := exec.Command(binary, slices.Concat([]string{"dump"}, dumped.args, []string{file})...)
			if out, err := cmd.CombinedOutput(); err != nil {
				m.Errorf("%v: %v\n%s", cmd, err, out[max(0, len(out)-600):])
			}
		}
	}
}
