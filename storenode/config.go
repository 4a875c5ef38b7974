package storenode

import (
	"context"
	"log/slog"
	"net"
	"net/netip"

	"gantry/membership"
	"gantry/remoting"
	"gantry/remoting/properties"
)

// Config is everything a storage node may be told. Fields with a property tag
// are keys of the configuration file, under RocketMQ's names; DefaultConfig
// gives the defaults of BrokerConfig and MessageStoreConfig (4.9.7).
type Config struct {
	BrokerClusterName string `property:"brokerClusterName"`
	BrokerName        string `property:"brokerName"`
	BrokerID          int64  `property:"brokerId"`
	BrokerRole        string `property:"brokerRole"` // ASYNC_MASTER, SYNC_MASTER or SLAVE
	BrokerIP1         string `property:"brokerIP1"`  // told to clients and written into records
	BrokerIP2         string `property:"brokerIP2"`  // told to slaves, default brokerIP1
	ListenPort        int    `property:"listenPort"`
	BindAddress       string `property:"bindAddress"`
	NamesrvAddr       string `property:"namesrvAddr"` // `;` between addresses
	StoreHostAddr     string `property:"storeHostAddr"`
	ShardSlot         int    `property:"shardSlot"` // membership.NoSlot: assigned
	ClusterKey        string `property:"clusterKey"`

	Settings // those that may change while the node runs
	TransactionKeys
	TimerKeys
	ReplicaKeys

	ClusterTopicEnable        bool   `property:"clusterTopicEnable"`
	BrokerTopicEnable         bool   `property:"brokerTopicEnable"`
	TraceTopicEnable          bool   `property:"traceTopicEnable"`
	MsgTraceTopicName         string `property:"msgTraceTopicName"`
	DefaultTopicQueueNums     int32  `property:"defaultTopicQueueNums"`
	RegionID                  string `property:"regionId"`
	StoreReplyMessageEnable   bool   `property:"storeReplyMessageEnable"`
	FlushOffsetIntervalMillis int64  `property:"flushConsumerOffsetInterval"`
	RegisterPeriodMillis      int64  `property:"registerNameServerPeriod"`
	RegisterTimeoutMillis     int64  `property:"registerBrokerTimeoutMills"`

	StorePathRootDir         string `property:"storePathRootDir,path"`
	StorePathCommitLog       string `property:"storePathCommitLog,path"` // default: commitlog below the root
	CommitLogFileBytes       int64  `property:"mappedFileSizeCommitLog"`
	ConsumeQueueFileBytes    int64  `property:"mappedFileSizeConsumeQueue"`
	FlushDiskType            string `property:"flushDiskType"` // ASYNC_FLUSH or SYNC_FLUSH
	FlushIntervalMillis      int64  `property:"flushIntervalCommitLog"`
	SyncFlushTimeoutMillis   int64  `property:"syncFlushTimeout"`
	MessageDelayLevel        string `property:"messageDelayLevel"`
	FlushDelayOffsetMillis   int64  `property:"flushDelayOffsetInterval"`
	MessageIndexEnable       bool   `property:"messageIndexEnable"`
	MaxHashSlotNum           int    `property:"maxHashSlotNum"`
	MaxIndexNum              int    `property:"maxIndexNum"`
	MaxMsgsNumBatch          int32  `property:"maxMsgsNumBatch"`
	ScrubBytesPerSecond      int64  `property:"scrubBytesPerSecond"` // ours: of the commit log, read in the background
	MaxTransferBytesInMemory int    `property:"maxTransferBytesOnMessageInMemory"`
	MaxTransferCountInMemory int    `property:"maxTransferCountOnMessageInMemory"`
	MaxTransferBytesInDisk   int    `property:"maxTransferBytesOnMessageInDisk"` // of what is read from the disk
	MaxTransferCountInDisk   int    `property:"maxTransferCountOnMessageInDisk"`

	FlushLogLeastPages       int   `property:"flushCommitLogLeastPages"` // of 4 KiB
	FlushLogThoroughMillis   int64 `property:"flushCommitLogThoroughInterval"`
	FlushQueueIntervalMillis int64 `property:"flushIntervalConsumeQueue"`
	FlushQueueLeastPages     int   `property:"flushConsumeQueueLeastPages"`
	FlushQueueThoroughMillis int64 `property:"flushConsumeQueueThoroughInterval"`

	CleanResourceMillis       int64 `property:"cleanResourceInterval"`
	DeleteCommitLogMillis     int64 `property:"deleteCommitLogFilesInterval"`
	DeleteConsumeQueueMillis  int64 `property:"deleteConsumeQueueFilesInterval"`
	RedeleteHangedFileMillis  int64 `property:"redeleteHangedFileInterval"`
	DestroyFileForciblyMillis int64 `property:"destroyMapedFileIntervalForcibly"`

	SlaveReadEnable               bool   `property:"slaveReadEnable"`               // consumers far behind are sent to slaves, others to their group's brokerId
	AccessMessageInMemoryMaxRatio int    `property:"accessMessageInMemoryMaxRatio"` // percent of the machine's memory; what lies further behind is far
	HAListenPort                  int    `property:"haListenPort"`                  // default listenPort+1
	HAMasterAddress               string `property:"haMasterAddress"`               // a slave's master, HOST:PORT of its haListenPort; default: what the name server says
	HASendHeartbeatMillis         int64  `property:"haSendHeartbeatInterval"`
	HAHousekeepingMillis          int64  `property:"haHousekeepingInterval"`
	HATransferBatchBytes          int64  `property:"haTransferBatchSize"`
	HASlaveFallbehindMax          int64  `property:"haSlaveFallbehindMax"` // bytes; a slave further behind is not waited for
	SlaveTimeoutMillis            int64  `property:"slaveTimeout"`
	OffsetCheckInSlave            bool   `property:"offsetCheckInSlave"`

	Release string // told by code 26 as gantryRelease, where set

	// SaveSettings keeps what code 25 has changed beyond the end of the process; nil: nothing does.
	SaveSettings func(changed []properties.Entry) error
	live         *live // set by Open

	Gateway     bool              // the node can be reached through a proxy
	Listener    net.Listener      // where it is served instead of ListenPort: proxy and node in one process, tests
	NamesrvDial remoting.DialFunc // how name servers are reached, default TCP
	PeerDial    remoting.DialFunc // how a slave reaches its master's listenPort and haListenPort, default TCP
	HAListener  net.Listener      // where slaves are served instead of haListenPort; without it a node with a Listener serves none
	// LookupIP finds the addresses (network "ip") of a proxy's advertiseAddr that is a name, default net.DefaultResolver.
	LookupIP func(ctx context.Context, network, host string) ([]netip.Addr, error)
	Log      *slog.Logger

	Connections  int             // bound of all connections, default remoting.DefaultConnections
	Limits       remoting.Limits // of each client's connection
	ConcurrentIO int             // pulls and queries that read files at once
	HeldPulls    int             // pulls that wait for messages, in all
	HeldPerQueue int             // and for one queue
	HeldLists    int             // consumer lists, and notices of groups, kept back after a start
	QueueLocks   int             // queues locked for ordered consumption
	Repeats      int             // requests that proxies sent again and that wait to be looked for
	RepeatBytes  int             // and their bytes
	ReadRates    int             // groups times the topics that they read whose messages per second are counted
	MaxTopics    int
	MaxGroups    int
}

// DefaultConfig is what RocketMQ 4.9.7 uses where nothing is said; the address
// and the names are the caller's to choose.
func DefaultConfig() Config {
	return Config{
		BrokerClusterName: "DefaultCluster", ListenPort: 10911, BindAddress: "0.0.0.0", ShardSlot: membership.NoSlot,
		BrokerRole: "ASYNC_MASTER", AccessMessageInMemoryMaxRatio: 40, HASendHeartbeatMillis: 5000, HAHousekeepingMillis: 20_000,
		HATransferBatchBytes: 32 << 10, HASlaveFallbehindMax: 256 << 20, SlaveTimeoutMillis: 3000,
		Settings: DefaultSettings(), TransactionKeys: DefaultTransactionKeys(), TimerKeys: DefaultTimerKeys(), ReplicaKeys: DefaultReplicaKeys(), ClusterTopicEnable: true, BrokerTopicEnable: true, MsgTraceTopicName: "RMQ_SYS_TRACE_TOPIC",
		DefaultTopicQueueNums: 8, SyncFlushTimeoutMillis: 5000, MaxMsgsNumBatch: 64, ScrubBytesPerSecond: 8 << 20,
		RegionID: "DefaultRegion", StoreReplyMessageEnable: true, FlushOffsetIntervalMillis: 5000, RegisterPeriodMillis: 30_000, RegisterTimeoutMillis: 6000,
		CommitLogFileBytes: 1 << 30, ConsumeQueueFileBytes: 6_000_000, FlushDiskType: "ASYNC_FLUSH", FlushIntervalMillis: 500,
		MessageDelayLevel:      "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h",
		FlushDelayOffsetMillis: 10_000, MessageIndexEnable: true, MaxHashSlotNum: 5_000_000, MaxIndexNum: 20_000_000,
		MaxTransferBytesInMemory: 256 << 10, MaxTransferCountInMemory: 32, MaxTransferBytesInDisk: 64 << 10, MaxTransferCountInDisk: 8,
		FlushLogLeastPages: 4, FlushLogThoroughMillis: 10_000,
		FlushQueueIntervalMillis: 1000, FlushQueueLeastPages: 2, FlushQueueThoroughMillis: 60_000,
		CleanResourceMillis: 10_000, DeleteCommitLogMillis: 100,
		DeleteConsumeQueueMillis: 100, RedeleteHangedFileMillis: 120_000, DestroyFileForciblyMillis: 120_000,
		ConcurrentIO: 64, HeldPulls: 200_000, HeldPerQueue: 10_000, QueueLocks: 1_000_000,
		HeldLists: 200_000, Repeats: 10_000, RepeatBytes: 64 << 20, ReadRates: 100_000,
		MaxTopics: 200_000, MaxGroups: 100_000, Gateway: true,
	}
}

// storeHost is the address written into records where no proxy states another.
func (c Config) storeHost() (netip.AddrPort, error) {
	if c.StoreHostAddr != "" {
		addr, err := netip.ParseAddrPort(c.StoreHostAddr)
		if err != nil {
			return addr, properties.Refuse("storeHostAddr", c.StoreHostAddr, "is not IP:PORT")
		}
		return addr, nil
	}
	ip, err := netip.ParseAddr(c.brokerIP())
	if err != nil {
		return netip.AddrPort{}, properties.Refuse("brokerIP1", c.BrokerIP1, "is no IP address to write into messages; write one, or storeHostAddr=IP:PORT beside it")
	}
	return netip.AddrPortFrom(ip, uint16(c.ListenPort)), nil
}
