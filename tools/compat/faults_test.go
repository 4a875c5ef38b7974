package compat

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/stage"
	"gantry/tools/history"
)

// faultBodyBytes is what the slave's small disk has room for through all faults.
const faultBodyBytes = 1000

// catchUpTime is what a slave may take after a fault until it has what its master has, before it is given up.
const catchUpTime = 60 * time.Second

// routesTime is longer than clients take to ask for their routes again: none goes by that of the fault before.
const routesTime = 6 * time.Second

// lastTime is what deliveries are waited for of which some will not come.
const lastTime = 30 * time.Second

// fault is a row of the table.
type fault struct {
	name    string
	do      func(p *pair)
	last    bool // there is one copy from then on
	mayLose bool // acknowledged messages, or groups their places
}

// faults are the table's, in the order in which they are done to one pair. Each lasts copyFault.
func faults() []fault {
	return []fault{
		{name: "kill -9 of the master", do: func(p *pair) { p.away(p.master) }},
		{name: "kill -9 of the slave", do: func(p *pair) { p.away(p.slave) }},
		{name: "kill -9 of both", do: func(p *pair) { p.away(p.master, p.slave) }},
		{name: "SIGSTOP of the slave", do: func(p *pair) {
			must(p.T, p.slave.signal(syscall.SIGSTOP))
			p.pass(copyFault)
			must(p.T, p.slave.signal(syscall.SIGCONT))
		}},
		{name: "partition of the two, healed", do: func(p *pair) {
			p.cable.cut.Store(true)
			p.pass(copyFault)
			p.cable.cut.Store(false)
		}},
		{name: "a link of 50 ms each way and 1 % loss", do: func(p *pair) {
			p.cable.slow.Store(true)
			p.pass(copyFault)
			p.cable.slow.Store(false)
		}},
		{name: "the slave's disk is full", do: func(p *pair) {
			must(p.T, p.disk.Fill(0))
			p.pass(copyFault)
			must(p.T, p.disk.Free())
		}},
		{name: "a wiped slave joins again", do: func(p *pair) {
			p.slave.kill()
			must(p.T, p.slave.wipe())
			must(p.T, p.slave.start())
		}},
		{name: "the master is lost for good, the slave takes over by hand", last: true, do: (*pair).takeOver},
	}
}

// lostApart is a loss that no slave can make good: what was stored since it was cut off. Groups that have consumed of it stand behind
// the end of its queues, where their clients pass over what comes next.
func lostApart() []fault {
	return []fault{{name: "the same, the slave cut off for 4 s before", last: true, mayLose: true, do: func(p *pair) {
		p.cable.cut.Store(true)
		p.pass(copyFault)
		p.takeOver()
	}}}
}

// takeOver makes the slave the master, as operators do when that is lost.
func (p *pair) takeOver() {
	p.master.kill()
	must(p.T, p.slave.process.Stop())
	p.slave.role = map[string]string{"brokerRole": "ASYNC_MASTER", "brokerId": "0"}
	must(p.T, p.slave.start())
}

func (p *pair) pass(length time.Duration) {
	select {
	case <-time.After(length):
	case <-p.Context().Done():
	}
}

// away kills copies and starts them again after a while.
func (p *pair) away(copies ...*pairCopy) {
	p.Helper()
	for _, c := range copies {
		c.kill()
	}
	p.pass(copyFault)
	for _, c := range copies {
		must(p.T, c.start())
	}
}

// faultRun is one pair under one client through all faults.
type faultRun struct {
	*pair
	record  *history.Recorder
	clients *clients
	tour    []fault
	slaves  map[string]string // by fault: what became of the slave
}

// TestTheTableOfFaults takes pairs through one fault after the other and prints what clients saw of each, as docs/replication.md has
// it. Gantry's acknowledgements are kept, in either mode, where a copy that has them comes back. With GANTRY_LONG it is through all faults,
// with the real pair beside it, in both modes; else through those in which a slave takes over, which
// TestCopiesKeepTheirPromisesThroughEveryFault has not.
func TestTheTableOfFaults(t *testing.T) {
	all, shown, tours := []string{"gantry"}, []string{"ASYNC_MASTER"}, [][]fault{lastOf(faults()), lostApart()}
	if long() {
		all, shown, tours = []string{"gantry", "real"}, []string{"SYNC_MASTER", "ASYNC_MASTER"}, [][]fault{faults(), lostApart()}
	}
	var table strings.Builder
	table.WriteString("| fault | pair | no SEND_OK for, s | no delivery for, s | acknowledged, never delivered | delivered twice | stored twice | the slave afterwards |\n|---|---|---|---|---|---|---|---|\n")
	for i, tour := range tours {
		rows := map[string][]string{}
		for _, role := range shown {
			for _, system := range all {
				t.Run(fmt.Sprintf("tour %d %s %s", i+1, system, role), func(t *testing.T) {
					r := runFaults(t, system, role, tour)
					for _, f := range tour {
						rows[f.name] = append(rows[f.name], r.row(f))
					}
				})
			}
		}
		for _, f := range tour {
			if len(rows[f.name]) != len(all)*len(shown) {
				t.Errorf("%q has %d rows", f.name, len(rows[f.name]))
			}
			table.WriteString(strings.Join(rows[f.name], ""))
		}
	}
	t.Logf("\n%s", table.String())
}

// lastOf is the last fault alone.
func lastOf(tour []fault) []fault { return tour[len(tour)-1:] }

func runFaults(t *testing.T, system, role string, tour []fault) *faultRun {
	t.Helper()
	r := &faultRun{pair: startPair(t, system, role), tour: tour, slaves: map[string]string{}}
	srv := namesrv{list: r.namesrv}
	stage.CreateTopic(t, srv, unordered, unorderedQueues)
	stage.CreateTopic(t, srv, ordered, orderedQueues)
	stage.Eventually(t, catchUpTime, "a slave that has all", r.caughtUp)
	file, err := os.Create(filepath.Join(t.TempDir(), "history"))
	must(t, err)
	r.record = history.NewRecorder(file)
	t.Cleanup(func() {
		must(t, r.record.Close())
		must(t, file.Close())
	})
	properties := trialConfig{hurried: true}.properties(agent.Java498, 0)
	r.record.Disturb(math.MaxInt32, "the start of all clients")
	r.clients = startClients(t, r.record, []string{stage.BrokerName}, faultBodyBytes, [][]*stage.Client{{theatre.OwnClient(t, agent.Java498, srv, properties...)}})
	r.await("the start", time.Now())
	for _, f := range tour {
		r.suffer(f)
	}
	r.judge()
	return r
}

// suffer does it, waits until everybody is served again, and says what became of the slave.
func (r *faultRun) suffer(f fault) {
	r.Helper()
	r.record.Calm("before " + f.name)
	r.pass(routesTime)
	r.record.Disturb(math.MaxInt32, f.name)
	f.do(r.pair)
	since := time.Now()
	if f.last {
		r.slaves[f.name] = "is the master"
		r.await(f.name, since)
		return
	}
	r.slaves[f.name] = r.slaveAfter(since)
	r.await(f.name, since)
}

// slaveAfter waits until the slave has what its master has. One that cannot is started again, else wiped: that is told.
func (r *faultRun) slaveAfter(since time.Time) string {
	r.Helper()
	if r.awaitCaughtUp() {
		return fmt.Sprintf("has all %.1f s later", time.Since(since).Seconds())
	}
	told := fmt.Sprintf("does not catch up in %.0f s", catchUpTime.Seconds())
	if !r.slave.process.Running() {
		told = "its process has ended"
	}
	r.slave.kill()
	if err := r.slave.start(); err == nil && r.awaitCaughtUp() {
		return told + "; has all after a restart"
	}
	r.slave.kill()
	must(r.T, r.slave.wipe())
	must(r.T, r.slave.start())
	stage.Eventually(r.T, catchUpTime, "a wiped slave that has all", r.caughtUp)
	return told + ", nor after a restart; was wiped"
}

// awaitCaughtUp is false where the slave does not, or has ended.
func (r *faultRun) awaitCaughtUp() bool {
	for deadline := time.Now().Add(catchUpTime); time.Now().Before(deadline) && r.slave.process.Running(); r.pass(settlePace) {
		if r.caughtUp() {
			return true
		}
	}
	return false
}

func (r *faultRun) await(what string, since time.Time) {
	r.Helper()
	missing := ""
	for deadline := time.Now().Add(settleTime); time.Now().Before(deadline); r.pass(settlePace) {
		if missing = r.clients.unserved(since, r.clients.groups); missing == "" {
			return
		}
	}
	r.Fatalf("%v after %s there was not %s", settleTime, what, missing)
}

// judge ends the sends, waits for the rest of the deliveries, and looks at what a Gantry pair has promised.
func (r *faultRun) judge() {
	r.Helper()
	r.clients.stop()
	wait := settleTime
	if r.tour[len(r.tour)-1].mayLose {
		wait = lastTime
	}
	for deadline := time.Now().Add(wait); r.record.Missing() > 0 && time.Now().Before(deadline); r.pass(settlePace) {
		// deliveries go on
	}
	report := r.record.Report()
	r.Log(report)
	if err := report.Err(); err != nil {
		r.Log(err)
	}
	if r.system != "gantry" {
		return
	}
	for _, f := range r.tour {
		if w := r.window(report, f); w.Lost > 0 && !f.mayLose {
			r.Errorf("%d acknowledged messages are lost by %s", w.Lost, f.name)
		}
	}
}

func (r *faultRun) window(report history.Report, f fault) history.Window {
	for _, w := range report.Windows {
		if w.Why == f.name {
			return w
		}
	}
	r.Fatalf("the history has no %q", f.name)
	return history.Window{}
}

// row is a fault's row of the table.
func (r *faultRun) row(f fault) string {
	w := r.window(r.record.Report(), f)
	return fmt.Sprintf("| %s | %s %s | %.1f | %.1f | %d | %d | %d | %s |\n", f.name, r.system, strings.TrimSuffix(r.role, "_MASTER"),
		float64(w.SilenceMillis)/1000, float64(w.PauseMillis)/1000, w.Lost, w.Redelivered+w.Retried, w.StoredTwice, r.slaves[f.name])
}
