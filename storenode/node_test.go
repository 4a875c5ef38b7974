package storenode

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/storenode/vfs"
)

// failWrites refuses what is written to the log while the flag is set, as it is.
func failWrites(fs *vfs.Mem) *atomic.Bool {
	on := &atomic.Bool{}
	on.Store(true)
	fs.SetHook(func(op vfs.Op) error {
		if on.Load() && op.Kind == "write" && strings.Contains(op.Path, "commitlog") {
			return syscall.ENOSPC
		}
		return nil
	})
	return on
}

func TestAnUnknownCodeIsAnsweredSo(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.dial().want(9999, nil, nil, protocol.RequestCodeNotSupported, " request type 9999 not supported")
	})
}

func TestAnUndisturbedLifeIsNotWorthAWarning(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.beat("c", "T")
		p.send(to("T"), "m")
		p.later(protocol.PullMessage, held("T", 0, 1), nil)
		s.restart()
		s.close()
		equal(t, "logged", s.log.complaints(), "")
	})
}

// TestAnEndingNode: what comes while it flushes is refused, but for requests of
// which any answer would be believed.
func TestAnEndingNodeRefusesButSaysNothingThatIsBelieved(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dialJava()
		s.node.gate.close()
		for code := range map[int32]bool{protocol.SendMessageV2: true, protocol.PullMessage: true, protocol.HeartBeat: true, protocol.UpdateConsumerOffset: true, 9999: true} {
			p.want(code, nil, nil, protocol.SystemError, "the broker is stopping")
		}
		for _, code := range []int32{protocol.QueryConsumerOffset, protocol.GetMaxOffset, protocol.GetConsumerListByGroup} {
			if c := p.askWithin(time.Minute, code, nil, nil); c != nil {
				t.Errorf("%s was answered %d", protocol.RequestName(code), c.Code)
			}
		}
	})
}

func TestAnEndingNodeAnswersWhatItHasTaken(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		var answers []func() (*remoting.Command, time.Duration)
		for range 20 {
			h := to("T")
			answers = append(answers, p.later(protocol.SendMessageV2, h, []byte("m")))
		}
		s.close()
		s.open()
		stored := 0
		for _, answer := range answers {
			if c, _ := answer(); c != nil && c.Code == protocol.Success {
				stored++
			}
		}
		equal(t, "stored", len(s.dial().stored("T", 0)), stored)
		equal(t, "logged", s.log.complaints(), "")
	})
}

// TestATopicsRowIsMadeAgain: the row of a new topic is written beside its first
// messages, and a kill may come between.
func TestATopicsRowIsMadeAgainWhereItsMessagesOutlivedIt(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.dial().want(protocol.UpdateAndCreateTopic, newTopic("First", false), nil, protocol.Success, "") // so that there is a table
		failTables(s.fs, true)
		h := to("T")
		h.QueueID = 2
		s.dial().send(h, "m")
		s.kill()
		s.open()
		made := s.node.topics.Get([]byte("T"))
		if made == nil || made.ReadQueueNums != 3 || made.Perm != 6 {
			t.Fatalf("the topic is %+v", made)
		}
		equal(t, "body", string(s.dial().one("T", 2).Body), "m")
		if !strings.Contains(s.log.complaints(), "topic made again") {
			t.Error("nothing was said of it")
		}
		s.restart()
		equal(t, "logged at the next start", s.log.complaints(), "")
	})
}

func TestAcknowledgedMessagesOutliveAPowerLossWithSyncFlush(t *testing.T) {
	withNode(t, func(c *Config) { c.FlushDiskType = "SYNC_FLUSH" }, func(s *scene) {
		s.dial().send(to("T"), "synced")
		s.fs.Halt()
		s.node.Close(context.Background())
		s.node = nil
		s.fs = s.fs.AfterPowerLoss(rand.New(rand.NewPCG(1, 2)))
		s.open()
		equal(t, "body", string(s.dial().one("T", 0).Body), "synced")
	})
}

func TestAStoreHasOneNodeAndOneName(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		if _, err := Open(s.config, s.fs); !errors.Is(err, vfs.ErrLocked) || !strings.Contains(err.Error(), "/store/lock") {
			t.Errorf("a second node: %v", err)
		}
		s.close()
		s.config.BrokerName = "another"
		if err := s.tryOpen(); err == nil || !strings.Contains(err.Error(), "belongs to brokerName=shard") {
			t.Errorf("another shard: %v", err)
		}
		s.config.BrokerName = "shard"
		s.open()
	})
}

func TestAFailedStartClosesWhatItOpened(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.close()
		for _, file := range []string{"/store/config/topics.json", "/store/config/subscriptionGroup.json", "/store/config/consumerOffset.json",
			"/store/config/delayOffset.json", "/store/gantry/node.json"} {
			s.fs.SetHook(func(op vfs.Op) error {
				if op.Kind == "open" && op.Path == file {
					return syscall.EIO
				}
				return nil
			})
			if err := s.tryOpen(); !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), file) {
				t.Errorf("start without %s: %v", file, err)
			}
			s.fs.SetHook(nil)
		}
		s.open() // nothing is locked
	})
}

func TestSettingsThatCannotWorkAreNamed(t *testing.T) {
	for what, change := range map[string]func(*Config){
		"flushDiskType=SOMETIMES":   func(c *Config) { c.FlushDiskType = "SOMETIMES" },
		"brokerId=-1":               func(c *Config) { c.BrokerID = -1 },
		"brokerId=0":                func(c *Config) { c.BrokerRole = "SLAVE" },
		"brokerRole=MASTER":         func(c *Config) { c.BrokerRole = "MASTER" },
		"haMasterAddress=m":         func(c *Config) { c.HAMasterAddress = "m" },
		"listenPort=70000":          func(c *Config) { c.ListenPort = 70000 },
		"flushIntervalCommitLog=0":  func(c *Config) { c.FlushIntervalMillis = 0 },
		"maxHashSlotNum=0":          func(c *Config) { c.MaxHashSlotNum = 0 },
		"maxIndexNum=1":             func(c *Config) { c.MaxIndexNum = 1 },
		"defaultTopicQueueNums=0":   func(c *Config) { c.DefaultTopicQueueNums = 0 },
		"brokerIP1=nowhere":         func(c *Config) { c.BrokerIP1 = "nowhere" },
		"messageDelayLevel":         func(c *Config) { c.MessageDelayLevel = "soon" },
		"storeHostAddr=nowhere":     func(c *Config) { c.StoreHostAddr = "nowhere" },
		"mappedFileSizeCommitLog=1": func(c *Config) { c.CommitLogFileBytes = 1 },
	} {
		c := smallConfig()
		c.Log = slog.New(slog.DiscardHandler)
		change(&c)
		if _, err := Open(c, vfs.NewMem()); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestStoreHostAddrIsWrittenIntoRecords(t *testing.T) {
	withNode(t, func(c *Config) { c.StoreHostAddr = "10.9.9.9:33" }, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "m")
		equal(t, "store host", p.one("T", 0).StoreHost, netip.MustParseAddrPort("10.9.9.9:33"))
	})
}

func TestOneChannelsRequestsUnderWayAreBounded(t *testing.T) {
	withNode(t, func(c *Config) { c.Limits.InFlight = 1 }, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "m")
		p.later(protocol.PullMessage, held("T", 0, 1), nil)
		p.want(protocol.GetMaxOffset, protocol.GetMaxOffsetRequest{Topic: "T"}, nil, protocol.SystemBusy, "too many requests")
		synctest.Wait()
	})
}
