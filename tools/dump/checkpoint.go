package dump

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"gantry/storenode/store"
)

// checkpointKnownBytes is how much of a checkpoint has a meaning to some broker; 5.x writes two offsets behind the times.
const checkpointKnownBytes = 40

var errCheckpointSize = errors.New("a checkpoint has 4096 bytes")

// checkpointFile prints the times and what a 5.x broker has added.
func checkpointFile(in *input, out io.Writer, _ options) error {
	b := make([]byte, min(in.size, store.CheckpointBytes))
	if err := in.read(b, 0); err != nil {
		return err
	}
	if in.size != store.CheckpointBytes {
		return in.damage(int64(len(b)), fmt.Errorf("%w, this %d", errCheckpointSize, in.size), "the file's end")
	}
	c, err := store.ParseCheckpoint(b)
	for i, field := range []struct {
		name   string
		millis int64
	}{
		{"physicMsgTimestamp", c.PhysicMsgTimestamp}, {"logicsMsgTimestamp", c.LogicsMsgTimestamp}, {"indexMsgTimestamp", c.IndexMsgTimestamp},
	} {
		if err != nil && field.millis < 0 {
			return in.damage(int64(8*i), err, "%s", field.name)
		}
		if _, err := fmt.Fprintf(out, "%s=%d %s\n", field.name, field.millis, clock(field.millis)); err != nil {
			return err
		}
	}
	for i, name := range []string{"masterFlushedOffset", "confirmPhyOffset"} {
		if offset := binary.BigEndian.Uint64(b[24+8*i:]); offset != 0 {
			if _, err := fmt.Fprintf(out, "%s=%d\n", name, int64(offset)); err != nil {
				return err
			}
		}
	}
	for at, c := range b[checkpointKnownBytes:] {
		if c != 0 {
			return in.damage(int64(checkpointKnownBytes+at), errBehindEnd, "behind the fields")
		}
	}
	return nil
}
