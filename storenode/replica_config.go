package storenode

import (
	"time"

	"gantry/remoting"
	"gantry/storenode/replica"
)

// ReplicaKeys bound what a copy takes of memory, connections and time for the
// others of its shard.
type ReplicaKeys struct {
	HAMaxSlaves       int   `property:"haMaxSlaves"`       // connections of slaves at a time
	HAMaxWaiting      int   `property:"haMaxWaiting"`      // sends that wait for a slave
	HAMaxWaitingBytes int64 `property:"haMaxWaitingBytes"` // and their records' bytes
	HADrainMillis     int64 `property:"haDrainMillis"`     // that a master which stops gives its slaves
	HAReadBytes       int   `property:"haReadBytes"`       // of the log at a time, for each slave
	HAColdBytes       int64 `property:"haColdBytes"`       // what lies further behind the log's end is not kept in memory for a slave

	HAReadAheadBytes     int   `property:"haReadAheadBytes"`     // that a slave has read and not appended
	HAMaxRecordBytes     int64 `property:"haMaxRecordBytes"`     // a larger one is taken for damage
	HAStoppedRetryMillis int64 `property:"haStoppedRetryMillis"` // between two attempts of a slave whose log is not its master's

	KeptSlaves  int           // connections that have ended and are told of still
	SlaveRetry  time.Duration // between two attempts to connect
	AskMasterIn time.Duration // what a slave gives its master to answer
}

// DefaultReplicaKeys is where nothing is said.
func DefaultReplicaKeys() ReplicaKeys {
	m, s := replica.DefaultMasterConfig(), replica.DefaultSlaveConfig()
	return ReplicaKeys{HAMaxSlaves: m.MaxSlaves, HAMaxWaiting: m.MaxWaiting, HAMaxWaitingBytes: m.MaxWaitingBytes,
		HADrainMillis: m.CloseDelay.Milliseconds(), HAReadBytes: m.ReadBytes, HAColdBytes: m.ColdBytes,
		HAReadAheadBytes: s.ReadBytes, HAMaxRecordBytes: s.MaxRecordBytes, HAStoppedRetryMillis: s.StoppedRetryInterval.Milliseconds(),
		KeptSlaves: m.KeptSlaves, SlaveRetry: s.RetryInterval, AskMasterIn: s.AskTimeout}
}

func (n *Node) masterConfig() replica.MasterConfig {
	c, k := replica.DefaultMasterConfig(), n.config.ReplicaKeys
	c.Log, c.Logger, c.Listener = n.store.Log(), n.log, n.config.haListener()
	c.HASendHeartbeatInterval, c.HAHousekeepingInterval = millis(n.config.HASendHeartbeatMillis), millis(n.config.HAHousekeepingMillis)
	c.HATransferBatchSize, c.HASlaveFallbehindMax = int(n.config.HATransferBatchBytes), n.config.HASlaveFallbehindMax
	c.MaxSlaves, c.KeptSlaves, c.MaxWaiting, c.MaxWaitingBytes = k.HAMaxSlaves, k.KeptSlaves, k.HAMaxWaiting, k.HAMaxWaitingBytes
	c.CloseDelay, c.ReadBytes, c.ColdBytes = millis(k.HADrainMillis), k.HAReadBytes, k.HAColdBytes
	return c
}

func (n *Node) slaveConfig() replica.SlaveConfig {
	c, k, dial := replica.DefaultSlaveConfig(), n.config.ReplicaKeys, n.config.PeerDial
	if dial == nil {
		dial = remoting.DialTCP
	}
	c.Store, c.Logger, c.Dial, c.Bounds = n.store, n.log, dial, replica.AskBounds(dial, remoting.Limits{})
	c.HASendHeartbeatInterval, c.HAHousekeepingInterval = millis(n.config.HASendHeartbeatMillis), millis(n.config.HAHousekeepingMillis)
	c.RetryInterval, c.StoppedRetryInterval, c.AskTimeout = k.SlaveRetry, millis(k.HAStoppedRetryMillis), k.AskMasterIn
	c.ReadBytes, c.MaxRecordBytes = k.HAReadAheadBytes, k.HAMaxRecordBytes
	return c
}
