package compat

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/smalldisk"
	"gantry/tools/compat/stage"
	"gantry/tools/compat/wire"
	"gantry/tools/localcluster"
)

const (
	// copiedFileBytes makes a log of several files, which can be compared whole.
	copiedFileBytes = 5 << 20
	copiedBodyBytes = 4000 // which no client compresses
	// copyFault is how long a copy is away: longer than clients wait for an answer.
	copyFault = 4 * time.Second
	slaveDisk = 256 << 20
	linkDelay = 50 * time.Millisecond // of a slow link, each way
)

// TestCopiesKeepTheirPromisesThroughEveryFault takes two shards of a master and a slave each through one fault after the other, under the
// same clients, be it that the masters' acknowledgement waits for the slave or not: it decides how long sends take, and what survives
// the loss of a master, which comes back here.
func TestCopiesKeepTheirPromisesThroughEveryFault(t *testing.T) {
	kinds := []agent.Kind{agent.Java498, agent.Go212}
	if long() {
		kinds = agent.Kinds()
	}
	for _, role := range []string{"ASYNC_MASTER", "SYNC_MASTER"} {
		t.Run(role, func(t *testing.T) {
			tr := startTrial(t, trialConfig{proxies: 2, shards: clusterShards(), slaves: 1, role: role, kinds: kinds, hurried: !long(), bodyBytes: copiedBodyBytes})
			tr.faultsOfCopies()
			stage.Eventually(tr, 2*time.Minute, "a log of several files at each slave, by those who send meanwhile", func() bool {
				return !slices.ContainsFunc(tr.cluster.Slaves, func(s *localcluster.Member) bool { return len(storeFiles(t, s.Store, "commitlog/*")) < 2 })
			})
			tr.calm("the end")
			tr.finish()
			for _, s := range tr.cluster.Slaves {
				tr.haveOneLog(tr.masterOf(s), s)
			}
		})
	}
}

func (tr *trial) faultsOfCopies() {
	master, slave := tr.cluster.Nodes[0], tr.cluster.Slaves[0]
	tr.disturb("kill -9 of a master", 1, func() { tr.away(master) })
	tr.disturb("kill -9 of a slave", 1, func() { tr.away(slave) })
	tr.disturb("kill -9 of a master and its slave", 1, func() { tr.away(master, slave) })
	tr.disturb("SIGSTOP of a slave", 1, func() {
		must(tr.T, slave.Stop())
		tr.pass(copyFault)
		must(tr.T, slave.Continue())
	})
	tr.disturb("no way between a master and its slave", 1, func() {
		must(tr.T, tr.cluster.Cut(master, slave))
		tr.pass(copyFault)
		must(tr.T, tr.cluster.Heal(master, slave))
	})
	tr.slowLink(slave)
	tr.fullDisk(tr.cluster.Slaves[1])
	tr.disturb("a slave's store is gone", 1, func() {
		must(tr.T, slave.Kill())
		must(tr.T, os.RemoveAll(slave.Store))
		must(tr.T, slave.Start())
	})
}

// away kills members and starts them again after a while, in which clients do without them.
func (tr *trial) away(members ...*localcluster.Member) {
	tr.Helper()
	for _, m := range members {
		must(tr.T, m.Kill())
	}
	tr.pass(copyFault)
	for _, m := range members {
		must(tr.T, m.Start())
	}
}

// slowLink has a slave copy over a link that takes its time and now and then loses something, and then directly again.
func (tr *trial) slowLink(slave *localcluster.Member) {
	link := startSlowLink(tr.T, tr.masterOf(slave).HAAddress)
	through := func(address string) {
		must(tr.T, slave.Terminate())
		slave.Configure("haMasterAddress", address)
		must(tr.T, slave.Start())
	}
	tr.disturb(fmt.Sprintf("a link of %v and 1 %% loss to a slave", linkDelay), 1, func() {
		through(link)
		tr.pass(copyFault)
	})
	tr.disturb("the link is fast again", 1, func() { through("") })
}

// fullDisk has a slave's disk fill and be emptied.
func (tr *trial) fullDisk(slave *localcluster.Member) {
	disk, err := smalldisk.Make(filepath.Join(tr.dir, "small"), slaveDisk)
	must(tr.T, err)
	tr.Cleanup(func() {
		if slave.Running() {
			must(tr.T, slave.Kill()) // the cluster closes later
		}
		if err := disk.Unmount(); err != nil {
			tr.Error(err)
		}
	})
	tr.disturb("a slave begins anew on a small disk", 1, func() {
		must(tr.T, slave.Terminate())
		slave.Store = filepath.Join(disk.Dir, "store")
		slave.Configure("storePathRootDir", slave.Store)
		must(tr.T, slave.Start())
	})
	tr.disturb("a slave's disk is full", 1, func() {
		must(tr.T, disk.Fill(0))
		tr.pass(copyFault)
		must(tr.T, disk.Free())
	})
}

func (tr *trial) masterOf(slave *localcluster.Member) *localcluster.Member {
	return tr.cluster.Nodes[slices.IndexFunc(tr.cluster.Nodes, func(m *localcluster.Member) bool { return m.Shard == slave.Shard })]
}

// behind says which slave does not have what its master had when this was asked first since settle began, "" when each has. While
// messages come a slave is never quite as far as its master is.
func (tr *trial) behind() string {
	if tr.reach == nil {
		tr.reach = map[string]int64{}
		for _, m := range tr.cluster.Nodes {
			for topic := range copiedTopics() {
				tr.reach[m.Shard+topic] = tr.has(m, topic)
			}
		}
	}
	for _, s := range tr.cluster.Slaves {
		for topic := range copiedTopics() {
			if want := tr.reach[s.Shard+topic]; tr.has(s, topic) < want {
				return fmt.Sprintf("%d messages of %s in %s", want, topic, s.Name)
			}
		}
	}
	return ""
}

// copiedTopics are the clients' topics and how many queues each has in a shard.
func copiedTopics() map[string]int {
	return map[string]int{unordered: unorderedQueues, ordered: orderedQueues}
}

// has is how many messages of a topic a copy has.
func (tr *trial) has(m *localcluster.Member, topic string) int64 {
	return total(func(queue int) int64 { return endOf(tr.Context(), m.Address, topic, queue) }, copiedTopics()[topic])
}

// endOf is the end of a queue as one copy tells it; -1 where it does not.
func endOf(ctx context.Context, address, topic string, queue int) int64 {
	reply, err := wire.Ask(ctx, address, getMaxOffset, map[string]string{"topic": topic, "queueId": strconv.Itoa(queue)}, nil)
	if err != nil || reply.Code != 0 {
		return -1
	}
	end, err := strconv.ParseInt(reply.ExtFields["offset"], 10, 64)
	if err != nil {
		return -1
	}
	return end
}

// haveOneLog says that what a slave has of the log is what its master has at the same places, to the last byte.
func (tr *trial) haveOneLog(master, slave *localcluster.Member) {
	tr.Helper()
	files := storeFiles(tr.T, slave.Store, "commitlog/*")
	if len(files) < 2 {
		tr.Errorf("the log of %s is of %d files, want several", slave.Name, len(files))
	}
	for _, file := range files {
		of := filepath.Join(master.Store, "commitlog", filepath.Base(file))
		stage.Eventually(tr, settleTime, fmt.Sprintf("%s as %s", file, of), func() bool {
			copied, err := os.ReadFile(file)
			must(tr.T, err)
			original, err := os.ReadFile(of)
			return bytes.Equal(copied, original) || os.IsNotExist(err) && len(bytes.Trim(copied, "\x00")) == 0 // made ahead
		})
	}
}
