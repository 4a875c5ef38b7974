package storenode

import (
	"encoding/json"
	"maps"
	"sync"

	"gantry/storenode/commitlog"
	"gantry/storenode/configfile"
	"gantry/storenode/consumequeue"
	"gantry/storenode/store"
)

// deletedTopics are the topics that were deleted by hand while records of them are
// in the log, gantry/deleted.json (FORMAT.md). The log is what queues are made
// from after a stop: without the note those records would make a topic again.
type deletedTopics struct {
	file *configfile.File

	mu sync.Mutex                  // guards at; held while it is written
	at map[string]commitlog.Offset // where the log ended when a topic was deleted
}

// openDeletedTopics reads the note, and forgets what has gone from the log since.
func openDeletedTopics(fsys configfile.FS, path string, logMin commitlog.Offset) (*deletedTopics, error) {
	d := &deletedTopics{file: configfile.New(fsys, path), at: map[string]commitlog.Offset{}}
	_, err := d.file.Load(func(text []byte) error { return json.Unmarshal(text, &d.at) })
	maps.DeleteFunc(d.at, func(_ string, at commitlog.Offset) bool { return at <= logMin })
	return d, err
}

// add takes note of a deletion, durably.
func (d *deletedTopics) add(topic string, logEnd commitlog.Offset) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at[topic] = logEnd
	text, err := json.Marshal(d.at)
	if err != nil {
		return err
	}
	return d.file.Save(text)
}

// before reports whether a message was stored before its topic was deleted.
func (d *deletedTopics) before(topic string, offset commitlog.Offset) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return offset < d.at[topic]
}

// remains reports whether a queue holds nothing but what a deletion has left.
func (d *deletedTopics) remains(s *store.Store, q store.QueueInfo) bool {
	var last [1]consumequeue.Unit
	n, err := s.Units(q.Topic, q.QueueID, q.MaxOffset-1, last[:])
	return err == nil && n == 1 && d.before(q.Topic, last[0].Physical)
}
