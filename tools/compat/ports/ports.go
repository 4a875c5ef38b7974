// Package ports hands out blocks of free loopback ports to tests that start servers with fixed port offsets (a broker takes
// P, P-2 and P+1). Blocks never overlap between processes of one machine: each is held by a lock file until it is released or
// its process ends. It starts nothing and knows no server.
package ports

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

const (
	// BlockPorts is the number of consecutive ports in a block.
	BlockPorts = 20

	// The range lies below the kernel's ephemeral ports, so that no outgoing connection takes one of ours.
	firstPort = 18000
	lastPort  = 32000
)

// ErrNoneFree says that every block of the range is held or in use.
var ErrNoneFree = errors.New("no block of free ports")

// Block is BlockPorts consecutive ports from Base on.
type Block struct {
	Base int
	lock *os.File
}

// Take reserves a block whose ports were all free at the time of asking.
func Take() (*Block, error) {
	dir := filepath.Join(os.TempDir(), "gantry-test-ports")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("make the folder of port locks: %w", err)
	}
	blocks := (lastPort - firstPort) / BlockPorts
	start := rand.IntN(blocks)
	for i := range blocks {
		base := firstPort + (start+i)%blocks*BlockPorts
		if b := tryBlock(dir, base); b != nil {
			return b, nil
		}
	}
	return nil, fmt.Errorf("take ports from %d to %d: %w", firstPort, lastPort, ErrNoneFree)
}

// Port is the i-th port of the block.
func (b *Block) Port(i int) int {
	if i < 0 || i >= BlockPorts {
		panic(fmt.Sprintf("BUG: port %d of a block of %d", i, BlockPorts))
	}
	return b.Base + i
}

// Address is the loopback address of the i-th port.
func (b *Block) Address(i int) string { return fmt.Sprintf("127.0.0.1:%d", b.Port(i)) }

// Release gives the block back.
func (b *Block) Release() error { return b.lock.Close() }

func tryBlock(dir string, base int) *Block {
	lock, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf("%d.lock", base)), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil
	}
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil || !allFree(base) {
		lock.Close()
		return nil
	}
	return &Block{Base: base, lock: lock}
}

func allFree(base int) bool {
	for i := range BlockPorts {
		l, err := net.Listen("tcp", fmt.Sprintf(":%d", base+i))
		if err != nil {
			return false
		}
		l.Close()
	}
	return true
}
