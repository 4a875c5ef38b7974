package replica

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"gantry/storenode/commitlog"
	"gantry/storenode/store"
	"gantry/storenode/vfs"
)

// simNode is one copy: a disk, and a process while it is up.
type simNode struct {
	sim   *simulation
	name  string
	flush commitlog.FlushDiskType
	disk  *vfs.Mem
	lost  atomic.Int64 // times that it may have lost what it had reported: a power loss, a wipe

	store  *store.Store
	master *Master
	slave  *Slave

	log    atomic.Pointer[commitlog.Log] // of the process that is up, or was last
	had    atomic.Int64                  // what it could report before it crashed
	slow   atomic.Int64                  // ns that a sync takes
	full   atomic.Bool
	bad    atomic.Bool // its syncs fail
	hurt   bool        // something could not be written or synced since it was started
	random *rand.Rand  // of disk
}

func (n *simNode) up() bool { return n.store != nil }

// start opens the store and takes the role that the simulation gives the node.
func (n *simNode) start() {
	leads := n.sim.leader == n
	n.full.Store(false)
	n.bad.Store(false)
	n.hurt = false
	cfg := storeConfig(!leads)
	cfg.FlushDiskType, cfg.FileReservedTime = n.flush, n.sim.keeps
	for hour := range 24 {
		cfg.DeleteWhen = append(cfg.DeleteWhen, hour)
	}
	var master atomic.Pointer[Master]
	cfg.OnAppend = func(end commitlog.Offset) {
		if m := master.Load(); m != nil {
			m.Appended(end)
		}
	}
	n.arrange()
	var err error
	if n.store, err = store.Open(cfg, n.disk, quiet()); err != nil {
		n.sim.fail("%s does not open: %v", n.name, err)
	}
	n.log.Store(n.store.Log())
	if !leads {
		n.slave = NewSlave(n.slaveConfig())
		n.slave.Follow(n.sim.address())
		return
	}
	listener, err := n.sim.net.below.Listen(n.name)
	if err != nil {
		n.sim.fail("%v", err)
	}
	mc := DefaultMasterConfig()
	mc.Log, mc.Logger, mc.Listener = n.store.Log(), quiet(), simListener{listener, n.sim.net}
	mc.HATransferBatchSize, mc.ReadBytes = n.sim.frames, n.sim.reads
	n.master = NewMaster(mc)
	master.Store(n.master)
}

// arrange makes the disk as slow, and as full, as the simulation says.
func (n *simNode) arrange() {
	var mu sync.Mutex
	made := map[string]bool{} // whose first sync is not slow: the appender waits for it at a mutex, where no time passes
	n.disk.SetDelay(func(op vfs.Op) time.Duration {
		mu.Lock()
		defer mu.Unlock()
		first := made[op.Path]
		made[op.Path] = op.Kind == "create"
		if op.Kind != "sync" || first {
			return 0
		}
		return time.Duration(n.slow.Load())
	})
	n.disk.SetHook(func(op vfs.Op) error {
		if n.full.Load() && (op.Kind == "write" || op.Kind == "create") {
			return syscall.ENOSPC
		}
		if n.bad.Load() && op.Kind == "sync" {
			return syscall.EIO
		}
		return nil
	})
}

func (n *simNode) slaveConfig() SlaveConfig {
	cfg := DefaultSlaveConfig()
	cfg.ReadBytes = n.sim.reads
	cfg.Store, cfg.Logger, cfg.Dial, cfg.StoppedRetryInterval = n.store, quiet(), n.sim.net.dial, 5*time.Second
	cfg.Bounds = func(ctx context.Context, addr string) (Bounds, error) {
		log := n.sim.leaderLog.Load()
		if log == nil {
			return Bounds{}, fmt.Errorf("nobody leads")
		}
		conn, err := n.sim.net.dial(ctx, n.sim.leaderName.Load().(string))
		if err != nil {
			return Bounds{}, err
		}
		defer conn.Close()
		return Bounds{log.Min(), log.End()}, nil
	}
	return cfg
}

// end ends the process, however the simulation has.
func (n *simNode) end() {
	if n.up() {
		n.disk.Halt()
		_ = n.close()
	}
}

// stop ends the process in order.
func (n *simNode) stop() {
	if err := n.close(); err != nil && !n.hurt {
		n.sim.fail("%s does not close: %v", n.name, err)
	}
}

func (n *simNode) close() error {
	var errs [3]error
	if n.slave != nil {
		errs[0] = n.slave.Close()
	}
	if n.master != nil {
		errs[1] = n.master.Close()
	}
	errs[2] = n.store.Close()
	n.store, n.master, n.slave = nil, nil, nil
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// crash ends the process as kill -9 does, or the machine. What the next process
// finds must be what docs/durability.md says.
func (n *simNode) crash(power bool) {
	end := n.store.End()
	flushed, _ := n.store.Log().Flushed()
	n.had.Store(max(n.had.Load(), int64(n.store.Log().Safe())))
	n.disk.Halt()
	_ = n.close()
	if power {
		n.disk = n.disk.AfterPowerLoss(n.random)
		if n.flush == commitlog.AsyncFlush {
			n.lost.Add(1)
		}
	} else {
		n.disk = n.disk.AfterKill()
	}
	n.sim.restarted = append(n.sim.restarted, func() { // once it is up again
		got := n.log.Load().End()
		if least := map[bool]commitlog.Offset{false: end, true: flushed}[power]; got < least {
			n.sim.fail("%s had [0, %d), %d of it on the disk, and has %d after a crash (power: %v)", n.name, end, flushed, got, power)
		}
	})
}
