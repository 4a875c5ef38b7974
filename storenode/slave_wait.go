package storenode

import (
	"fmt"
	"time"

	"gantry/remoting/protocol"
	"gantry/storenode/commitlog"
	"gantry/storenode/replica"
)

// Under SYNC_MASTER the answer to a send waits for a slave
// (CommitLog.submitReplicaRequest 4.9.7). Different: never longer than 2.4 s,
// whatever slaveTimeout says.

// slaveWaits is what sends do under SYNC_MASTER.
type slaveWaits struct {
	sync   bool            // SYNC_MASTER; else nobody waits
	master *replica.Master // nil where no slave can connect
	bound  time.Duration   // that a send waits
}

// slaveWaits is for handlers.
func (n *Node) slaveWaits() slaveWaits {
	return slaveWaits{sync: n.config.Role() == SyncMaster, master: n.replicas.master.Load(),
		bound: time.Duration(min(n.config.SlaveTimeoutMillis, maxSyncFlushMillis)) * time.Millisecond}
}

// admit refuses what would have to wait where too many do.
func (s slaveWaits) admit() error {
	if s.sync && s.master != nil && s.master.Full() {
		return fmt.Errorf("%w: as many requests wait for a slave as may", commitlog.ErrBusy)
	}
	return nil
}

// begin has w told when a slave has the request's records; false where nobody
// waits for that. Records that were written at a time are waited for until 2.4 s
// later at most, or slaveTimeout from now.
func (s slaveWaits) begin(r *commitlog.Request, written time.Time, w *replica.Wait) bool {
	if !s.sync || !r.Wait {
		return false
	}
	if s.master == nil {
		w.Done(replica.NoSlave)
		return true
	}
	w.End, w.Bytes = r.Offset+commitlog.Offset(len(r.Records)), len(r.Records)
	w.Due = time.Now().Add(s.bound)
	if latest := written.Add(maxSyncFlushMillis * time.Millisecond); !written.IsZero() && latest.Before(w.Due) {
		w.Due = latest
	}
	s.master.Wait(w)
	return true
}

// slaveCodes are the answers to who has waited.
var slaveCodes = map[replica.Outcome]int32{
	replica.Copied: protocol.Success, replica.NoSlave: protocol.SlaveNotAvailable, replica.SlaveTooSlow: protocol.FlushSlaveTimeout,
}
