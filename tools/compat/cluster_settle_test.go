package compat

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"gantry/tools/compat/wire"
	"gantry/tools/localcluster"
)

const (
	// settleTime is how long a cluster and its clients may take to be as before a fault: three times the clients' own clock of 30 s, by
	// which they ask for routes, rebalance what these have changed, and pull again what they have lost.
	settleTime = 90 * time.Second
	settlePace = 50 * time.Millisecond
	// calmTime is how long at least nothing happens after everything is as before.
	calmTime = time.Second
)

// disturb does something to the cluster, so many faults one after the other, and waits until everything is as before.
func (tr *trial) disturb(what string, faults int, do func()) {
	tr.Helper()
	tr.record.Disturb(faults*tr.uncommitted(), what)
	began := time.Now()
	do()
	done := time.Now()
	last := ""
	if tr.hurried {
		last = tr.settle(what, done, tr.prompt())
	} else {
		last = tr.calm("after " + what)
	}
	tr.Logf("%s took %.1f s and was over %.1f s later, when there was at last %s", what, done.Sub(began).Seconds(), time.Since(done).Seconds(), last)
}

// uncommitted is what may come twice after a fault: what groups have consumed since they last committed, which they do every 5 s, of
// every queue that changes hands, and again when it comes back.
func (tr *trial) uncommitted() int {
	const exchanges, commitSeconds = 2, 5
	return exchanges * commitSeconds * tr.clients.deliveriesPerSecond()
}

// calm waits until everything is as it should be, and says that from now on nothing may come twice and no queue change hands. It
// returns what was awaited last.
func (tr *trial) calm(what string) (last string) {
	tr.Helper()
	last = tr.settle(what, time.Now(), tr.clients.groups)
	tr.record.Calm(what)
	tr.pass(calmTime)
	return last
}

// undisturbed restarts a proxy, which no client may notice: no send fails, nothing comes twice, no queue changes hands, and no list of
// members that another proxy tells is ever other than it was.
func (tr *trial) undisturbed(p *localcluster.Member, restart func()) {
	tr.Helper()
	what := "restart of " + p.Name
	tr.record.Calm(what)
	began := time.Now()
	watched := make(chan map[string]int)
	ctx, cancel := context.WithCancel(tr.Context())
	others := slices.DeleteFunc(slices.Clone(tr.cluster.Proxies), func(o *localcluster.Member) bool { return o == p })
	go func() { watched <- tr.watchMembers(ctx, others) }()
	restart()
	cancel()
	for wrong, times := range <-watched {
		tr.Errorf("%s: %d times not %s", what, times, wrong)
	}
	tr.Logf("%s took %.1f s", what, time.Since(began).Seconds())
	tr.settle(what, time.Now(), tr.clients.groups)
	for _, w := range tr.record.Report().Windows {
		if w.Why == what && w.Unacknowledged > 0 {
			tr.Errorf("%s: %d sends failed", what, w.Unacknowledged)
		}
	}
}

// watchMembers asks proxies for every group's members again and again, and counts what was wrong.
func (tr *trial) watchMembers(ctx context.Context, proxies []*localcluster.Member) map[string]int {
	wrong := map[string]int{}
	for ctx.Err() == nil {
		for _, p := range proxies {
			if found := tr.strangers(p, tr.clients.groups); strings.HasPrefix(found, theMembers) {
				wrong[found]++
			}
		}
		tr.pass(settlePace)
	}
	return wrong
}

// settle waits until every proxy serves every shard, every producer is acknowledged, every queue of the groups has one holder, and
// every proxy tells each group's members and no others. It returns what was awaited last.
func (tr *trial) settle(what string, since time.Time, groups []*consumerGroup) (last string) {
	tr.Helper()
	must(tr.T, tr.cluster.AwaitReady(tr.Context()))
	last, tr.reach = "nothing", nil
	for deadline := since.Add(settleTime); ; tr.pass(settlePace) {
		missing := tr.unsettled(since, groups)
		if missing == "" {
			return last
		}
		if last = missing; time.Now().After(deadline) {
			tr.Fatalf("%v after %s there was not %s", settleTime, what, missing)
		}
	}
}

func (tr *trial) unsettled(since time.Time, groups []*consumerGroup) string {
	if missing := tr.clients.unserved(since, groups); missing != "" {
		return missing
	}
	for _, p := range tr.cluster.Proxies {
		if p.Running() {
			if missing := tr.strangers(p, groups); missing != "" {
				return missing
			}
		}
	}
	return tr.behind()
}

// prompt are the groups whose clients do not take their own time.
func (tr *trial) prompt() []*consumerGroup {
	return slices.DeleteFunc(slices.Clone(tr.clients.groups), func(g *consumerGroup) bool { return !g.prompt })
}

const theMembers = "the members "

// strangers says which group's list of members, asked through a proxy, is not what it should be.
func (tr *trial) strangers(p *localcluster.Member, groups []*consumerGroup) string {
	shards, err := p.Shards(tr.Context())
	if err != nil {
		return err.Error()
	}
	for shard, address := range shards {
		for _, g := range groups {
			list, err := askMembers(tr.Context(), address, g.name)
			if err != nil {
				return err.Error()
			}
			if got := memberIDs(list); !slices.Equal(got, g.instances()) {
				return fmt.Sprintf("%s%v of %s in shard %s by %s, which told %v", theMembers, g.instances(), g.name, shard, p.Name, got)
			}
		}
	}
	return ""
}

func askMembers(ctx context.Context, address, group string) ([]string, error) {
	const getConsumerList = 38
	reply, err := wire.Ask(ctx, address, getConsumerList, map[string]string{"consumerGroup": group}, nil)
	if err != nil || reply.Code != 0 {
		return nil, err
	}
	var list struct {
		IDs []string `json:"consumerIdList"`
	}
	return list.IDs, json.Unmarshal(reply.Body, &list)
}

// pass lets the load go on for the length of a fault.
func (tr *trial) pass(length time.Duration) {
	select {
	case <-time.After(length):
	case <-tr.Context().Done():
	}
}
