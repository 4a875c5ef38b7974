package dump

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/consumequeue"
	"gantry/storenode/index"
	"gantry/storenode/store"
)

// kind is what a file is; the word is that of the command.
type kind string

const (
	unknown      kind = ""
	commitLog    kind = "commitlog"
	consumeQueue kind = "consumequeue"
	indexKind    kind = "index"
	checkpoint   kind = "checkpoint"
	sumsKind     kind = "sums"
	text         kind = "JSON text"
)

// KindError says that a file is of another kind than was asked for.
type KindError struct {
	File         string
	Asked, Found kind
}

func (e *KindError) Error() string {
	return fmt.Sprintf("%s is no %s file, but looks like this kind: %s", e.File, e.Asked, e.Found)
}

// identify says what the file surely is by its first bytes, and unknown where they leave doubt, as zeros or damage do.
func identify(in *input) (kind, error) {
	head := make([]byte, min(in.size, store.CheckpointBytes))
	if err := in.read(head, 0); err != nil {
		return unknown, err
	}
	for _, candidate := range []struct {
		kind  kind
		looks func(head []byte, size int64) bool
	}{
		{sumsKind, looksLikeSums}, {commitLog, looksLikeCommitLog}, {text, looksLikeText}, {checkpoint, looksLikeCheckpoint}, {indexKind, looksLikeIndex},
		{consumeQueue, looksLikeConsumeQueue},
	} {
		if !isZero(head) && candidate.looks(head, in.size) {
			return candidate.kind, nil
		}
	}
	return unknown, nil
}

func looksLikeCommitLog(head []byte, _ int64) bool {
	if len(head) < 8 {
		return false
	}
	magic := binary.BigEndian.Uint32(head[4:])
	return magic == message.MagicRecord || magic == message.MagicBlank
}

func looksLikeSums(head []byte, _ int64) bool {
	_, err := commitlog.ParseSums(head)
	return err == nil
}

func looksLikeText(head []byte, _ int64) bool { return head[0] == '{' }

func looksLikeCheckpoint(head []byte, size int64) bool {
	if size != store.CheckpointBytes || !isZero(head[checkpointKnownBytes:]) {
		return false
	}
	c, err := store.ParseCheckpoint(head)
	return err == nil && mayBeTime(c.PhysicMsgTimestamp) && mayBeTime(c.LogicsMsgTimestamp) && mayBeTime(c.IndexMsgTimestamp)
}

func looksLikeIndex(head []byte, size int64) bool {
	if size < index.HeaderBytes+index.ItemBytes {
		return false
	}
	h, err := index.ParseHeader(head, int32(min(size/index.ItemBytes, 1<<31-1)))
	return err == nil && h.Count > 1 && mayBeTime(h.BeginTimestamp) && mayBeTime(h.EndTimestamp) && h.BeginTimestamp <= h.EndTimestamp
}

// looksLikeConsumeQueue asks for two units that fit together, or one and zeros: the record sizes of both may be random bytes.
func looksLikeConsumeQueue(head []byte, size int64) bool {
	const mostRecordBytes = 256 << 20
	if size%consumequeue.UnitBytes != 0 || size < consumequeue.UnitBytes {
		return false
	}
	first := consumequeue.DecodeUnit(head)
	if first.Check(consumequeue.Unit{}) != nil || !first.Blank() && first.Size > mostRecordBytes {
		return false
	}
	if len(head) < 2*consumequeue.UnitBytes || isZero(head[consumequeue.UnitBytes:2*consumequeue.UnitBytes]) {
		return true
	}
	second := consumequeue.DecodeUnit(head[consumequeue.UnitBytes:])
	return second.Check(first) == nil && (second.Blank() || second.Size <= mostRecordBytes)
}

// mayBeTime says that a timestamp in ms is none, or one of our time.
func mayBeTime(millis int64) bool {
	const earliest, latest = 946684800000, 7258118400000 // the years 2000 and 2200
	return millis == 0 || millis >= earliest && millis < latest
}

// start is the offset that a 20-digit file name says; ok is false for any other name.
func (in *input) start() (offset int64, ok bool) {
	name := filepath.Base(in.name)
	if len(name) != 20 {
		return 0, false
	}
	offset, err := strconv.ParseInt(name, 10, 64)
	return offset, err == nil && offset >= 0
}

// clock prints a time in ms.
func clock(millis int64) string {
	return time.UnixMilli(millis).UTC().Format("2006-01-02T15:04:05.000Z")
}
