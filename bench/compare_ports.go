package bench

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// A system that is started gets blockPorts ports from the one on that {port} stands for, below those that the kernel gives to
// connections.
const (
	blockPorts = 200
	firstBlock = 20_000
	lastBlock  = 31_800
)

var errNoPorts = errors.New("no free ports")

// freeBlock is the first of blockPorts ports of which nobody uses any now.
func freeBlock() (int, error) {
	blocks := (lastBlock-firstBlock)/blockPorts + 1
	first := rand.IntN(blocks)
	for i := range blocks {
		if base := firstBlock + (first+i)%blocks*blockPorts; allFree(base) {
			return base, nil
		}
	}
	return 0, fmt.Errorf("blocks of %d from %d to %d: %w", blockPorts, firstBlock, lastBlock, errNoPorts)
}

func allFree(base int) bool {
	for port := base; port < base+blockPorts; port++ {
		l, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			return false
		}
		l.Close()
	}
	return true
}
