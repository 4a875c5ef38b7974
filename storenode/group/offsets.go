package group

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
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

	// AsOf is when what the file says was true: when a master last wrote it.
	AsOf time.Time
	// Slave says that the table follows a master's. What clients commit here meanwhile, and the master does not have, lies
	// in the file Own as well (FORMAT.md).
	Slave bool
	Own   string
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
	own    *configfile.Saver // nil for a master
	heard  atomic.Int64      // a slave's: ms since 1970, of the last question that its master answered whole
	seq    atomic.Int64      // changes so far
	kept   ownFile           // while the table is opened

	someOwn atomic.Bool // some end may be own

	mu    sync.RWMutex          // guards pairs and all, not what they hold
	pairs map[string]*queueEnds // by topic@group
	all   []*queueEnds          // the same, in the order they came
}

// queueEnds are the next offsets to consume of one topic by one group, by queue id.
type queueEnds struct {
	key string // topic@group

	mu   sync.Mutex // guards ends
	ends map[int32]end
	// last is the highest seq in ends, and above all while one is about to come: who has seen a seq counted sees one of the two.
	last atomic.Int64
}

// set makes an end one more change; mu is held.
func (o *Offsets) set(q *queueEnds, queueID int32, e end) {
	q.last.Store(math.MaxInt64)
	e.seq = o.seq.Add(1)
	q.ends[queueID] = e
	q.last.Store(e.seq)
	if e.own {
		o.someOwn.Store(true)
	}
}

// end is how far one queue is consumed, and what another copy's word on it is weighed with.
type end struct {
	offset   int64
	seq      int64 // of the change that set it
	atMillis int64 // when it was true: since 1970, by this machine's clock
	own      bool  // a client committed it to this slave, and the master has not taken it
}

// OpenOffsets reads the file, config/consumerOffset.json of the store, and begins to keep it. Error:
// *configfile.CorruptError, or that of the file system.
func OpenOffsets(fsys configfile.FS, path string, config OffsetsConfig, log *slog.Logger) (*Offsets, error) {
	o := &Offsets{config: config, pairs: map[string]*queueEnds{}}
	if err := o.openOwn(fsys, log); err != nil {
		return nil, err
	}
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
	if !ends.commit(o, queueID, offset) {
		return fmt.Errorf("%w: %s@%s has %d queues", ErrOffsetsFull, topic, group, o.config.MaxQueues)
	}
	o.saver.Changed()
	if o.own != nil {
		o.own.Changed()
	}
	return nil
}

// commit is false where no more queues have room. An offset that is repeated, as Java clients do each 5 s, is true once more
// and no news to other copies.
func (q *queueEnds) commit(o *Offsets, queueID int32, offset int64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	e, known := q.ends[queueID]
	switch {
	case !known && len(q.ends) >= o.config.MaxQueues:
		return false
	case known && e.offset == offset:
		e.atMillis = time.Now().UnixMilli()
		q.ends[queueID] = e
	default:
		o.set(q, queueID, end{offset: offset, atMillis: time.Now().UnixMilli(), own: o.own != nil})
	}
	return true
}

// Query returns the offset, and whether the group ever committed one for that queue.
func (o *Offsets) Query(topic, group []byte, queueID int32) (offset int64, found bool) {
	ends := o.find(topic, group)
	if ends == nil {
		return 0, false
	}
	ends.mu.Lock()
	defer ends.mu.Unlock()
	e, found := ends.ends[queueID]
	return e.offset, found
}

// JSON is the body of code 43, as consumerOffset.json has it.
func (o *Offsets) JSON() []byte { return o.encode() }

// Flush returns when all commits so far are on the disk.
func (o *Offsets) Flush() error { return o.saver.Flush() }

// Close saves the table and ends its goroutine.
func (o *Offsets) Close() error {
	err := o.saver.Close()
	if o.own != nil {
		err = errors.Join(err, o.own.Close())
	}
	return err
}

func (o *Offsets) find(topic, group []byte) *queueEnds {
	var space [300]byte // a topic of 127 bytes, @, a group of up to 172, without allocation
	key := appendKey(space[:0], topic, group)
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.pairs[string(key)]
}

func (o *Offsets) add(topic, group []byte) (*queueEnds, error) {
	return o.addKey(string(appendKey(nil, topic, group)))
}

func (o *Offsets) addKey(key string) (*queueEnds, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if ends := o.pairs[key]; ends != nil {
		return ends, nil
	}
	if len(o.pairs) >= o.config.MaxPairs {
		return nil, fmt.Errorf("%w: %d pairs, no place for %s", ErrOffsetsFull, o.config.MaxPairs, key)
	}
	return o.put(key), nil
}

// put makes a pair; mu is held, or the table not open yet.
func (o *Offsets) put(key string) *queueEnds {
	ends := &queueEnds{key: key, ends: map[int32]end{}}
	o.pairs[key] = ends
	o.all = append(o.all, ends)
	return ends
}

func appendKey(dst, topic, group []byte) []byte {
	dst = append(dst, topic...)
	dst = append(dst, '@')
	return append(dst, group...)
}
