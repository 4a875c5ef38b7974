// Package storenode is one copy of one shard: it keeps messages in a CommitLog
// and answers what clients ask of a RocketMQ broker.
//
// node.go wires it once; requests.go is the table of codes; the other files
// here are the handlers, each with just what it uses. The folders below are what
// they stand on: store (the log and its indexes), topic and group (the tables),
// longpoll (pulls that wait), delay (messages that wait), session (who asks).
// The node knows sessions, not that proxies exist, and it opens no body.
package storenode

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"sync/atomic"
	"time"

	"gantry/membership/registrar"
	"gantry/remoting"
	"gantry/storenode/commitlog"
	"gantry/storenode/configfile"
	"gantry/storenode/delay"
	"gantry/storenode/group"
	"gantry/storenode/longpoll"
	"gantry/storenode/repeat"
	"gantry/storenode/session"
	"gantry/storenode/store"
	"gantry/storenode/timer"
	"gantry/storenode/topic"
	"gantry/storenode/transaction"
	"gantry/storenode/vfs"
)

// Node is one running storage node.
type Node struct {
	config    Config
	log       *slog.Logger
	fs        vfs.FS
	storeHost *storeHost
	levels    delay.Levels

	store    *store.Store
	identity *identity
	topics   *topic.Table
	deleted  *deletedTopics
	groups   *group.Configs
	offsets  *group.Offsets
	members  *group.Members
	held     *longpoll.Table
	delays   atomic.Pointer[delay.Service] // nil until the tables are open
	timers   atomic.Pointer[timer.Service] // nil until the tables are open, and in a slave
	copies   copies
	replicas replication
	resyncs  *resyncs // nil in a master
	again    chan struct{}

	// transactions is nil until the tables are open, and in a slave.
	transactions atomic.Pointer[transaction.Service]

	background *background
	waits      *diskWaits
	repeats    *repeat.Requests
	presence   *presence
	conns      *remoting.Server
	listener   net.Listener
	registrar  atomic.Pointer[registrar.Registrar] // nil until the tables are open

	master masterCluster

	gate   gate           // closed: further requests are refused
	opened []func() error // what Close closes, in the order it was opened
}

// Open starts a node: its store recovered, its tables read, its port open. What
// fails is named in the error, and what was opened before is closed again.
func Open(config Config, fsys vfs.FS) (*Node, error) {
	n := &Node{config: config, log: config.Log, fs: fsys, again: make(chan struct{}), background: newBackground(config.Log, config.ConcurrentIO)}
	for _, step := range []func() error{n.prepare, n.carryOutOrder, n.openStore, n.startReplication, n.startResyncs, n.openTables, n.adoptQueues, n.openMembers, n.startDelays, n.startTimers, n.startTransactions, n.startTables, n.tellRole, n.listen} {
		if err := step(); err != nil {
			return nil, errors.Join(err, n.closeOpened())
		}
	}
	n.registrar.Store(registrar.Start(n.log, n.registration()))
	n.serve()
	return n, nil
}

func (n *Node) prepare() (err error) {
	if err := n.config.Validate(); err != nil {
		return err
	}
	n.config.live = newLive(n.config.Settings)
	n.levels, err = delay.ParseLevels(n.config.MessageDelayLevel)
	return err
}

// openStore comes first: it takes the folder's lock.
func (n *Node) openStore() error {
	holding := longpoll.DefaultConfig(func(topic string, queueID int32) int64 { return n.store.MaxOffset(topic, queueID) })
	holding.MaxHeld, holding.MaxHeldPerQueue = n.config.HeldPulls, n.config.HeldPerQueue
	n.held = longpoll.New(holding)
	n.opened = append(n.opened, func() error { n.held.Close(); return nil })
	config := n.config.storeConfig(n.arrived, n.levels.DeliverTime)
	config.BeforeExpire = n.beforeExpire
	config.Slave, config.OnAppend = n.config.Role() == Slave, n.replicas.appended
	n.waits = startDiskWaits(n.config.syncFlushBound())
	n.opened = append(n.opened, func() error { n.waits.close(); return nil })
	opened, err := store.Open(config, n.fs, n.log)
	if err != nil {
		return err
	}
	n.store = opened
	n.opened = append(n.opened, n.store.Close)
	n.repeats = repeat.Start(repeat.Config{Store: n.store, SyncFlush: config.FlushDiskType == commitlog.SyncFlush, Beside: n.background.do,
		Most: n.config.Repeats, Bytes: n.config.RepeatBytes})
	n.opened = append(n.opened, n.repeats.Close)
	return nil
}

// arrived is told of every message that can be read now.
func (n *Node) arrived(a store.Arrival) {
	n.held.Arrive(a.Topic, a.QueueID, a.MaxOffset, a.TagsCode, a.Properties)
	switch string(a.Topic) {
	case topic.ScheduleTopic:
		if delays := n.delays.Load(); delays != nil {
			delays.Arrive(a.QueueID)
		}
	case topic.TimerTopic:
		if timers := n.timers.Load(); timers != nil {
			timers.Arrive()
		}
	}
}

// file is one of the node's own, below the store's root.
func (n *Node) file(folder, name string) string {
	return filepath.Join(n.config.StorePathRootDir, folder, name)
}

func (n *Node) openTables() (err error) {
	files := configfile.On(n.fs)
	if n.identity, err = openIdentity(files, n.file("gantry", "node.json"), n.config.BrokerName, n.config.ShardSlot); err != nil {
		return err
	}
	if n.storeHost, err = newStoreHost(n.config, n.identity, n.background.do); err != nil {
		return err
	}
	topics := n.config.topicConfig()
	topics.OnChange = func(*topic.Topic) { n.stateChanged() }
	if n.topics, err = topic.Open(files, n.file("config", "topics.json"), topics, n.log); err != nil {
		return err
	}
	n.opened = append(n.opened, n.topics.Close)
	groups := group.ConfigsConfig{AutoCreateSubscriptionGroup: n.config.AutoCreateGroupEnable, MaxGroups: n.config.MaxGroups}
	if n.groups, err = group.OpenConfigs(files, n.file("config", "subscriptionGroup.json"), groups, n.log); err != nil {
		return err
	}
	n.opened = append(n.opened, n.groups.Close)
	path := n.file("config", "consumerOffset.json")
	offsets, err := n.offsetsConfig(path)
	if err != nil {
		return err
	}
	if n.offsets, err = group.OpenOffsets(files, path, offsets, n.log); err != nil {
		return err
	}
	n.opened = append(n.opened, n.offsets.Close)
	return nil
}

func (n *Node) openMembers() (err error) {
	n.presence = &presence{log: n.log, config: n.config, clients: newClients(), groups: n.groups, topics: n.topics, hold: newStartHold(n.log, n.config.HeldLists)}
	n.opened = append(n.opened, func() error { n.presence.hold.close(); return nil })
	members := group.DefaultMembersConfig()
	members.OnChange = n.presence.notify
	n.members, err = group.OpenMembers(configfile.On(n.fs), n.file("gantry", "subscriptions.json"), members, n.log)
	if err != nil {
		return err
	}
	n.presence.members = n.members
	n.opened = append(n.opened, n.members.Close)
	return nil
}

// startDelays is for masters: a slave has what its master delivers.
func (n *Node) startDelays() error {
	if n.config.Role() == Slave {
		return nil
	}
	config := delay.DefaultConfig()
	config.FlushInterval = time.Duration(n.config.FlushDelayOffsetMillis) * time.Millisecond
	delays, err := delay.Start(config, n.levels, schedule{n.store}, deliveries{n.store}, configfile.On(n.fs), n.file("config", "delayOffset.json"), n.log)
	if err != nil {
		return err
	}
	n.delays.Store(delays)
	n.opened = append(n.opened, delays.Close)
	return nil
}

func (n *Node) listen() (err error) {
	if n.listener = n.config.Listener; n.listener != nil {
		return nil
	}
	n.listener, err = net.Listen("tcp", n.config.listenAddress(n.config.ListenPort))
	if err != nil {
		return fmt.Errorf("broker cannot listen: %w", err)
	}
	return nil
}

func (n *Node) serve() {
	n.conns = remoting.NewServer(n.log, n.config.Limits, n.config.Connections)
	peers := session.New(session.Config{Cluster: n.config.BrokerClusterName, ClusterKey: n.config.ClusterKey, Log: n.log, Handle: n.handler(), Closed: n.peerGone, Gateway: n.reachedAt, Announced: n.presence.hold.hasAnnounced})
	n.conns.Serve(n.listener, peers.Open)
	n.serveVIP(peers.Open)
	n.presence.hold.start()
}

// KnowProxies says which proxies live, by id, once all are known: consumer lists
// are kept back after the start until they have announced their clients, or for
// 1.5 s.
func (n *Node) KnowProxies(ids []string) { n.presence.hold.expect(ids) }

// reachedAt hears from a proxy where clients reach the node.
func (n *Node) reachedAt(addr string) {
	if n.gate.enter() {
		defer n.gate.leave()
		n.storeHost.learn(addr)
	}
}

func (n *Node) peerGone(ch *remoting.Channel) {
	n.held.Drop(ch)
	n.presence.closed(ch)
}

// Close ends the node: nothing new is taken, what is under way is answered,
// everything is flushed, and every goroutine has returned. It waits for peers no
// longer than until ctx ends.
func (n *Node) Close(ctx context.Context) error {
	n.registrar.Load().Close(ctx)
	n.conns.CloseListeners()
	n.gate.close()
	n.held.Close()
	n.repeats.Close()
	if transactions := n.transactions.Load(); transactions != nil {
		transactions.Close()
	}
	n.background.wait()
	err := n.closeOpened() // the commit log answers what it has taken
	n.background.waitBeside()
	n.conns.Close(ctx)
	return err
}

func (n *Node) closeOpened() error {
	var errs []error
	for len(n.opened) > 0 {
		last := len(n.opened) - 1
		errs = append(errs, n.opened[last]())
		n.opened = n.opened[:last]
	}
	return errors.Join(errs...)
}
