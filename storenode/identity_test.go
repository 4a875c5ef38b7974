package storenode

import (
	"errors"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gantry/membership"
	"gantry/membership/registrar"
	"gantry/storenode/configfile"
	"gantry/storenode/vfs"
)

func (s *scene) nodeFile() string {
	s.t.Helper()
	text, err := configfile.On(s.fs).ReadFile("/store/gantry/node.json")
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// answered is a name server's answer to what the node states now.
func (s *scene) answered(slot int) {
	s.node.registered(registrar.Answer{Slot: slot, Stated: s.node.current().Slot})
}

func TestOfManyProposalsTheFirstIsRecorded(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		stated := s.node.current().Slot
		var all sync.WaitGroup
		for slot := range 8 {
			all.Go(func() { s.node.registered(registrar.Answer{Slot: slot, Stated: stated}) })
		}
		all.Wait()
		first := s.node.current().Slot
		s.node.registered(registrar.Answer{Slot: 9, Stated: stated}) // of a name server that was slow
		equal(t, "slot", s.node.current().Slot, first)
		s.answered(9) // of one that refuses the slot stated
		equal(t, "slot", s.node.current().Slot.Slot, 9)
	})
}

func TestASlotIsRecordedBeforeItIsStated(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		equal(t, "before", s.node.current().Slot.Slot, membership.NoSlot)
		s.fs.SetHook(func(op vfs.Op) error {
			if strings.Contains(op.Path, "node.json") {
				return syscall.EIO
			}
			return nil
		})
		s.answered(4)
		equal(t, "unrecorded", s.node.current().Slot.Slot, membership.NoSlot)
		s.fs.SetHook(nil)
		s.answered(4)
		claim := s.node.current().Slot
		equal(t, "recorded", claim, membership.SlotClaim{Slot: 4, RecordedMillis: time.Now().UnixMilli()})
		if !strings.Contains(s.nodeFile(), `"shardSlot":4`) {
			t.Errorf("node.json is %s", s.nodeFile())
		}
		time.Sleep(time.Second)
		s.restart()
		s.answered(4)
		s.answered(membership.NoSlot) // of a stock name server
		equal(t, "after a restart", s.node.current().Slot, claim)
	})
}

func TestAConfiguredSlotIsKept(t *testing.T) {
	withNode(t, func(c *Config) { c.ShardSlot = 3 }, func(s *scene) {
		s.answered(5)
		claim := s.node.current().Slot
		equal(t, "slot", claim.Slot, 3)
		equal(t, "configured", claim.Configured, true)
		if _, err := s.node.identity.assigned(5, claim); !errors.Is(err, errSlotConfigured) {
			t.Errorf("another slot: %v", err)
		}
	})
}

func TestAStoreKnowsItsShardFromTheFirstStartOn(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		equal(t, "node.json", s.nodeFile(), `{"brokerName":"shard","shardSlot":-1,"brokerRole":"ASYNC_MASTER"}`)
	})
}

func TestARecordThatCannotBeReadStopsTheStart(t *testing.T) {
	for text, what := range map[string]string{`{"brokerName":`: "node.json is corrupt", `{"brokerName":"shard","shardSlot":"x"}`: "node.json is corrupt"} {
		fs := vfs.NewMem()
		files := configfile.On(fs)
		files.MkdirAll("/store/gantry")
		if err := files.WriteFile("/store/gantry/node.json", []byte(text)); err != nil {
			t.Fatal(err)
		}
		if _, err := openIdentity(files, "/store/gantry/node.json", "shard", membership.NoSlot); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestTheNodeStatesWhatBrokerPermissionLeaves(t *testing.T) {
	withNode(t, func(c *Config) { c.BrokerPermission = 4 }, func(s *scene) {
		s.dial().send(to("T"), "m")
		r := s.node.current()
		equal(t, "T", r.Topics["T"].Perm, 4)
		equal(t, "TBW102", r.Topics["TBW102"].Perm, 5)
		equal(t, "address", r.Addr, "10.1.1.1:10911")
		equal(t, "HA address", r.HAServerAddr, "10.1.1.1:10912")
		equal(t, "gateway", r.Gateway, true)
	})
}
