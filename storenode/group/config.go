// Package group is what a node keeps of consumer and producer groups, in four tables that stand beside each other:
// Configs (subscriptionGroup.json), Offsets (consumerOffset.json), Members (who is online, what they subscribed to)
// and Locks (who may consume a queue in order).
//
// It knows clients only as a Channel to compare and to name; it sends nothing and reads no messages. Who must hear
// of a change sets a function value. Formats of our own files are in FORMAT.md.
package group

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"

	"gantry/storenode/configfile"
)

// ErrGroupNotExist is wrapped by Configs.Find where a group is unknown and groups are not made by use. Clients get
// SUBSCRIPTION_GROUP_NOT_EXIST.
var ErrGroupNotExist = errors.New("subscription group does not exist")

// systemPrefix begins groups that are made by use in any case (MixAll.isSysConsumerGroup).
const systemPrefix = "CID_RMQ_SYS_"

// builtInGroups exist before any file is read (SubscriptionGroupManager).
var builtInGroups = [...]string{
	"TOOLS_CONSUMER", "FILTERSRV_CONSUMER", "SELF_TEST_C_GROUP", "CID_ONS-HTTP-PROXY",
	"CID_ONSAPI_PULL", "CID_ONSAPI_PERMISSION", "CID_ONSAPI_OWNER",
}

// Config is one row (SubscriptionGroupConfig). It is never changed in place.
type Config struct {
	BrokerID                       int64  `json:"brokerId"` // where to pull from while not behind
	ConsumeBroadcastEnable         bool   `json:"consumeBroadcastEnable"`
	ConsumeEnable                  bool   `json:"consumeEnable"`
	ConsumeFromMinEnable           bool   `json:"consumeFromMinEnable"`
	Name                           string `json:"groupName"`
	NotifyConsumerIDsChangedEnable bool   `json:"notifyConsumerIdsChangedEnable"`
	RetryMaxTimes                  int32  `json:"retryMaxTimes"`
	RetryQueueNums                 int32  `json:"retryQueueNums"`
	WhichBrokerWhenConsumeSlowly   int64  `json:"whichBrokerWhenConsumeSlowly"`
}

// NewConfig returns Java's defaults.
func NewConfig(name string) Config {
	return Config{
		Name: name, ConsumeEnable: true, ConsumeFromMinEnable: true, ConsumeBroadcastEnable: true,
		RetryQueueNums: 1, RetryMaxTimes: 16, WhichBrokerWhenConsumeSlowly: 1,
		NotifyConsumerIDsChangedEnable: true,
	}
}

// ConfigsConfig is what the table of groups must know of its node.
type ConfigsConfig struct {
	AutoCreateSubscriptionGroup bool
	MaxGroups                   int // rows the table may have

	// OnChange is called after a group came or changed, by who made the change, without locks. May be nil.
	OnChange func(*Config)
}

// DefaultConfigsConfig has Java's defaults.
func DefaultConfigsConfig() ConfigsConfig {
	return ConfigsConfig{AutoCreateSubscriptionGroup: true, MaxGroups: 100_000}
}

// Configs holds the groups' configurations. Its methods may be called concurrently.
type Configs struct {
	autoCreate atomic.Bool // autoCreateSubscriptionGroup
	rows       *configfile.Table[Config]
}

// OpenConfigs reads the file, config/subscriptionGroup.json of the store, and begins to keep it. Error:
// *configfile.CorruptError, or that of the file system.
func OpenConfigs(fsys configfile.FS, path string, config ConfigsConfig, log *slog.Logger) (*Configs, error) {
	newRow := func(name string) *Config { c := NewConfig(name); return &c }
	builtIn := map[string]*Config{}
	for _, name := range builtInGroups {
		builtIn[name] = newRow(name)
	}
	rows, err := configfile.OpenTable(configfile.TableConfig[Config]{
		File: configfile.New(fsys, path), Key: "subscriptionGroupTable", NewRow: newRow,
		BuiltIn: builtIn, MaxRows: config.MaxGroups, OnChange: config.OnChange, Log: log,
	})
	if err != nil {
		return nil, err
	}
	c := &Configs{rows: rows}
	c.SetAutoCreate(config.AutoCreateSubscriptionGroup)
	return c, nil
}

// SetAutoCreate changes autoCreateSubscriptionGroup.
func (c *Configs) SetAutoCreate(enabled bool) { c.autoCreate.Store(enabled) }

// Get returns the group's configuration, or nil. It allocates nothing; the configuration may be kept.
func (c *Configs) Get(group []byte) *Config { return c.rows.Get(group) }

// Find returns the group's configuration and makes it where the node may. Error: ErrGroupNotExist,
// configfile.ErrTableFull.
func (c *Configs) Find(group []byte) (*Config, error) {
	if found := c.rows.Get(group); found != nil {
		return found, nil
	}
	name := string(group)
	if !c.autoCreate.Load() && !strings.HasPrefix(name, systemPrefix) {
		return nil, fmt.Errorf("%w: %q", ErrGroupNotExist, name)
	}
	config := NewConfig(name)
	return c.rows.PutIfAbsent(name, &config)
}

// Update sets a group as code 200 wants it. Error: configfile.ErrTableFull.
func (c *Configs) Update(config Config) error { return c.rows.Put(config.Name, &config) }

// Snapshot returns all groups by name with their version.
func (c *Configs) Snapshot() (configfile.Version, map[string]*Config) { return c.rows.Snapshot() }

// JSON is the body of code 201: {"dataVersion":…,"subscriptionGroupTable":…}.
func (c *Configs) JSON() []byte { return c.rows.JSON() }

// Version is that of all groups now.
func (c *Configs) Version() configfile.Version { return c.rows.Version() }

// Replace makes the groups those of another copy's JSON. Error: configfile.ErrTableFull, and what is wrong with the text.
func (c *Configs) Replace(text []byte) error { return c.rows.Replace(text) }

// Flush returns when all changes so far are on the disk. Without it they are soon after.
func (c *Configs) Flush() error { return c.rows.Flush() }

// Close saves the table and ends its goroutine.
func (c *Configs) Close() error { return c.rows.Close() }
