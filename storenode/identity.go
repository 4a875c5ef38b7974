package storenode

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"gantry/membership"
	"gantry/storenode/configfile"
)

// identity is what the node has recorded about itself, gantry/node.json
// (FORMAT.md): its shard, its shard's slot, and where clients reach it through
// proxies. What is stated anywhere was recorded before.
type identity struct {
	file  *configfile.File
	fresh bool // there was no record: the store is new, or a Java broker's

	mu    sync.Mutex // guards state; held while it is written, so that records follow one another
	state nodeState
}

type nodeState struct {
	BrokerName         string `json:"brokerName"`
	ShardSlot          int    `json:"shardSlot"` // membership.NoSlot while none is recorded
	SlotRecordedMillis int64  `json:"shardSlotRecordedMillis,omitempty"`
	SlotConfigured     bool   `json:"shardSlotConfigured,omitempty"`
	GatewayAddr        string `json:"gatewayAddr,omitempty"` // IP:port
	Role               string `json:"brokerRole,omitempty"`  // when the node ran last
	BrokerID           int64  `json:"brokerId,omitempty"`    // the same
}

// openIdentity reads the record, and records what the configuration demands and
// whose the store is from now on.
func openIdentity(fsys configfile.FS, path, brokerName string, configuredSlot int) (*identity, error) {
	i := &identity{file: configfile.New(fsys, path),
		state: nodeState{BrokerName: brokerName, ShardSlot: membership.NoSlot}}
	found, err := i.file.Load(i.decode)
	if err != nil {
		return nil, err
	}
	i.fresh = !found
	if i.state.BrokerName != brokerName {
		return nil, fmt.Errorf("the store belongs to brokerName=%s, the configuration says %s: give the store's name, or another storePathRootDir", i.state.BrokerName, brokerName)
	}
	if configuredSlot != membership.NoSlot {
		return i, i.record(configuredSlot, true)
	}
	i.state.SlotConfigured = false
	if found {
		return i, nil
	}
	return i, i.save(i.state)
}

func (i *identity) decode(text []byte) error {
	state := nodeState{ShardSlot: membership.NoSlot}
	err := json.Unmarshal(text, &state)
	if err == nil {
		i.state = state
	}
	return err
}

// claim is what the node states about its slot.
func (i *identity) claim() membership.SlotClaim {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.state.claim()
}

func (s nodeState) claim() membership.SlotClaim {
	return membership.SlotClaim{Slot: s.ShardSlot, RecordedMillis: s.SlotRecordedMillis, Configured: s.SlotConfigured}
}

var errSlotConfigured = errors.New("shardSlot is configured, another is not taken")

// assigned records the slot that a name server gave to a node that stated a
// claim; changed is false where it was recorded already, and where another was
// recorded since: of several name servers that propose at once the first one's
// slot is recorded, and stated to the others.
func (i *identity) assigned(slot int, stated membership.SlotClaim) (changed bool, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	claim := i.state.claim()
	if slot == membership.NoSlot || slot == claim.Slot || stated != claim {
		return false, nil
	}
	if claim.Configured {
		return false, fmt.Errorf("slot %d offered for slot %d: %w", slot, claim.Slot, errSlotConfigured)
	}
	return true, i.record(slot, false)
}

// record is for openIdentity, and for who holds mu.
func (i *identity) record(slot int, configured bool) error {
	if i.state.ShardSlot == slot && i.state.SlotConfigured == configured {
		return nil
	}
	next := i.state
	next.ShardSlot, next.SlotConfigured, next.SlotRecordedMillis = slot, configured, time.Now().UnixMilli()
	if err := i.save(next); err != nil {
		return fmt.Errorf("record slot %d: %w", slot, err)
	}
	i.state = next
	return nil
}

// gatewayAddr is where proxies last said that clients reach the node; the zero
// one where they said nothing.
func (i *identity) gatewayAddr() netip.AddrPort {
	i.mu.Lock()
	defer i.mu.Unlock()
	addr, err := netip.ParseAddrPort(i.state.GatewayAddr)
	if err != nil {
		return netip.AddrPort{}
	}
	return addr
}

func (i *identity) recordGatewayAddr(addr netip.AddrPort) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	next := i.state
	if next.GatewayAddr = ""; addr.IsValid() {
		next.GatewayAddr = addr.String()
	}
	if next == i.state {
		return nil
	}
	if err := i.save(next); err != nil {
		return fmt.Errorf("record gateway address %s: %w", addr, err)
	}
	i.state = next
	return nil
}

func (i *identity) save(state nodeState) error {
	text, err := json.Marshal(state)
	if err != nil {
		panic("BUG: the node's record cannot be written as JSON: " + err.Error())
	}
	return i.file.Save(text)
}
