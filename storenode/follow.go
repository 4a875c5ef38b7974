package storenode

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"gantry/membership/registrar"
	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/storenode/configfile"
	"gantry/storenode/group"
	"gantry/storenode/hastatus"
	"gantry/storenode/replica"
	"gantry/storenode/resync"
	"gantry/storenode/tables"
	"gantry/storenode/timer"
	"gantry/storenode/transaction"
)

// What copies of a shard tell each other beside the log (storenode/tables):
// codes 21, 43, 45 and 201 (AdminBrokerProcessor 4.9.7), which Java slaves and
// tools ask, and one of our own for our slaves.

// copies is the node's part in that: a master answers, a slave asks.
type copies struct {
	source   *tables.Source   // nil in a slave
	follower *tables.Follower // nil in a master
	delays   *keptProgress    // nil in a master
}

// keptProgress is how far a slave's master has delivered, in the file that the
// slave reads when it has become a master: config/delayOffset.json and
// gantry/timer/progress.json.
type keptProgress struct {
	check func(text []byte) error
	sync  func() error // of the log: what was delivered must not be lost with the power
	log   *slog.Logger
	text  atomic.Pointer[[]byte]
	saved []byte // the saver's: the last text whose messages the disk has
	saver *configfile.Saver
}

func openKeptProgress(file *configfile.File, k *keptProgress, flushInterval time.Duration) (*keptProgress, error) {
	k.text.Store(&[]byte{})
	if _, err := file.Load(k.read); err != nil {
		return nil, err
	}
	k.saved = *k.text.Load()
	k.saver = configfile.StartSaver(file, k.synced, flushInterval, k.log)
	return k, nil
}

// synced is what may be saved.
func (k *keptProgress) synced() []byte {
	text := *k.text.Load()
	if err := k.sync(); err != nil {
		k.log.Error("progress of what the master has delivered is not saved, the log does not reach the disk", "err", err)
		k.saver.Changed()
		return k.saved
	}
	k.saved = text
	return text
}

func (k *keptProgress) read(text []byte) error {
	if err := k.check(text); err != nil {
		return err
	}
	own := bytes.Clone(text)
	k.text.Store(&own)
	return nil
}

func (k *keptProgress) keep(text []byte) error {
	if bytes.Equal(text, *k.text.Load()) {
		return nil
	}
	if err := k.read(text); err != nil {
		return err
	}
	k.saver.Changed()
	return nil
}

// startTables comes after all tables and the delays are open.
func (n *Node) startTables() error {
	t := tables.Tables{Topics: n.topics, Groups: n.groups, Offsets: n.offsets, Subscriptions: n.members,
		LogFirst: ofTransactions, LogEnd: func() int64 { return int64(n.store.Log().End()) }}
	if n.config.Role() == Slave {
		return n.startFollower(t)
	}
	config := tables.DefaultSourceConfig()
	t.Delays, t.Timers = n.delays.Load().Progress, n.timers.Load().Progress
	config.Tables = t
	n.copies.source = tables.StartSource(config)
	n.opened = append(n.opened, n.copies.source.Close)
	return nil
}

// ofTransactions says of which offsets those are that say which half messages have
// ended: with their end behind the log's, a slave that takes over would ask nobody
// about transactions whose end it has never had.
func ofTransactions(key string) bool { return strings.HasSuffix(key, "@"+transaction.Group) }

func checkDelays(text []byte) error { return new(protocol.DelayOffsetTable).Decode(text) }

func (n *Node) keepProgress(path string, check func(text []byte) error, flushMillis int64) (*keptProgress, error) {
	file := configfile.New(configfile.On(n.fs), path)
	k, err := openKeptProgress(file, &keptProgress{check: check, sync: n.store.Log().Sync, log: n.log}, time.Duration(flushMillis)*time.Millisecond)
	if err == nil {
		n.opened = append(n.opened, k.saver.Close)
	}
	return k, err
}

func (n *Node) startFollower(t tables.Tables) (err error) {
	if n.copies.delays, err = n.keepProgress(n.file("config", "delayOffset.json"), checkDelays, n.config.FlushDelayOffsetMillis); err != nil {
		return err
	}
	timers, err := n.keepProgress(n.file("gantry", filepath.Join("timer", "progress.json")), timer.CheckProgress, n.config.TimerFlushIntervalMs)
	if err != nil {
		return err
	}
	t.KeepDelays, t.KeepTimers = n.copies.delays.keep, timers.keep
	config := tables.DefaultFollowerConfig()
	config.Tables, config.Dial, config.Log, config.Ready = t, n.config.PeerDial, n.log, n.logFollows
	if config.Dial == nil {
		config.Dial = remoting.DialTCP
	}
	n.copies.follower = tables.StartFollower(config)
	n.copies.follower.Follow(n.replicas.slave.Status().Master.Master) // as haMasterAddress lets guess
	n.opened = append(n.opened, n.copies.follower.Close)
	return nil
}

// logFollows says why the log is no copy of the master's now.
func (n *Node) logFollows() error {
	if s := n.replicas.slave.Status(); s.State != replica.SlaveCopying {
		return fmt.Errorf("they wait for the log, which is %s", s.State)
	}
	return nil
}

// followed hears from a name server where the node's master is.
func (n *Node) followed(a registrar.Answer) {
	if a.MasterAddr != n.config.Address() && n.copies.follower != nil {
		n.copies.follower.Follow(a.MasterAddr)
		n.replicas.follow(a, n.config.HAMasterAddress)
	}
}

// offsetsConfig is the table of offsets' by the node's role.
func (n *Node) offsetsConfig(path string) (group.OffsetsConfig, error) {
	c := group.DefaultOffsetsConfig()
	c.FlushInterval = time.Duration(n.config.FlushOffsetIntervalMillis) * time.Millisecond
	c.Slave, c.Own = n.config.Role() == Slave, n.file("gantry", "offsets.json")
	written, err := n.fs.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	c.AsOf = written.ModTime
	return c, err
}

// tableRequests are what other copies ask.
func (n *Node) tableRequests() []request {
	body := func(f func() []byte) remoting.Handler {
		return n.background.answering(func(*remoting.Command, *remoting.Channel) (*remoting.Response, error) {
			return &remoting.Response{Body: f()}, nil
		})
	}
	return []request{
		{protocol.GetAllTopicConfig, body(n.topics.JSON)},
		{protocol.GetAllConsumerOffset, body(n.offsets.JSON)},
		{protocol.GetAllDelayOffset, n.background.answering(n.delayOffsets)},
		{protocol.GetAllSubscriptionGroupConfig, body(n.groups.JSON)},
		{protocol.GetBrokerRuntimeInfo, n.background.searching(n.runtimeInfo)},
		{hastatus.Code, inline(n.log, n.haStatus)},
		{resync.Code, beside(n.resync, n.background.do)},
		{tables.CodeFollow, beside(n.followers, n.background.do)},
	}
}

func (n *Node) delayOffsets(*remoting.Command, *remoting.Channel) (*remoting.Response, error) {
	if n.config.Role() == Slave {
		return &remoting.Response{Body: *n.copies.delays.text.Load()}, nil
	}
	_, text := n.delays.Load().Progress()
	return &remoting.Response{Body: text}, nil
}

// followers is a remoting.Handler.
func (n *Node) followers(c *remoting.Command, to remoting.Responder) {
	if n.copies.source == nil {
		to.Reply(&remoting.Response{Code: protocol.SystemError, Remark: errSlave.Error() + ", whose tables nobody follows"})
		return
	}
	n.copies.source.Answer(c.Body, to)
}
