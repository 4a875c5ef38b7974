package store

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// CheckpointBytes is the size of the checkpoint file; we use the first of its bytes.
const (
	CheckpointBytes     = checkpointBytes
	usedCheckpointBytes = 24
)

// ErrCheckpoint says that a checkpoint is none.
var ErrCheckpoint = errors.New("checkpoint makes no sense")

// Checkpoint is what the file of that name says: storeTimestamps, ms, up to which a part of the store is on the disk.
type Checkpoint struct {
	PhysicMsgTimestamp int64 // the commit log
	LogicsMsgTimestamp int64 // the consume queues
	IndexMsgTimestamp  int64
}

// ParseCheckpoint reads a checkpoint file's first bytes, 24 at least. Error: ErrCheckpoint; what was read is returned then,
// too.
func ParseCheckpoint(b []byte) (Checkpoint, error) {
	if len(b) < usedCheckpointBytes {
		return Checkpoint{}, fmt.Errorf("%w: it has %d bytes", ErrCheckpoint, len(b))
	}
	be := binary.BigEndian
	c := Checkpoint{int64(be.Uint64(b)), int64(be.Uint64(b[8:])), int64(be.Uint64(b[16:]))}
	if c.PhysicMsgTimestamp < 0 || c.LogicsMsgTimestamp < 0 || c.IndexMsgTimestamp < 0 {
		return c, fmt.Errorf("%w: a time in it is negative", ErrCheckpoint)
	}
	return c, nil
}
