// Package consumequeue is the list of messages of each queue: for every ordinal where its record lies in the commit log,
// how long it is and its tag's hash, in the Java broker's bytes (FORMAT.md).
//
// It is made for tens of thousands of queues: an idle one has no goroutine, no open file and no mapping, only a small
// struct. New units gather in memory, per queue, under one bound for all, and are written in pieces; reads see file and
// memory as one. store fills it from the log and can do so again at any time, so nothing here is worth more than the
// log: a damaged queue is thrown away and rebuilt. It reads no records and knows no topics beyond their names.
package consumequeue

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"gantry/storenode/vfs"
)

// Config is what Queues are built from.
type Config struct {
	FS     vfs.FS
	Logger *slog.Logger
	Dir    string // <storePathRootDir>/consumequeue

	MappedFileSizeConsumeQueue int64 // bytes of a file; those that exist win
	MaxOpenFiles               int   // kept open between uses
	MaxBufferedBytes           int64 // of units not written yet, all queues together
	LoadWorkers                int   // goroutines that read the folders at start

	// BeforeRemove is told before any file goes: a table that was kept for Restore is out of date then.
	BeforeRemove func() error
	// OnDamage is told of units that were found lost while others were written: a *DamageError. It must not call back.
	OnDamage func(error)
}

// Queues is all queues of a store. Put, Reset and Delete are for one goroutine, the dispatcher; everything else may be
// called concurrently.
type Queues struct {
	cfg   Config
	cache *fileCache

	mu     sync.RWMutex // guards topics and the maps in it; taken before a queue's, never across input or output
	topics map[string]*ByID[*Queue]

	buffered atomic.Int64 // bytes in memory
	found    atomic.Int64 // bytes of the files there were at start; 0 for none

	writeMu  sync.Mutex // one writer of files at a time; taken first
	dirtyMu  sync.Mutex // guards the rest; taken last
	dirty    []*Queue   // with units in memory
	unsynced map[fileKey]bool
	newDirs  map[string]bool
	syncErr  error
}

// New returns no queues yet; Load finds those on disk.
func New(cfg Config) *Queues {
	return &Queues{
		cfg: cfg, cache: newFileCache(cfg.FS, cfg.MaxOpenFiles),
		topics:   map[string]*ByID[*Queue]{},
		unsynced: map[fileKey]bool{}, newDirs: map[string]bool{},
	}
}

// Find returns the queue, nil where nothing was ever put into it.
func (qs *Queues) Find(topic string, queueID int32) *Queue {
	qs.mu.RLock()
	defer qs.mu.RUnlock()
	return qs.topics[topic].Get(queueID)
}

// Lookup is Find for a name that is borrowed. It does not allocate.
func (qs *Queues) Lookup(topic []byte, queueID int32) *Queue {
	qs.mu.RLock()
	defer qs.mu.RUnlock()
	return qs.topics[string(topic)].Get(queueID)
}

// FindOrAdd returns the queue, making an empty one in memory where there is none. It allocates only then.
func (qs *Queues) FindOrAdd(topic []byte, queueID int32) *Queue {
	if q := qs.Lookup(topic, queueID); q != nil {
		return q
	}
	return qs.add(string(topic), queueID)
}

func (qs *Queues) add(topic string, queueID int32) *Queue {
	qs.mu.Lock()
	defer qs.mu.Unlock()
	byID := qs.topics[topic]
	if byID == nil {
		byID = &ByID[*Queue]{}
		qs.topics[topic] = byID
	}
	q := byID.Get(queueID)
	if q == nil {
		q = &Queue{owner: qs, topic: topic, id: queueID, fileBytes: qs.newFileBytes()}
		byID.Set(queueID, q)
	}
	return q
}

// newFileBytes is how large the files of a new queue are: as those there were at start, since a Java broker refuses a
// store with files of two sizes.
func (qs *Queues) newFileBytes() int64 {
	if found := qs.found.Load(); found > 0 {
		return found
	}
	return qs.cfg.MappedFileSizeConsumeQueue
}

// All returns the queues there are now, in no order.
func (qs *Queues) All() []*Queue {
	qs.mu.RLock()
	defer qs.mu.RUnlock()
	var all []*Queue
	for _, byID := range qs.topics {
		for q := range byID.All {
			all = append(all, q)
		}
	}
	return all
}

// OfTopic returns the topic's queues, in no order.
func (qs *Queues) OfTopic(topic string) []*Queue {
	qs.mu.RLock()
	defer qs.mu.RUnlock()
	return slices.Collect(qs.topics[topic].All)
}

// Delete removes the topic's queues, files and all. Readers under way end with what they have.
func (qs *Queues) Delete(topic string) error {
	qs.mu.Lock()
	byID := qs.topics[topic]
	delete(qs.topics, topic)
	qs.mu.Unlock()
	for q := range byID.All {
		if err := q.Reset(); err != nil {
			return err
		}
		if err := qs.removeDir(q.dir()); err != nil {
			return err
		}
	}
	return qs.removeDir(filepath.Join(qs.cfg.Dir, topic))
}

// DeleteAll removes every queue.
func (qs *Queues) DeleteAll() error {
	qs.mu.RLock()
	topics := make([]string, 0, len(qs.topics))
	for topic := range qs.topics {
		topics = append(topics, topic)
	}
	qs.mu.RUnlock()
	for _, topic := range topics {
		if err := qs.Delete(topic); err != nil {
			return err
		}
	}
	return nil
}

// BufferedBytes is how much of all queues is in memory only.
func (qs *Queues) BufferedBytes() int64 { return qs.buffered.Load() }

// OpenFiles is how many files are open now.
func (qs *Queues) OpenFiles() int { return qs.cache.len() }

// Close closes the files. What Write has not written is lost.
func (qs *Queues) Close() error { return qs.cache.close() }

func fileName(start int64) string { return fmt.Sprintf("%020d", start) }

// parseFileName reads a 20-digit file name; ok is false for any other.
func parseFileName(name string) (start int64, ok bool) {
	if len(name) != 20 {
		return 0, false
	}
	n, err := strconv.ParseInt(name, 10, 64)
	return n, err == nil && n >= 0
}
