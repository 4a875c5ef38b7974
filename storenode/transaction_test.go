package storenode

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gantry/remoting"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/storenode/topic"
	"gantry/storenode/vfs"
)

func wantBodies(t *testing.T, p *peer, name string, want ...string) {
	t.Helper()
	if got := p.bodies(name, 0); !slices.Equal(got, want) {
		t.Errorf("%s holds %q, want %q", name, got, want)
	}
}

func TestATransactionIsSeenOnceCommittedAndNeverRolledBack(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		a, b, c := p.half("T", "a"), p.half("T", "b"), p.half("T", "c")
		wantBodies(t, p, "T")
		p.end(a, commits)
		p.end(b, rollsBack)
		p.end(c, unsure)
		wantBodies(t, p, "T", "a")
		for range 3 {
			p.end(a, commits)
			p.end(b, rollsBack)
		}
		wantBodies(t, p, "T", "a")
	})
}

func TestACommittedMessageIsTheOneThatWasSent(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		h := transactional("T", "a", "TAGS", "red", "KEYS", "k")
		h.QueueID, h.Flag = 2, 7
		sent := p.asSent(p.send(h, "a"))
		equal(t, "queue answered", sent.QueueID, 2)
		equal(t, "transaction id", string(sent.TransactionID), "a")
		p.end(sent, commits)
		m := p.one("T", 2)
		equal(t, "flag", m.Flag, 7)
		equal(t, "transaction type", message.TransactionType(m.SysFlag), message.FlagTransactionCommit)
		equal(t, "place of the half message", m.PreparedTransactionOffset, sent.at)
		equal(t, "born", m.BornTimestamp, h.BornTimestamp)
		equal(t, "tags", string(m.Properties.Get("TAGS")), "red")
	})
}

func TestAnEndIsComparedWithItsHalfMessage(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		plain := p.asSent(p.send(to("T"), "plain"))
		a := p.half("T", "a")
		for remark, change := range map[string]func(*protocol.EndTransactionRequest){
			"Find prepared transaction message failed":         func(h *protocol.EndTransactionRequest) { h.CommitLogOffset++ },
			"Find prepared transaction message failed: not a ": func(h *protocol.EndTransactionRequest) { h.CommitLogOffset = plain.at },
			"The producer group wrong":                         func(h *protocol.EndTransactionRequest) { h.ProducerGroup = "others" },
			"The transaction state table offset wrong":         func(h *protocol.EndTransactionRequest) { h.TranStateTableOffset++ },
		} {
			h := a.end(commits)
			change(&h)
			p.want(protocol.EndTransaction, h, nil, protocol.SystemError, remark)
		}
		wantBodies(t, p, "T", "plain")
	})
}

func TestAOnewayEndIsCarriedOutAndNotAnswered(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		a := p.half("T", "a")
		if err := p.client.Oneway(&remoting.Request{Code: protocol.EndTransaction, Header: a.end(commits)}); err != nil {
			t.Fatal(err)
		}
		wantBodies(t, p, "T", "a")
	})
}

func TestTransactionalMessagesCanBeForbidden(t *testing.T) {
	withNode(t, func(c *Config) { c.RejectTransactionMessage = true }, func(s *scene) {
		s.dial().want(protocol.SendMessageV2, transactional("T", "a"), []byte("a"), protocol.NoPermission,
			"the broker[10.1.1.1] sending transaction message is forbidden")
	})
}

func TestARetryWithTheMarkOfATransactionIsNone(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.beat("c", "T")
		p.send(transactional("%RETRY%group", "a"), "a")
		wantBodies(t, p, "%RETRY%group", "a")
	})
}

func TestADelayBeginsWithTheCommit(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		a := p.half("T", "a", "DELAY", "3")
		time.Sleep(30 * time.Second)
		p.end(a, commits)
		time.Sleep(9 * time.Second)
		wantBodies(t, p, "T")
		time.Sleep(2 * time.Second)
		wantBodies(t, p, "T", "a")
	})
}

func TestWhatNobodyHasEndedIsAskedFor(t *testing.T) {
	for says, want := range map[int32][]string{commits: {"a"}, rollsBack: nil} {
		withNode(t, nil, func(s *scene) {
			p := s.producer("one", says)
			sent := p.half("T", "a")
			s.round()
			asked := p.asked()
			equal(t, "checks", len(asked), 1)
			got := asked[0]
			equal(t, "topic", got.half.Topic, "T")
			equal(t, "message id", got.MsgID, "a")
			equal(t, "transaction id", got.TransactionID, "a")
			equal(t, "broker", got.BrokerName, "shard")
			equal(t, "checks counted", string(got.half.Properties.Get("TRANSACTION_CHECK_TIMES")), "1")
			equal(t, "place", got.OffsetMsgID, message.OffsetID(got.half.StoreHost, got.CommitLogOffset))
			equal(t, "the half message lies elsewhere now", got.CommitLogOffset > sent.at && got.TranStateTableOffset > sent.QueueOffset, true)
			wantBodies(t, p.peer, "T", want...)
			s.round()
			s.round()
			equal(t, "further checks", len(p.asked()), 0)
		})
	}
}

func TestChecksGoToEachMemberInTurnAndToWhoIsThere(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		one, two := s.producer("one", unsure), s.producer("two", unsure)
		one.half("T", "a")
		for range 4 {
			s.round()
		}
		equal(t, "checks of one", len(one.asked()), 2)
		equal(t, "checks of the other", len(two.asked()), 2)
		one.client.Close()
		two.says.Store(commits)
		s.round()
		equal(t, "checks of who is left", len(two.asked()), 1)
		wantBodies(t, two.peer, "T", "a")
	})
}

func TestAYoungTransactionIsNotAskedFor(t *testing.T) {
	withNode(t, func(c *Config) { c.TransactionCheckIntervalMillis = 1000 }, func(s *scene) {
		p := s.producer("one", unsure)
		p.half("T", "a")
		p.half("T", "immune", "CHECK_IMMUNITY_TIME_IN_SECONDS", "20")
		time.Sleep(5900 * time.Millisecond)
		equal(t, "checks of young ones", len(p.asked()), 0)
		time.Sleep(2 * time.Second)
		for _, c := range p.asked() {
			equal(t, "asked for", c.MsgID, "a")
		}
		p.says.Store(commits)
		time.Sleep(2 * time.Second)
		wantBodies(t, p.peer, "T", "a")
		time.Sleep(20 * time.Second)
		wantBodies(t, p.peer, "T", "a", "immune")
	})
}

func TestWhoIsAskedTooOftenIsGivenUpAndMayStillBeCommitted(t *testing.T) {
	withNode(t, func(c *Config) { c.TransactionCheckMax = 3 }, func(s *scene) {
		p := s.producer("one", unsure)
		sent := p.half("T", "a")
		for range 6 {
			s.round()
		}
		equal(t, "checks", len(p.asked()), 3)
		wantBodies(t, p.peer, topic.TransCheckMaxTimeTopic, "a")
		wantBodies(t, p.peer, "T")
		p.end(sent, commits)
		p.end(sent, commits)
		wantBodies(t, p.peer, "T", "a")
	})
}

func TestATransactionOfWhichNobodyCanBeAskedWaits(t *testing.T) {
	withNode(t, func(c *Config) { c.TransactionCheckMax = 2 }, func(s *scene) {
		s.dial().half("T", "a")
		for range 10 {
			s.round()
		}
		p := s.producer("late", commits)
		s.round()
		wantBodies(t, p.peer, "T", "a")
		low, high := s.node.store.Bounds(topic.TransHalfTopic, 0)
		equal(t, "half messages written", high-low, 2)
	})
}

// An end that comes after the check has put its half message again ends that one, too.
func TestALateEndAndTheAnswersToChecksAreOneEnd(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.producer("one", silent)
		sent := p.half("T", "a")
		s.round()
		s.round()
		checks := p.asked()
		equal(t, "checks", len(checks), 2)
		p.end(sent, commits)
		wantBodies(t, p.peer, "T", "a")
		for _, c := range checks {
			p.end(sentHalf{protocol.SendMessageResponse{QueueOffset: c.TranStateTableOffset, MsgID: sent.MsgID}, c.CommitLogOffset}, commits)
		}
		wantBodies(t, p.peer, "T", "a")
		for range 3 {
			s.round()
		}
		equal(t, "checks of what has ended", len(p.asked()), 0)
	})
}

func TestACommitAfterARollbackIsRefused(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.producer("one", silent)
		sent := p.half("T", "a")
		s.round()
		p.end(sent, rollsBack)
		p.want(protocol.EndTransaction, sent.end(commits), nil, protocol.SystemError, "has ended before, and was not committed")
		wantBodies(t, p.peer, "T")
	})
}

func TestTransactionsOutliveTheNode(t *testing.T) {
	for _, end := range []func(*scene){(*scene).close, (*scene).kill} {
		withNode(t, nil, func(s *scene) {
			p := s.dial()
			committed, pending, back, asked := p.half("T", "committed"), p.half("T", "pending"), p.half("T", "back"), p.half("T", "asked")
			p.end(committed, commits)
			p.end(back, rollsBack)
			end(s)
			s.open()
			p = s.producer("one", commits).peer
			p.end(committed, commits)
			p.end(back, rollsBack)
			p.end(pending, commits)
			p.end(pending, commits)
			wantBodies(t, p, "T", "committed", "pending")
			s.round()
			s.round()
			wantBodies(t, p, "T", "committed", "pending", "asked")
			p.end(asked, commits)
			wantBodies(t, p, "T", "committed", "pending", "asked")
		})
	}
}

func TestProgressOfTransactionsIsJavas(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		for i := range 5 {
			p.end(p.half("T", fmt.Sprint(i)), rollsBack)
		}
		p.half("T", "open")
		p.end(p.half("T", "behind"), rollsBack)
		time.Sleep(20 * time.Second)
		for name, want := range map[string]int64{topic.TransHalfTopic: 5, topic.TransOpHalfTopic: 0} {
			got, _ := s.node.offsets.Query([]byte(name), []byte("CID_RMQ_SYS_TRANS"), 0)
			equal(t, name, got, want)
		}
		ops := s.node.store.MaxOffset(topic.TransOpHalfTopic, 0)
		equal(t, "operation records", ops, 6)
	})
}

func TestAnOperationRecordIsJavas(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.end(p.half("T", "a"), rollsBack)
		p.end(p.half("T", "b"), commits)
		s.node.makeTransactionTopic(topic.TransOpHalfTopic, 1)
		all := p.stored(topic.TransOpHalfTopic, 0)
		equal(t, "records", len(all), 2)
		for i, m := range all {
			equal(t, "body", string(m.Body), fmt.Sprint(i))
			equal(t, "tag", string(m.Properties.Get("TAGS")), "d")
			equal(t, "system flag", m.SysFlag, 0)
			equal(t, "born host", m.BornHost, m.StoreHost)
		}
	})
}

func TestAHalfMessageOutlivesItsFile(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		sent := p.half("T", "a")
		for range 20 {
			p.send(to("fill"), strings.Repeat("x", 60<<10))
		}
		s.fs.SetUsage(vfs.Usage{UsedBytes: 91, FreeBytes: 9})
		time.Sleep(3 * time.Second)
		if s.node.store.Min() == 0 {
			t.Error("the file with the half message is there")
		}
		s.fs.SetUsage(vfs.Usage{FreeBytes: 1 << 30})
		s.restart()
		p = s.producer("one", commits).peer
		p.want(protocol.EndTransaction, sent.end(commits), nil, protocol.SystemError, "Find prepared transaction message failed")
		s.round()
		s.round()
		wantBodies(t, p, "T", "a")
	})
}

func TestACommitThatTheDiskRefusesIsTriedAgain(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.producer("one", commits)
		sent := p.half("T", "a")
		refusing := failWrites(s.fs)
		p.want(protocol.EndTransaction, sent.end(commits), nil, protocol.ServiceNotAvailable, "")
		refusing.Store(false)
		time.Sleep(5 * time.Second)
		p.end(sent, commits)
		wantBodies(t, p.peer, "T", "a")
	})
}

// askedAboutAndKilled is a half message that was put again, as its producer was asked and said this, before a kill that has taken
// progress back: both are open once more, but for what says that they have ended.
func (s *scene) askedAboutAndKilled(says int32) sentHalf {
	s.t.Helper()
	p := s.producer("one", says)
	sent := p.half("T", "a")
	s.round()
	equal(s.t, "checks", len(p.asked()), 1)
	s.kill()
	s.fs.Remove("/store/config/consumerOffset.json")
	s.open()
	return sent
}

func TestWhatHasEndedByACopyIsNotAskedAboutAgain(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		sent := s.askedAboutAndKilled(rollsBack)
		p := s.producer("one", commits)
		s.round()
		s.round()
		equal(t, "checks of what has ended", len(p.asked()), 0)
		p.ask(protocol.EndTransaction, sent.end(commits), nil)
		wantBodies(t, p.peer, "T")
	})
}

func TestTransactionsWithoutAnIndex(t *testing.T) {
	withNode(t, func(c *Config) { c.MessageIndexEnable = false }, func(s *scene) {
		p := s.producer("one", silent)
		sent := p.half("T", "a")
		s.round()
		p.end(sent, commits)
		for _, c := range p.asked() {
			p.end(sentHalf{protocol.SendMessageResponse{QueueOffset: c.TranStateTableOffset, MsgID: sent.MsgID}, c.CommitLogOffset}, commits)
		}
		s.kill()
		s.open()
		p = s.producer("one", commits)
		p.end(sent, commits)
		s.round()
		s.round()
		wantBodies(t, p.peer, "T", "a")
	})
}

func TestAnEndWaitsForTheDiskWhereSendsDo(t *testing.T) {
	withNode(t, func(c *Config) { c.FlushDiskType = "SYNC_FLUSH" }, func(s *scene) {
		p := s.dial()
		committed, back := p.half("T", "a"), p.half("T", "b")
		p.end(committed, commits)
		p.end(back, rollsBack)
		s.fs.Halt()
		s.node.Close(context.Background())
		s.node, s.fs = nil, s.fs.AfterPowerLoss(rand.New(rand.NewPCG(1, 1)))
		s.open()
		p = s.producer("one", commits).peer
		s.round()
		s.round()
		wantBodies(t, p, "T", "a")
	})
}

func TestProgressAheadOfTheQueueIsNotBelieved(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.half("T", "open")
		p.end(p.half("T", "back"), rollsBack)
		for _, name := range []string{topic.TransHalfTopic, topic.TransOpHalfTopic} {
			s.node.offsets.Commit([]byte(name), []byte("CID_RMQ_SYS_TRANS"), 0, 99)
		}
		s.node.offsets.Flush()
		s.kill()
		s.open()
		p = s.producer("one", commits).peer
		s.round()
		wantBodies(t, p, "T", "open")
	})
}

// fullFrom has the disk refuse to write messages from the n-th time on, until the function returned is called.
func (s *scene) fullFrom(n int32) (heal func()) {
	var writes atomic.Int32
	var full atomic.Bool
	full.Store(true)
	s.fs.SetHook(func(op vfs.Op) error {
		if full.Load() && op.Kind == "write" && strings.Contains(op.Path, "commitlog") && writes.Add(1) >= n {
			return syscall.ENOSPC
		}
		return nil
	})
	return func() { full.Store(false) }
}

func (s *scene) operationRecords() int64 { return s.node.store.MaxOffset(topic.TransOpHalfTopic, 0) }

func TestAMessageAndItsOperationRecordAreStoredTogetherOrNeitherIs(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.producer("one", commits)
		sent := p.half("T", "a")
		heal := s.fullFrom(1)
		p.want(protocol.EndTransaction, sent.end(commits), nil, protocol.ServiceNotAvailable, "no space left")
		wantBodies(t, p.peer, "T")
		equal(t, "operation records", s.operationRecords(), 0)
		heal()
		time.Sleep(10 * time.Second)
		before, _ := s.node.store.Log().Stats()
		p.end(sent, commits)
		after, _ := s.node.store.Log().Stats()
		equal(t, "writes of both", after-before, 1)
		wantBodies(t, p.peer, "T", "a")
		equal(t, "operation records", s.operationRecords(), 1)
	})
}

// A kill has left two half messages open of a transaction that was asked about. The message is in the log with the operation
// record of one, that of the other is not: the end is answered, and the record follows.
func TestAnOperationRecordThatTheDiskRefusesComesLater(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		sent := s.askedAboutAndKilled(silent)
		p := s.producer("one", silent)
		heal := s.fullFrom(2)
		p.end(sent, commits)
		wantBodies(t, p.peer, "T", "a")
		equal(t, "operation records", s.operationRecords(), 1)
		heal()
		time.Sleep(10 * time.Second)
		equal(t, "operation records", s.operationRecords(), 2)
		p.end(sent, commits)
		s.round()
		wantBodies(t, p.peer, "T", "a")
		equal(t, "checks of what has ended", len(p.asked()), 0)
	})
}

func TestASlaveEndsNoTransactions(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		sent := s.dial().half("T", "a")
		s.asSlave().want(protocol.EndTransaction, sent.end(commits), nil, protocol.SlaveNotAvailable, "")
	})
}

func TestAnEndWaitsForASlaveWhereSendsDo(t *testing.T) {
	withSyncMaster(t, nil, func(s *scene) {
		slave := s.slaveThatHas()
		p := s.dial()
		half := p.later(protocol.SendMessageV2, transactional("T", "a"), []byte("a"))
		time.Sleep(100 * time.Millisecond)
		slave.report()
		answer, _ := half()
		var sent protocol.SendMessageResponse
		if err := sent.Decode(answer.Ext); err != nil {
			t.Fatal(err)
		}
		end := p.later(protocol.EndTransaction, p.asSent(sent).end(commits), nil)
		time.Sleep(time.Second)
		slave.report()
		answer, took := end()
		equal(t, "code", answer.Code, protocol.Success)
		about(t, "answered after", took, time.Second)
	})
}
