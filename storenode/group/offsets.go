package group

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"gantry/storenode/configfile"
)

// ErrOffsetsFull is wrapped by Offsets.Commit where a new topic@group would pass MaxPairs or a new queue id
// MaxQueues.
var ErrOffsetsFull = errors.New("consumer offset table is full")

// OffsetsConfig bounds the offset table.
type OffsetsConfig struct {
	FlushInterval time.Duration // flushConsumerOffsetInterval: how long a commit may be in memory only
	MaxPairs      int           // topic@group pairs
	MaxQueues     int           // queue ids of one pair
}

// DefaultOffsetsConfig has Java's interval.
func DefaultOffsetsConfig() OffsetsConfig {
	return OffsetsConfig{FlushInterval: 5 * time.Second, MaxPairs: 500_000, MaxQueues: 65536}
}

// Offsets holds how far each group has consumed each queue (ConsumerOffsetManager). Its methods may be called
// concurrently; commits of different groups do not wait for each other.
type Offsets struct {
	config OffsetsConfig
	saver  *configfile.Saver

	mu    sync.RWMutex          // guards pairs, not what they hold
	pairs map[string]*queueEnds // by topic@group
}

// queueEnds are the next offsets to consume of one topic by one group, by queue id.
type queueEnds struct {
	mu      sync.Mutex
	offsets map[int32]int64
}

// OpenOffsets reads the file, config/consumerOffset.json of the store, and begins to keep it. Error:
// *configfile.CorruptError, or that of the file system.
func OpenOffsets(fsys configfile.FS, path string, config OffsetsConfig, log *slog.Logger) (*Offsets, error) {
	o := &Offsets{config: config, pairs: map[string]*queueEnds{}}
	file := configfile.New(fsys, path)
	if _, err := file.Load(o.decode); err != nil {
		return nil, err
	}
	o.saver = configfile.StartSaver(file, o.encode, config.FlushInterval, log)
	return o, nil
}

// Commit sets the offset; a smaller one than before is a rewind and taken as well. Error: ErrOffsetsFull.
func (o *Offsets) Commit(topic, group []byte, queueID int32, offset int64) error {
	ends := o.find(topic, group)
	if ends == nil {
		var err error
		if ends, err = o.add(topic, group); err != nil {
			return err
		}
	}
	ends.mu.Lock()
	_, known := ends.offsets[queueID]
	full := !known && len(ends.offsets) >= o.config.MaxQueues
	if !full {
		ends.offsets[queueID] = offset
	}
	ends.mu.Unlock()
	if full {
		return fmt.Errorf("%w: %s@%s has %d queues", ErrOffsetsFull, topic, group, o.config.MaxQueues)
	}
	o.saver.Changed()
	return nil
}

// Query returns the offset, and whether the group ever committed one for that queue.
func (o *Offsets) Query(topic, group []byte, queueID int32) (offset int64, found bool) {
	ends := o.find(topic, group)
	if ends == nil {
		return 0, false
	}
	ends.mu.Lock()
	defer ends.mu.Unlock()
	offset, found = ends.offsets[queueID]
	return offset, found
}

// Flush returns when all commits so far are on the disk.
func (o *Offsets) Flush() error { return o.saver.Flush() }

// Close saves the table and ends its goroutine.
func (o *Offsets) Close() error { return o.saver.Close() }

func (o *Offsets) find(topic, group []byte) *queueEnds {
	var space [300]byte // a topic of 127 bytes, @, a group of up to 172, without allocation
	key := appendKey(space[:0], topic, group)
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.pairs[string(key)]
}

func (o *Offsets) add(topic, group []byte) (*queueEnds, error) {
	key := string(appendKey(nil, topic, group))
	o.mu.Lock()
	defer o.mu.Unlock()
	if ends := o.pairs[key]; ends != nil {
		return ends, nil
	}
	if len(o.pairs) >= o.config.MaxPairs {
		return nil, fmt.Errorf("%w: %d pairs, no place for %s", ErrOffsetsFull, o.config.MaxPairs, key)
	}
	ends := &queueEnds{offsets: map[int32]int64{}}
	o.pairs[key] = ends
	return ends, nil
}

func appendKey(dst, topic, group []byte) []byte {
	dst = append(dst, topic...)
	dst = append(dst, '@')
	return append(dst, group...)
}
