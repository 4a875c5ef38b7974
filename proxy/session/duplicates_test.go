package session_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"gantry/remoting"
	"gantry/remoting/envelope"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/remoting/remotingtest"
	"gantry/storenode"
	"gantry/storenode/store"
	"gantry/storenode/vfs"
)

// shard is a storage node on a file system in memory. The connections to it
// break where the proxy writes (world.faults) and where the node writes (faults).
type shard struct {
	w        *world
	rand     *rand.Rand
	faults   remotingtest.Faults
	listener net.Listener
	fs       *vfs.Mem
	node     *storenode.Node
	accepted atomic.Int64 // connections of the proxy
	kills    int
}

func (s *shard) open() {
	s.w.t.Helper()
	config := storenode.DefaultConfig()
	config.BrokerName, config.BrokerIP1, config.StorePathRootDir = "broker-a", "10.1.1.1", "/store"
	config.MaxMessageBytes, config.CommitLogFileBytes, config.ConsumeQueueFileBytes = 64<<10, 1<<20, 6000
	config.MaxHashSlotNum, config.MaxIndexNum = 100, 1000
	config.MessageDelayLevel = "2h"
	config.Log = slog.New(slog.DiscardHandler)
	l, err := s.w.network.Listen("node")
	if err != nil {
		s.w.t.Fatal(err)
	}
	s.listener = breaking{l, s}
	config.Listener = s.listener
	if s.node, err = storenode.Open(config, s.fs); err != nil {
		s.w.t.Fatal(err)
	}
}

// breaking puts what it accepts under faults.
type breaking struct {
	net.Listener
	shard *shard
}

func (b breaking) Accept() (net.Conn, error) {
	c, err := b.Listener.Accept()
	if err != nil {
		return nil, err
	}
	b.shard.accepted.Add(1)
	return b.shard.faults.Wrap(c), nil
}

// trouble is one fault: a cut somewhere in what goes one way or the other, now
// and then the node's death.
func (s *shard) trouble() {
	switch n := s.rand.IntN(20); {
	case n == 0:
		s.kills++
		s.kill()
		s.w.pass(time.Duration(s.rand.IntN(500)) * time.Millisecond)
		s.open()
	case n < 10:
		s.w.faults.CutAfter(s.rand.IntN(1500))
	default:
		s.faults.CutAfter(s.rand.IntN(1500))
	}
}

// kill ends the node as kill -9 does: it says nothing more, and what it had
// written is left.
func (s *shard) kill() {
	s.listener.Close()
	s.faults.Cut()
	s.fs.Halt()
	s.node.Close(context.Background()) // so that its goroutines end
	s.fs = s.fs.AfterKill()
}

// sent is a request of a client and what it was told.
type sent struct {
	keys   []string
	answer *remoting.Command
}

// randomSend is a plain send, a delayed one, one to any queue, or a batch.
func (s *shard) randomSend(number int) (*remoting.Request, []string) {
	h := protocol.SendMessageRequest{ProducerGroup: []byte("p"), Topic: []byte("T"), DefaultTopic: []byte("TBW102"), DefaultTopicQueueNums: 4,
		QueueID: s.rand.Int32N(4), BornTimestamp: time.Now().UnixMilli()}
	key := fmt.Sprint("k", number)
	properties := message.AppendPair(nil, message.PropertyUniqKey, key)
	switch s.rand.IntN(8) {
	case 0:
		h.QueueID = -1
	case 1:
		properties = message.AppendPair(properties, message.PropertyDelay, "1")
	case 2:
		h.Batch = true
		var body []byte
		keys := []string{key, key + "b", key + "c"}
		for _, k := range keys {
			body, _ = message.AppendInner(body, message.Inner{Body: []byte(k), Properties: message.AppendPair(nil, message.PropertyUniqKey, k)})
		}
		return &remoting.Request{Code: protocol.SendBatchMessage, Header: h, Body: body}, keys
	}
	h.Properties = properties
	return &remoting.Request{Code: protocol.SendMessageV2, Header: h, Body: make([]byte, s.rand.IntN(500))}, []string{key}
}

// Clients send through a proxy whose connections to its node break at any byte,
// more than a thousand times in all, and whose node dies now and then: each
// message is stored once, and each client told where.
func TestNoProxyCausesADuplicate(t *testing.T) {
	const seeds, clients, rounds = 60, 3, 50
	losses, kills := 0, 0
	for seed := range uint64(seeds) {
		inWorld(t, func(t *testing.T, w *world) {
			s := &shard{w: w, rand: rand.New(rand.NewPCG(seed, 5)), fs: vfs.NewMem()}
			s.open()
			w.awaitJoined()
			all := s.sendUnderFaults(clients, rounds)
			if err := s.node.Close(context.Background()); err != nil {
				t.Error(err)
			}
			s.check(seed, all)
			losses, kills = losses+int(s.accepted.Load())/len(envelope.Classes)-1, kills+s.kills
		})
		if t.Failed() {
			return
		}
	}
	if losses < 1000 || kills < 10 {
		t.Errorf("the node was lost %d times, and killed %d times: too few to say anything", losses, kills)
	}
}

// sendUnderFaults has some requests of each client under way at a time.
func (s *shard) sendUnderFaults(clients, rounds int) (all []sent) {
	number := 0
	people := make([]*client, clients)
	for i := range people {
		people[i] = s.w.client()
	}
	for range rounds {
		under := map[*client]map[int32]int{}
		if s.rand.IntN(2) == 0 {
			s.trouble()
		}
		for _, c := range people {
			under[c] = map[int32]int{}
			for range 1 + s.rand.IntN(3) {
				number++
				r, keys := s.randomSend(number)
				c.send(r)
				under[c][c.opaque] = len(all)
				all = append(all, sent{keys: keys})
			}
		}
		for step := 0; step < 40 && s.collect(under, all); step++ {
			s.w.pass(time.Duration(1+s.rand.IntN(100)) * time.Millisecond)
		}
	}
	return all
}

// collect takes the answers that have come, and reports whether any is missing.
func (s *shard) collect(under map[*client]map[int32]int, all []sent) (missing bool) {
	for c, waiting := range under {
		for _, a := range c.answers() {
			all[waiting[a.Opaque]].answer = a
			delete(waiting, a.Opaque)
		}
		missing = missing || len(waiting) > 0
	}
	return missing
}

func (s *shard) check(seed uint64, all []sent) {
	t := s.w.t
	stored := s.stored()
	for _, one := range all {
		if one.answer == nil || one.answer.Code != protocol.Success {
			t.Errorf("seed %d: the send of %v was answered %+v", seed, one.keys, one.answer)
			continue
		}
		ids := ""
		for i, key := range one.keys {
			if n := len(stored[key]); n != 1 {
				t.Errorf("seed %d: %s is stored %d times", seed, key, n)
				return
			}
			if i > 0 {
				ids += ","
			}
			ids += message.OffsetID(stored[key][0].StoreHost, stored[key][0].PhysicalOffset)
		}
		var told protocol.SendMessageResponse
		if err := told.Decode(one.answer.Ext); err != nil || string(told.MsgID) != ids || told.QueueOffset != stored[one.keys[0]][0].QueueOffset {
			t.Errorf("seed %d: %s was told %+v, %v, want id %s and offset %d", seed, one.keys[0], told, err, ids, stored[one.keys[0]][0].QueueOffset)
		}
	}
}

// stored is what the closed node's log holds, by UNIQ_KEY.
func (s *shard) stored() map[string][]message.Message {
	s.w.t.Helper()
	config := store.DefaultConfig("/store")
	config.MaxHashSlotNum, config.MaxIndexNum = 100, 1000
	opened, err := store.Open(config, s.fs, slog.New(slog.DiscardHandler))
	if err != nil {
		s.w.t.Fatal(err)
	}
	defer opened.Close()
	found := map[string][]message.Message{}
	err = opened.Visit(0, opened.End(), func(r message.Record) error {
		m, _, err := message.Decode(r)
		key := string(m.Properties.Get(message.PropertyUniqKey))
		found[key] = append(found[key], m)
		return err
	})
	if err != nil {
		s.w.t.Error(err)
	}
	return found
}
