// Package tables copies what a shard's master keeps beside its log to the
// shard's slaves: topics, groups, consumer offsets, the progress of delayed
// and timer messages, and what each group subscribed to last.
//
// A Source answers a master's slaves; a Follower asks a slave's master. A Java
// master is asked as a Java slave does, by codes 21, 43, 45 and 201 every ten
// seconds; ours by one code of our own, which is answered as soon as something
// is another than the slave has. With it a slave hands back the offsets that
// clients have committed to it while the master was away (group.Offsets). Java
// slaves get the four codes answered by the node's own tables.
//
// The package knows no log and chooses no master: who that is the node hears
// from its name servers.
package tables

import (
	"gantry/storenode/configfile"
	"gantry/storenode/group"
)

// Tables are what is copied.
type Tables struct {
	Topics, Groups Versioned
	Offsets        *group.Offsets
	Subscriptions  Subscriptions
	// Delays is a master's delay.Service.Progress.
	Delays func() (version int64, text []byte)
	// Timers is a master's timer.Service.Progress, KeepTimers as KeepDelays. Both may be nil.
	Timers     func() (version int64, text []byte)
	KeepTimers func(text []byte) error
	// KeepDelays has a slave keep what its master's Delays say. It is called once the slave's log has all that the
	// master's had: else a slave that takes over would hold delivered what it has never had.
	KeepDelays func(text []byte) error
	// LogFirst says of a topic@group that its offsets, too, are kept once the log is there; nil: of none. They are their
	// master's alone: none is handed back.
	LogFirst func(key string) bool
	// LogEnd is where the copy's log ends.
	LogEnd func() int64
}

// Versioned is a table with a DataVersion: *topic.Table, *group.Configs.
type Versioned interface {
	Version() configfile.Version
	JSON() []byte
	Replace(text []byte) error
}

// Subscriptions are what groups subscribe to: *group.Members.
type Subscriptions interface {
	KeptVersion() int64
	Kept() (version int64, text []byte)
	AdoptKept(text []byte) error
}
