package store

import (
	"errors"
	"io"
	"path/filepath"
	"sync"
	"testing"

	"gantry/storenode/vfs"
)

// BenchmarkColdRead reads a backlog of 1 GiB in 1 KiB messages, interleaved over 8 queues as a producer leaves them, when
// nothing of it is in memory: its queues in turn, 32 messages at a time, against the bare files in their order.
func BenchmarkColdRead(b *testing.B) {
	cfg := DefaultConfig(b.TempDir())
	cfg.MappedFileSizeCommitLog = 256 << 20
	s := open(b, cfg, vfs.OS{})
	var callers sync.WaitGroup
	for id := range 8 {
		callers.Go(func() {
			c := newCaller(b, s, id, 4)
			for int64(s.End()) < 1<<30 {
				c.send(id)
			}
		})
	}
	callers.Wait()
	poll(b, func() bool { return s.dispatcher.position() == s.End() && len(s.log.Unsealed()) == 0 })
	if err := errors.Join(s.log.Sync(), s.queues.Write(0), s.queues.Sync()); err != nil {
		b.Fatal(err)
	}
	b.Run("queues in turn", func(b *testing.B) {
		b.SetBytes(int64(s.End()))
		for b.Loop() {
			b.StopTimer()
			dropCaches(b, cfg)
			b.StartTimer()
			readQueues(b, s)
		}
	})
	b.Run("files in order", func(b *testing.B) {
		b.SetBytes(int64(s.End()))
		for b.Loop() {
			b.StopTimer()
			dropCaches(b, cfg)
			b.StartTimer()
			eachLogFile(b, cfg, func(f vfs.File, bytes int64) {
				if _, err := io.Copy(io.Discard, io.NewSectionReader(f, 0, bytes)); err != nil {
					b.Fatal(err)
				}
			})
		}
	})
	shut(b, s)
}

func dropCaches(b *testing.B, cfg Config) {
	b.Helper()
	eachLogFile(b, cfg, func(f vfs.File, bytes int64) {
		if err := f.DropCache(0, bytes); err != nil {
			b.Fatal(err)
		}
	})
}

func eachLogFile(b *testing.B, cfg Config, do func(f vfs.File, bytes int64)) {
	b.Helper()
	entries, err := vfs.OS{}.List(cfg.commitLogDir())
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range entries {
		f, err := vfs.OS{}.Open(filepath.Join(cfg.commitLogDir(), e.Name))
		if err != nil {
			b.Fatal(err)
		}
		do(f, cfg.MappedFileSizeCommitLog)
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func readQueues(b *testing.B, s *Store) {
	b.Helper()
	next := make([]int64, 8)
	for left := true; left; {
		left = false
		for id := range next {
			if next[id] >= s.MaxOffset(topicOf(0), int32(id)) {
				continue
			}
			r, err := s.Get(Query{Topic: topicOf(0), QueueID: int32(id), Offset: next[id], MaxNum: 32})
			if err != nil || r.Count == 0 {
				b.Fatal(id, next[id], r, err)
			}
			next[id], left = r.NextBeginOffset, true
			r.Release()
		}
	}
}
