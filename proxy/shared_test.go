package proxy

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/tools/client"
)

// A group consumes what its producers send to all shards through one address, as
// with addresses of their own.
func TestClientsLiveOnOneAddressOfAllShards(t *testing.T) {
	tr := startTier(t, SharedRoutes, "a", "b")
	const each = 50
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	var mu sync.Mutex
	received := map[string]int{}
	owners := map[protocol.MessageQueue]map[int]bool{}
	consumer := func(member int) {
		p, err := tr.client(member).Consume(ctx, client.PushConfig{Group: "g", Topic: "T", FromWhere: client.FromFirstOffset, RebalanceMillis: 200, CommitMillis: 100},
			func(_ context.Context, m *client.Received) error {
				mu.Lock()
				defer mu.Unlock()
				received[string(m.Body)]++
				if owners[m.Queue] == nil {
					owners[m.Queue] = map[int]bool{}
				}
				owners[m.Queue][member] = true
				return nil
			})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Close)
	}

	producer := tr.client(0).Producer(client.ProducerConfig{Group: "p", RetryTimes: -1})
	shards := map[string]int{}
	send := func(round string) {
		t.Helper()
		for i := range each {
			r, err := producer.Send(ctx, &client.Message{Topic: "T", Body: fmt.Append(nil, round, i)})
			if err != nil {
				t.Fatal(err)
			}
			shards[r.Queue.BrokerName]++
		}
	}
	await := func(n int) {
		t.Helper()
		for {
			mu.Lock()
			got := len(received)
			mu.Unlock()
			if got >= n {
				return
			}
			if ctx.Err() != nil {
				t.Fatalf("%d messages of %d were received", got, n)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	send("alone")
	consumer(1)
	await(each)
	consumer(2)
	tr.awaitMembers(ctx, "g", 2)
	trouble := []string{"no round was played"}
	for round := 0; len(trouble) > 0 && ctx.Err() == nil; round++ { // until the queues are shared out
		mu.Lock()
		clear(received)
		clear(owners)
		mu.Unlock()
		send(fmt.Sprint("round ", round, " "))
		await(each)
		mu.Lock()
		trouble = unshared(received, owners)
		mu.Unlock()
	}
	if len(trouble) > 0 {
		t.Errorf("in the last round: %s", strings.Join(trouble, "; "))
	}
	if shards["a"] == 0 || shards["b"] == 0 {
		t.Errorf("the shards got %v", shards)
	}
}

// unshared is what is not as it is to be in a group of two that has settled.
func unshared(received map[string]int, owners map[protocol.MessageQueue]map[int]bool) (trouble []string) {
	for body, n := range received {
		if n != 1 {
			trouble = append(trouble, fmt.Sprintf("%q was received %d times", body, n))
		}
	}
	queues := map[int]int{}
	for queue, by := range owners {
		if len(by) != 1 {
			trouble = append(trouble, fmt.Sprintf("%v had the owners %v", queue, by))
		}
		for member := range by {
			queues[member]++
		}
	}
	if queues[1] == 0 || queues[2] == 0 {
		trouble = append(trouble, fmt.Sprintf("members have %v queues", queues))
	}
	return trouble
}

// awaitMembers waits until every shard lists so many members of a group.
func (tr *tier) awaitMembers(ctx context.Context, group string, members int) {
	tr.t.Helper()
	for slot := range tr.nodes {
		port := tr.base + 20*slot
		for whole := false; !whole; time.Sleep(10 * time.Millisecond) {
			if ctx.Err() != nil {
				tr.t.Fatalf("the shard of slot %d never listed %d members", slot, members)
			}
			c, err := remoting.Dial(ctx, remoting.DialTCP, net.JoinHostPort(tr.host(0), fmt.Sprint(port)), remoting.Limits{}, nil)
			if err != nil {
				tr.t.Fatal(err)
			}
			bounded, cancel := context.WithTimeout(ctx, 3*time.Second)
			answer, err := c.Invoke(bounded, &remoting.Request{Code: protocol.GetConsumerListByGroup,
				Header: protocol.GetConsumerListByGroupRequest{ConsumerGroup: group}})
			cancel()
			c.Close()
			whole = err == nil && strings.Count(string(answer.Body), "client-") == members
		}
	}
}

func TestARouteHasOneAddressForAllShards(t *testing.T) {
	tr := startTier(t, SharedRoutes, "a", "b")
	told := map[string]bool{}
	for n := range 30 {
		asker := &remoting.Channel{Remote: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(n)}), 4711),
			Local: netip.MustParseAddrPort(tr.asking(0))}
		view, addrs := tr.proxies[0].view(), map[string]bool{}
		for _, shard := range tr.proxies[0].nameserver.Table().Shards() {
			addrs[fmt.Sprint(view(asker, shard))] = true
		}
		if len(addrs) != 1 {
			t.Errorf("%v is told %v", asker.Remote, addrs)
		}
		for a := range addrs {
			told[a] = true
		}
	}
	var want []string
	for i := range tierSize {
		want = append(want, fmt.Sprintf("map[0:%s:%d]", tr.host(i), tr.base+1))
	}
	for a := range told {
		if !slices.Contains(want, a) {
			t.Errorf("clients are told %s, want one of %s", a, want)
		}
	}
	if len(told) < 2 {
		t.Errorf("all clients go to %v", told)
	}
}

func TestASharedAddressThatCannotBeServedStopsTheStart(t *testing.T) {
	base := basePort(t, 2)
	taken, err := net.Listen("tcp", local(base-1))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	p, err := Start(Config{BindAddress: "127.0.0.1", ListenPort: base + 20, GatewayBasePort: base, RouteMode: SharedRoutes, ProxyID: "p", Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprint(base-1)) {
		t.Errorf("started with %v", err)
	}
	if p != nil {
		p.Close(context.Background())
	}
}
