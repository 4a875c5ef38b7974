// Package topic is the node's table of topics (TopicConfigManager): which exist, with how many queues and which
// permissions, how they come into being, and which names may be used at all. The table lives in config/topics.json.
//
// Reads are for every send and pull: they take a borrowed name and allocate nothing. The package knows no messages,
// no queues' contents and no name servers; who must hear of a change sets Config.OnChange.
package topic

import (
	"log/slog"
	"sync/atomic"

	"gantry/storenode/configfile"
)

// Perm is what may be done with a topic's queues (PermName).
type Perm int32

const (
	PermInherit   Perm = 1 // new topics may be made in the image of this one
	PermWrite     Perm = 2
	PermRead      Perm = 4
	PermReadWrite      = PermRead | PermWrite
)

// Readable says whether messages may be pulled.
func (p Perm) Readable() bool { return p&PermRead != 0 }

// Writeable says whether messages may be sent.
func (p Perm) Writeable() bool { return p&PermWrite != 0 }

// Topic is one row (TopicConfig). It is never changed in place.
type Topic struct {
	Name           string `json:"topicName"`
	Order          bool   `json:"order"`
	Perm           Perm   `json:"perm"`
	ReadQueueNums  int32  `json:"readQueueNums"`
	WriteQueueNums int32  `json:"writeQueueNums"`
	FilterType     string `json:"topicFilterType"` // SINGLE_TAG or MULTI_TAG
	SysFlag        int32  `json:"topicSysFlag"`    // 1 unit, 2 has unit subscription
}

// New returns a topic with Java's defaults: 16 queues, readable and writeable.
func New(name string) Topic {
	return Topic{Name: name, Perm: PermReadWrite, ReadQueueNums: 16, WriteQueueNums: 16, FilterType: "SINGLE_TAG"}
}

// withQueues is a topic of n queues.
func withQueues(name string, n int32, perm Perm) Topic {
	t := New(name)
	t.ReadQueueNums, t.WriteQueueNums, t.Perm = n, n, perm
	return t
}

// Config is what the table must know of its node; the fields with RocketMQ's names are its keys.
type Config struct {
	ClusterName           string // brokerClusterName
	BrokerName            string
	AutoCreateTopicEnable bool
	DefaultTopicQueueNums int32
	ClusterTopicEnable    bool
	BrokerTopicEnable     bool
	TraceTopicEnable      bool
	MsgTraceTopicName     string
	MaxTopics             int // rows the table may have

	// OnChange is called after a topic came or changed, by who made the change, without locks. May be nil.
	OnChange func(*Topic)
}

// DefaultConfig has Java's defaults for a node of that name.
func DefaultConfig(clusterName, brokerName string) Config {
	return Config{
		ClusterName: clusterName, BrokerName: brokerName,
		AutoCreateTopicEnable: true, DefaultTopicQueueNums: 8,
		ClusterTopicEnable: true, BrokerTopicEnable: true,
		MsgTraceTopicName: TraceTopic, MaxTopics: 200_000,
	}
}

// Table holds the node's topics. Its methods may be called concurrently.
type Table struct {
	config Config
	system map[string]bool
	rows   *configfile.Table[Topic]

	autoCreate atomic.Bool // autoCreateTopicEnable
}

// Open reads the file, config/topics.json of the store, and begins to keep it. Error: *configfile.CorruptError, or
// that of the file system.
func Open(fsys configfile.FS, path string, config Config, log *slog.Logger) (*Table, error) {
	builtIn, system := builtIns(config)
	rows, err := configfile.OpenTable(configfile.TableConfig[Topic]{
		File: configfile.New(fsys, path), Key: "topicConfigTable",
		NewRow:  func(name string) *Topic { t := New(name); return &t },
		BuiltIn: builtIn, MaxRows: config.MaxTopics, OnChange: config.OnChange, Log: log,
	})
	if err != nil {
		return nil, err
	}
	t := &Table{config: config, system: system, rows: rows}
	t.autoCreate.Store(config.AutoCreateTopicEnable)
	return t, nil
}

// SetAutoCreate changes autoCreateTopicEnable. Error: configfile.ErrTableFull, where the topic that sends name for it
// finds no place.
func (t *Table) SetAutoCreate(enabled bool) error {
	t.autoCreate.Store(enabled)
	if !enabled {
		return nil
	}
	image := withQueues(DefaultTopic, t.config.DefaultTopicQueueNums, PermReadWrite|PermInherit)
	_, err := t.rows.PutIfAbsent(DefaultTopic, &image)
	return err
}

// Touch gives the table another version, as what is told of its rows has changed.
func (t *Table) Touch() { t.rows.Touch() }

// Get returns the topic of that name, or nil. It allocates nothing; the topic may be kept.
func (t *Table) Get(name []byte) *Topic { return t.rows.Get(name) }

// Update sets a topic as code 17 wants it; Validate and IsSystem come before. Error: configfile.ErrTableFull.
func (t *Table) Update(topic Topic) error { return t.rows.Put(topic.Name, &topic) }

// Snapshot returns all topics by name with their version, for registration with name servers.
func (t *Table) Snapshot() (configfile.Version, map[string]*Topic) { return t.rows.Snapshot() }

// JSON is the body of code 21: {"dataVersion":…,"topicConfigTable":…}.
func (t *Table) JSON() []byte { return t.rows.JSON() }

// Version is that of all topics now.
func (t *Table) Version() configfile.Version { return t.rows.Version() }

// Replace makes the topics those of another copy's JSON. Error: configfile.ErrTableFull, and what is wrong with the text.
func (t *Table) Replace(text []byte) error { return t.rows.Replace(text) }

// Flush returns when all changes so far are on the disk. Without it they are soon after.
func (t *Table) Flush() error { return t.rows.Flush() }

// Close saves the table and ends its goroutine.
func (t *Table) Close() error { return t.rows.Close() }
