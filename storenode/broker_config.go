package storenode

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"

	"gantry/remoting"
	"gantry/remoting/keys"
	"gantry/remoting/properties"
	"gantry/remoting/protocol"
)

// Codes 25 UPDATE_BROKER_CONFIG and 26 GET_BROKER_CONFIG. A change of Settings
// counts at once, and is kept in the configuration file where there is one; any
// other key is refused by name and nothing is changed. Java takes each, ignores
// in silence those that it does not know or has read for the last time at its
// start, and writes its file anew without comments.
// Java: AdminBrokerProcessor.updateBrokerConfig and getBrokerConfig, Configuration.

func (n *Node) updateBrokerConfig(c *remoting.Command, from *remoting.Channel) (*remoting.Response, error) {
	entries, err := properties.Parse(c.Body)
	if err != nil {
		return nil, protocol.Errorf(protocol.SystemError, "string2Properties error: %v", err)
	}
	n.config.live.changing.Lock()
	defer n.config.live.changing.Unlock()
	changed := n.config
	changed.Settings = *n.config.now()
	if findings := properties.Bind(entries, keys.Changing(keys.Node), &changed.Settings); len(findings) > 0 {
		return nil, protocol.Errorf(protocol.SystemError, "%s: %s; nothing was changed", findings[0].Key, findings[0].Message)
	}
	if err := changed.Validate(); err != nil {
		return nil, protocol.Errorf(protocol.SystemError, "%v; nothing was changed", err)
	}
	n.log.Info("configuration changed", "to", entries, "remote_addr", from.Remote)
	if err := n.change(changed); err != nil {
		return nil, err
	}
	return ok, n.saveSettings(entries)
}

// change lets everybody go by the settings of c; live.changing is held.
func (n *Node) change(c Config) error {
	before := n.config.now()
	n.config.live.settings.Store(&c.Settings)
	n.config.live.changes.Add(1)
	n.store.SetRetention(c.retention())
	n.groups.SetAutoCreate(c.AutoCreateGroupEnable)
	if c.BrokerPermission != before.BrokerPermission {
		n.topics.Touch()
		n.stateChanged()
	}
	if c.AutoCreateTopicEnable == before.AutoCreateTopicEnable {
		return nil
	}
	return n.topics.SetAutoCreate(c.AutoCreateTopicEnable)
}

func (n *Node) saveSettings(entries []properties.Entry) error {
	if n.config.SaveSettings == nil || len(entries) == 0 {
		return nil
	}
	if err := n.config.SaveSettings(entries); err != nil {
		return fmt.Errorf("changed until the broker ends, but not kept: %w", err)
	}
	return nil
}

// secrets are keys whose values nobody is told.
var secrets = []string{"clusterKey"}

func (n *Node) getBrokerConfig(*remoting.Command, *remoting.Channel) (*remoting.Response, error) {
	config := n.config
	config.Settings = *n.config.now()
	config.HAListenPort = config.haListenPort()
	config.BrokerIP2 = cmp.Or(config.BrokerIP2, config.BrokerIP1)
	config.StorePathCommitLog = cmp.Or(config.StorePathCommitLog, filepath.Join(config.StorePathRootDir, "commitlog"))
	entries := slices.DeleteFunc(properties.Entries(&config), func(e properties.Entry) bool { return slices.Contains(secrets, e.Key) })
	if n.config.Release != "" {
		entries = append(entries, properties.Entry{Key: "gantryRelease", Value: n.config.Release})
	}
	version := protocol.DataVersion{Counter: n.config.live.changes.Load(), Timestamp: n.topics.Version().Timestamp}.Encode()
	return &remoting.Response{Header: protocol.GetBrokerConfigResponse{Version: string(version)}, Body: properties.Append(nil, entries)}, nil
}
