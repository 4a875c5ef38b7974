package compat

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"gantry/tools/compat/artifacts"
	"gantry/tools/compat/process"
	"gantry/tools/compat/realbroker"
	"gantry/tools/compat/server"
	"gantry/tools/compat/smalldisk"
	"gantry/tools/compat/stage"
)

// pair is a master and a slave, Gantry's or the real ones, with what faults are made of: a cable between them, and a small disk for
// the slave.
type pair struct {
	*testing.T
	system  string
	namesrv string
	role    string // of the master
	master  *pairCopy
	slave   *pairCopy
	cable   *link
	disk    *smalldisk.Disk
}

// pairCopy is one of the two, through all its lives.
type pairCopy struct {
	copyOf
	role    map[string]string // its brokerRole, brokerId, haMasterAddress
	process *process.Process
	launch  func(properties map[string]string) (*process.Process, error)
}

// systems are those that a pair may be of.
func systems() map[string]func(p *pair, name string, place map[string]string) *pairCopy {
	return map[string]func(p *pair, name string, place map[string]string) *pairCopy{"gantry": (*pair).gantry, "real": (*pair).real}
}

// startPair starts both, and waits until the slave has what the master has.
func startPair(t *testing.T, system, role string) *pair {
	t.Helper()
	p := &pair{T: t, system: system, role: role}
	dir := t.TempDir()
	var err error
	p.disk, err = smalldisk.Make(filepath.Join(dir, "small"), slaveDisk)
	must(t, err)
	t.Cleanup(func() { must(t, p.disk.Unmount()) })
	if system == "real" {
		r := releaseOf(t, "4.9.7", (*artifacts.Set).ServerClasspath)
		p.namesrv = r.namesrv(t, r.config(t, nil)).Address
	} else {
		p.namesrv = proxyFor(t, nil).Address
	}
	p.master = systems()[system](p, "master", map[string]string{"storePathRootDir": filepath.Join(dir, "master")})
	p.master.role = map[string]string{"brokerRole": role, "brokerId": "0"}
	must(t, p.master.start())
	p.cable = startLink(t, haAddressOf(t, p.master.address))
	p.slave = systems()[system](p, "slave", map[string]string{"storePathRootDir": filepath.Join(p.disk.Dir, "slave")})
	p.slave.role = map[string]string{"brokerRole": "SLAVE", "brokerId": "1", "haMasterAddress": p.cable.address}
	must(t, p.slave.start())
	t.Cleanup(func() { p.slave.kill(); p.master.kill() })
	stage.Eventually(t, settleTime, "a route to both", func() bool { return len(shardAt(t, p.namesrv, "TBW102")) == 2 })
	return p
}

// haAddressOf is the haListenPort of who listens at an address.
func haAddressOf(t *testing.T, address string) string {
	t.Helper()
	host, text, err := net.SplitHostPort(address)
	must(t, err)
	port, err := strconv.Atoi(text)
	must(t, err)
	return fmt.Sprintf("%s:%d", host, port+1)
}

// common are the properties that all copies have.
func (p *pair) common(place map[string]string) map[string]string {
	root := place["storePathRootDir"]
	all := map[string]string{
		"brokerClusterName": "DefaultCluster", "brokerIP2": "127.0.0.1", "mappedFileSizeCommitLog": strconv.Itoa(copiedFileBytes),
		"storePathRootDir": root, "storePathCommitLog": filepath.Join(root, "commitlog"),
	}
	if p.system == "real" {
		all["storePathConsumeQueue"], all["storePathIndex"] = filepath.Join(root, "consumequeue"), filepath.Join(root, "index")
	}
	return all
}

func (p *pair) gantry(name string, place map[string]string) *pairCopy {
	var node *server.Alone
	c := &pairCopy{copyOf: copyOf{store: place["storePathRootDir"]}}
	c.launch = func(role map[string]string) (*process.Process, error) {
		properties := p.common(place)
		maps.Copy(properties, role)
		if node != nil {
			err := node.StartAgainWith(p.Context(), properties)
			return node.Process, err
		}
		started, err := server.StartNode(p.Context(), server.Config{Set: theatre.Artifacts(p.T), Dir: filepath.Join(p.TempDir(), name), Properties: properties}, p.namesrv)
		if err != nil {
			return nil, err
		}
		p.Cleanup(started.Close)
		node, c.address = started, started.Address
		return node.Process, nil
	}
	return c
}

func (p *pair) real(_ string, place map[string]string) *pairCopy {
	r := releaseOf(p.T, "4.9.7", (*artifacts.Set).ServerClasspath)
	config := r.config(p.T, nil)
	config.RegisterAt = p.namesrv
	c := &pairCopy{copyOf: copyOf{store: place["storePathRootDir"]}}
	c.launch = func(role map[string]string) (*process.Process, error) {
		config.Properties = p.common(place)
		maps.Copy(config.Properties, role)
		ctx, cancel := context.WithTimeout(p.Context(), realbroker.StartTimeout)
		defer cancel()
		b, err := realbroker.StartBroker(ctx, config)
		if err != nil {
			return nil, err
		}
		c.address = b.Address
		return b.Process, nil
	}
	return c
}

// start starts it where it was, as what it is.
func (c *pairCopy) start() error {
	started, err := c.launch(c.role)
	if started != nil {
		c.process = started
	}
	return err
}

func (c *pairCopy) kill() {
	if c.process.Running() {
		c.process.Kill()
	}
}

func (c *pairCopy) signal(s syscall.Signal) error { return syscall.Kill(c.process.PID(), s) }

// wipe removes all that it has; it must not run.
func (c *pairCopy) wipe() error { return os.RemoveAll(c.store) }

// caughtUp says whether the slave has what the master had just now.
func (p *pair) caughtUp() bool {
	_, end, err := p.master.bounds(p.Context())
	_, has, slaveErr := p.slave.bounds(p.Context())
	return errors.Join(err, slaveErr) == nil && has >= end
}
