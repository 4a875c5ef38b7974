package localcluster

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// network gives each host an address and runs commands there.
type network interface {
	ip(host int) string
	command(host int, name string, args ...string) *exec.Cmd
	cut(one, other int) error
	heal(one, other int) error
	close() error
}

// ports are the same on every host.
type ports struct{ namesrv, node, gateway int }

const (
	networks = 200 // that may exist at once

	// Below the ephemeral ports, so that no outgoing connection takes one of ours.
	firstPort  = 10_000
	blockPorts = 100 // gateway slots are 20 apart, from 10 on
	blocks     = 80
)

// ErrNoNetwork says that every number is taken or its ports are in use.
var ErrNoNetwork = errors.New("no free network for a local cluster")

// number tells a network from all others on this machine while it is held, by a
// lock file that is free when the process ends.
type number struct {
	n    int
	lock *os.File
}

// takeNumber holds the first number that is free and fits.
func takeNumber(fits func(n int) bool) (number, error) {
	dir := filepath.Join(os.TempDir(), "gantry-test-networks")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return number{}, fmt.Errorf("folder of network locks: %w", err)
	}
	for n := 1; n <= networks; n++ {
		lock, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf("%d.lock", n)), os.O_CREATE|os.O_RDWR, 0o666)
		if err != nil {
			return number{}, fmt.Errorf("network lock: %w", err)
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil && fits(n) {
			return number{n, lock}, nil
		}
		lock.Close()
	}
	return number{}, fmt.Errorf("%w: tried %d", ErrNoNetwork, networks)
}

func (n number) release() error { return n.lock.Close() }

// ports is a block of the number's own, so that networks on one loopback differ
// in their ports, too: what listens on every address meets nobody.
func (n number) ports() ports {
	base := firstPort + n.n%blocks*blockPorts
	return ports{namesrv: base, node: base + 4, gateway: base + 10}
}

// loopback gives each host an address of 127.18.0.0/16.
type loopback struct{ number number }

// ErrNoCut says that hosts on one loopback cannot be parted.
var ErrNoCut = errors.New("only network namespaces can be parted")

func openLoopback(hosts int) (network, ports, error) {
	n, err := takeNumber(portsFree)
	if err != nil {
		return nil, ports{}, err
	}
	return loopback{n}, n.ports(), nil
}

// portsFree asks for every address, which includes the loopback's.
func portsFree(n int) bool {
	base := number{n: n}.ports().namesrv
	for port := base; port < base+blockPorts; port++ {
		l, err := net.Listen("tcp", ":"+strconv.Itoa(port))
		if err != nil {
			return false
		}
		l.Close()
	}
	return true
}

func (l loopback) ip(host int) string { return fmt.Sprintf("127.18.%d.%d", l.number.n, host+2) }

func (l loopback) command(_ int, name string, args ...string) *exec.Cmd {
	return exec.Command(name, args...)
}

func (l loopback) cut(int, int) error { return ErrNoCut }

func (l loopback) heal(int, int) error { return ErrNoCut }

func (l loopback) close() error { return l.number.release() }
