package bench

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	"gantry/membership/nameserver"
	"gantry/remoting"
	"gantry/remoting/memnet"
	"gantry/remoting/remotingtest"
	"gantry/storenode"
	"gantry/storenode/vfs"
	"gantry/tools/client"
)

const nodeAddr = "10.1.1.1:10911"

// startCluster serves a name server and one storage node in memory until the test
// ends, and returns how a client reaches them: each write takes it a millisecond,
// or else no time would pass.
func startCluster(t *testing.T, change func(*storenode.Config)) client.Config {
	t.Helper()
	var network memnet.Network
	listen := func(addr string) net.Listener {
		l, err := network.Listen(addr)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	quiet := slog.New(slog.DiscardHandler)
	names := nameserver.New(quiet, nameserver.Config{Dial: network.Dial, NoSlots: true})
	asked := remoting.NewServer(quiet, remoting.Limits{}, 0)
	asked.Serve(listen(nullAddr), names.Open)
	t.Cleanup(func() { asked.Close(context.Background()); names.Close() })
	c := storenode.DefaultConfig()
	c.BrokerName, c.BrokerIP1, c.StorePathRootDir, c.NamesrvAddr, c.Gateway = "broker-a", "10.1.1.1", "/store", nullAddr, false
	c.CommitLogFileBytes, c.ConsumeQueueFileBytes, c.MaxHashSlotNum, c.MaxIndexNum = 1<<20, 6000, 100, 1000
	c.MaxMessageBytes = 64 << 10
	c.Listener, c.NamesrvDial, c.Log = listen(nodeAddr), network.Dial, quiet
	if change != nil {
		change(&c)
	}
	node, err := storenode.Open(c, vfs.NewMem())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := node.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	time.Sleep(10 * time.Second) // it is registered, and answers for groups
	faults := remotingtest.Faults{Below: network.Dial}
	faults.Delay(time.Millisecond)
	return clientOf(faults.Dial)
}

// stored reads a topic from its begin for a minute and returns what is in it.
func stored(t *testing.T, config client.Config, topic string) (all []*client.Received) {
	t.Helper()
	c, err := client.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	p, err := c.Consume(context.Background(), client.PushConfig{Group: "readers", Topic: topic, FromWhere: client.FromFirstOffset, Threads: 1},
		func(_ context.Context, m *client.Received) error {
			all = append(all, m)
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Minute)
	p.Close()
	return all
}
