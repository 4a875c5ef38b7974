package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// A node that comes back waits for the clients of the proxies that gossip names,
// and for no longer.
func TestANodeThatComesBackKnowsWhoseClientsToWaitFor(t *testing.T) {
	w := newTown(t)
	w.proxy(hostP1, hostP2)
	w.proxy(hostP2, hostP1)
	config := write(t, filepath.Join(t.TempDir(), hostNode), fmt.Sprintf(
		"brokerName=a\nbrokerIP1=%[1]s\nbindAddress=%[1]s\nlistenPort=%[2]d\nnamesrvAddr=%[3]s:%[4]d\nstorePathRootDir=%[5]s\ngossipPort=%[6]d\ngossipKey=secret\ngossipSeeds=%[3]s\n",
		hostNode, w.shards, hostP1, w.ask, filepath.Join(t.TempDir(), "store"), w.gossip))
	var said string
	for deadline := time.Now().Add(processBound); time.Now().Before(deadline); {
		n := gantry(t, "node", "-c", config)
		n.line()
		w.consumerList(hostNode)
		n.stop()
		if said = n.stderr.String(); strings.Contains(said, "proxies_known=2 proxies_announced=2") {
			return
		}
	}
	t.Errorf("no start was told of two proxies and heard from them; the last said:\n%s", said)
}

// consumerList joins a group at a node and waits for its list.
func (w town) consumerList(host string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), processBound)
	defer cancel()
	c, err := remoting.Dial(ctx, remoting.DialTCP, fmt.Sprint(host, ":", w.shards), remoting.Limits{}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	beat := protocol.HeartbeatData{ClientID: "c", ConsumerDataSet: protocol.Set[protocol.ConsumerData]{{GroupName: "g"}}}
	for _, r := range []*remoting.Request{
		{Code: protocol.HeartBeat, Body: beat.Encode()},
		{Code: protocol.GetConsumerListByGroup, Header: protocol.GetConsumerListByGroupRequest{ConsumerGroup: "g"}},
	} {
		if answer, err := c.Invoke(ctx, r); err != nil || answer.Code != protocol.Success {
			w.t.Fatalf("%s: %+v, %v", protocol.RequestName(r.Code), answer, err)
		}
	}
}
