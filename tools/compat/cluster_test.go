package compat

import (
	"os"
	"slices"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/localcluster"
)

func clusterShards() []string { return []string{"a", "b"} }

// long says that the full sizes are asked for (make test-long).
func long() bool { return os.Getenv("GANTRY_LONG") != "" }

// TestAClusterKeepsItsPromisesThroughEveryFault takes three proxies and two shards through one fault after the other, under the same
// clients. It runs alone, since it says that sends do not fail.
func TestAClusterKeepsItsPromisesThroughEveryFault(t *testing.T) {
	config := trialConfig{proxies: 3, shards: clusterShards(), kinds: []agent.Kind{agent.Java498, agent.Go212}, hurried: true, bodyBytes: loadBodyBytes}
	if long() {
		config.kinds, config.hurried = agent.Kinds(), false
	}
	tr := startTrial(t, config)
	tr.rollingRestart()
	for _, p := range slices.Backward(tr.cluster.Proxies) { // the one just restarted last: clients find it again
		tr.disturb("kill -9 of "+p.Name, 1, func() { tr.restart(p) })
	}
	for _, n := range tr.cluster.Nodes {
		tr.disturb("kill -9 of node "+n.Name, 1, func() { tr.restart(n) })
	}
	for _, length := range faultLengths() {
		tr.partition(length)
		tr.stop(length)
	}
	tr.withoutSeed()
	tr.disturb("kill -9 of all proxies at once", 1, func() { tr.restart(tr.cluster.Proxies...) })
	tr.calm("the end")
	tr.finish()
}

func faultLengths() []time.Duration {
	if long() {
		return []time.Duration{500 * time.Millisecond, 5 * time.Second, 20 * time.Second}
	}
	return []time.Duration{4 * time.Second} // longer than clients wait for an answer
}

// rollingRestart stops each proxy as an operator does and starts it again. Each takes 35 s at least, in which clients find the others.
func (tr *trial) rollingRestart() {
	proxies := tr.cluster.Proxies
	if !long() {
		proxies = proxies[:1]
	}
	for _, p := range proxies {
		tr.undisturbed(p, func() {
			must(tr.T, p.Terminate())
			must(tr.T, p.Start())
			must(tr.T, tr.cluster.AwaitReady(tr.Context()))
		})
	}
}

// restart kills processes, all at once, and starts them again.
func (tr *trial) restart(members ...*localcluster.Member) {
	tr.Helper()
	for _, m := range members {
		must(tr.T, m.Kill())
	}
	for _, m := range members {
		must(tr.T, m.Start())
	}
}

// partition takes the way between each proxy and a node for a time, one after the other: clients reach the node through one of them.
func (tr *trial) partition(length time.Duration) {
	node, proxies := tr.cluster.Nodes[0], tr.cluster.Proxies
	tr.disturb("each proxy without a way to node "+node.Name+" for "+length.String(), len(proxies), func() {
		for _, p := range proxies {
			must(tr.T, tr.cluster.Cut(p, node))
			tr.pass(length)
			must(tr.T, tr.cluster.Heal(p, node))
		}
	})
}

// stop keeps a proxy from running, as a machine that stalls does.
func (tr *trial) stop(length time.Duration) {
	p := tr.cluster.Proxies[1]
	tr.disturb("SIGSTOP of "+p.Name+" for "+length.String(), 1, func() {
		must(tr.T, p.Stop())
		tr.pass(length)
		must(tr.T, p.Continue())
	})
}

// withoutSeed takes away the proxy that every process was told to begin with, and restarts others meanwhile.
func (tr *trial) withoutSeed() {
	seed := tr.cluster.Proxies[0]
	tr.disturb("the seed gone, another proxy and a node restarted", 4, func() {
		must(tr.T, seed.Kill())
		tr.restart(tr.cluster.Proxies[1], tr.cluster.Nodes[1])
		tr.settle("the restart without the seed", time.Now(), tr.prompt())
		must(tr.T, seed.Start())
	})
}

func TestAClusterStartsInAnyOrder(t *testing.T) {
	t.Parallel()
	starts := 3
	if long() {
		starts = 30
	}
	for range starts {
		startInAnyOrder(t, newCluster(t, clusterConfig(t, 3, clusterShards()...)))
	}
}
