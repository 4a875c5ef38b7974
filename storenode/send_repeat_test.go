package storenode

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting"
	"gantry/remoting/envelope"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/storenode/vfs"
)

// attempt is a request of a client behind a proxy, as it may be sent again.
type attempt struct {
	code   int32
	header remoting.Header
	body   []byte
}

// behind is where attempts come from, through whichever joining.
const behind = "10.7.7.7:4711"

// keyed is a send whose message has a UNIQ_KEY.
func keyed(topic, key string) protocol.SendMessageRequest {
	h := to(topic)
	h.Properties = props("UNIQ_KEY", key)
	return h
}

func one(h protocol.SendMessageRequest) attempt {
	return attempt{protocol.SendMessageV2, h, []byte("body")}
}

// try sends it over a new joining of the proxy, marked or not, without waiting
// for the answer.
func (s *scene) try(a attempt, flags uint32) *proxyLinks {
	p := s.dialProxy()
	p.open(1, behind)
	p.take()
	class := envelope.Sends
	if a.code == protocol.ConsumerSendMsgBack {
		class = envelope.Control
	}
	p.say(class, envelope.Envelope{Session: 1, RequestID: 5, Kind: envelope.Request, Flags: flags}, &remoting.Request{Code: a.code, Header: a.header, Body: a.body})
	return p
}

// cut breaks a joining's connections.
func (p *proxyLinks) cut() {
	for _, raw := range p.links {
		raw.Close()
	}
	synctest.Wait()
}

// answer is what was answered last; that nothing was fails the test.
func (p *proxyLinks) answer() *remoting.Command {
	p.t.Helper()
	settle()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil {
		p.t.Fatal("no answer")
	}
	return p.last
}

// told is an answer in words.
func told(c *remoting.Command) string {
	var h protocol.SendMessageResponse
	if h.Decode(c.Ext) != nil {
		return fmt.Sprintf("%d %s", c.Code, c.Remark)
	}
	return fmt.Sprintf("%d id %s queue %d offset %d transaction %q", c.Code, h.MsgID, h.QueueID, h.QueueOffset, h.TransactionID)
}

// size is how many records the log holds.
func (s *scene) size() (records int) {
	s.t.Helper()
	err := s.node.store.Visit(s.node.store.Min(), s.node.store.End(), func(message.Record) error {
		records++
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return records
}

// stopAppender lets what comes wait in the appender's queue.
func (s *scene) stopAppender(forTime time.Duration) {
	s.t.Helper()
	if err := s.node.store.Log().Control(func() { time.Sleep(forTime) }); err != nil {
		s.t.Fatal(err)
	}
	synctest.Wait()
}

// repeatable are requests that a node knows again.
func repeatable(t *testing.T) map[string]func(*scene) attempt {
	inner := func(key string) []byte { return props("UNIQ_KEY", key) }
	all := map[string]protocol.SendMessageRequest{}
	for name, change := range map[string]func(*protocol.SendMessageRequest){
		"plain":     func(*protocol.SendMessageRequest) {},
		"any queue": func(h *protocol.SendMessageRequest) { h.QueueID = -1 },
		"delayed": func(h *protocol.SendMessageRequest) {
			h.Properties, h.QueueID = props("UNIQ_KEY", "k", "DELAY", "18"), 3
		},
		"delayed, any": func(h *protocol.SendMessageRequest) {
			h.Properties, h.QueueID = props("UNIQ_KEY", "k", "DELAY", "18"), -1
		},
		"keys and tags": func(h *protocol.SendMessageRequest) {
			h.Properties = props("KEYS", "a b", "UNIQ_KEY", "k", "TAGS", "t")
		},
		"does not wait":  func(h *protocol.SendMessageRequest) { h.Properties = props("UNIQ_KEY", "k", "WAIT", "false") },
		"tried too much": func(h *protocol.SendMessageRequest) { h.Topic, h.ReconsumeTimes = []byte("%RETRY%g"), 99 },
	} {
		h := keyed("T", "k")
		change(&h)
		all[name] = h
	}
	made := map[string]func(*scene) attempt{}
	for name, h := range all {
		made[name] = func(*scene) attempt { return one(h) }
	}
	made["code 10"] = func(*scene) attempt {
		return attempt{protocol.SendMessage, protocol.SendMessageRequestV1(keyed("T", "k")), []byte("body")}
	}
	made["batch"] = func(*scene) attempt {
		var body []byte
		for i := range 3 {
			body, _ = message.AppendInner(body, message.Inner{Body: fmt.Append(nil, i), Properties: inner(fmt.Sprint("k", i))})
		}
		return attempt{protocol.SendBatchMessage, batchTo("T"), body}
	}
	made["send-back"] = func(s *scene) attempt {
		p := s.dial()
		p.send(keyed("failed", "k"), "m")
		return attempt{protocol.ConsumerSendMsgBack, back(p.one("failed", 0), 0), nil}
	}
	made["send-back to the DLQ"] = func(s *scene) attempt {
		p := s.dial()
		p.send(keyed("failed", "k"), "m")
		return attempt{protocol.ConsumerSendMsgBack, back(p.one("failed", 0), -1), nil}
	}
	return made
}

func TestASendThatComesAgainIsAnsweredAsTheFirst(t *testing.T) {
	never := func(c *Config) { c.MessageDelayLevel = strings.Repeat("2h ", 18) } // no delivery changes the log
	for when, between := range map[string]func(*scene){
		"at once":            func(*scene) {},
		"after 59 s":         func(*scene) { time.Sleep(59 * time.Second) },
		"after a stop":       (*scene).restart,
		"after a kill":       func(s *scene) { s.kill(); s.open() },
		"after a power loss": func(s *scene) { s.fs.Halt(); s.kill(); s.open() },
	} {
		for name, make := range repeatable(t) {
			for setting, change := range map[string]func(*Config){
				"":                 func(*Config) {},
				" without index":   func(c *Config) { c.MessageIndexEnable = false },
				" with SYNC_FLUSH": func(c *Config) { c.FlushDiskType = "SYNC_FLUSH" },
			} {
				t.Run(name+" "+when+setting, func(t *testing.T) {
					withNode(t, func(c *Config) { never(c); change(c) }, func(s *scene) {
						request := make(s)
						first := s.try(request, 0)
						want := told(first.answer())
						before := s.size()
						first.cut()
						between(s)
						for range 2 {
							again := s.try(request, envelope.Retry)
							equal(t, "the same again", told(again.answer()), want)
							again.cut()
						}
						equal(t, "records", s.size(), before)
						if !strings.HasPrefix(want, "0 ") {
							t.Errorf("the first attempt was answered %s", want)
						}
					})
				})
			}
		}
	}
}

func TestAFirstAttemptThatIsNotIndexedIsFound(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.fs.SetHook(func(op vfs.Op) error {
			if strings.Contains(op.Path, "/index") {
				return syscall.ENOSPC
			}
			return nil
		})
		first := s.try(one(keyed("T", "k")), 0)
		for range 100 {
			s.dial().send(to("Other"), strings.Repeat("x", 1000))
		}
		equal(t, "indexed", s.node.store.Indexed(), 0)
		equal(t, "the same again", told(s.try(one(keyed("T", "k")), envelope.Retry).answer()), told(first.answer()))
		equal(t, "records", s.size(), 101)
		s.fs.SetHook(nil)
	})
}

func TestWhatWasNotStoredIsStoredThen(t *testing.T) {
	for name, make := range repeatable(t) {
		t.Run(name, func(t *testing.T) {
			withNode(t, nil, func(s *scene) {
				request := make(s)
				before := s.size()
				once := s.try(request, envelope.Retry)
				equal(t, "code", once.answer().Code, protocol.Success)
				stored := s.size() - before
				if stored == 0 {
					t.Error("nothing was stored")
				}
				equal(t, "and again", told(s.try(request, envelope.Retry).answer()), told(once.answer()))
				equal(t, "records", s.size()-before, stored)
				s.try(request, 0).answer()
				equal(t, "records of one that is not marked", s.size()-before, 2*stored)
			})
		})
	}
}

func TestAnotherMessageIsNoFirstAttempt(t *testing.T) {
	for name, change := range map[string]func(*protocol.SendMessageRequest){
		"another key":        func(h *protocol.SendMessageRequest) { h.Properties = props("UNIQ_KEY", "other") },
		"another topic":      func(h *protocol.SendMessageRequest) { h.Topic = []byte("U") },
		"another birth":      func(h *protocol.SendMessageRequest) { h.BornTimestamp++ },
		"another try":        func(h *protocol.SendMessageRequest) { h.ReconsumeTimes++ },
		"delayed meanwhile":  func(h *protocol.SendMessageRequest) { h.Properties = props("UNIQ_KEY", "k", "DELAY", "9") },
		"a key with a space": func(h *protocol.SendMessageRequest) { h.Properties = props("UNIQ_KEY", "k ", "KEYS", "k") },
	} {
		t.Run(name, func(t *testing.T) {
			withNode(t, nil, func(s *scene) {
				h := keyed("T", "k")
				s.try(one(h), 0).answer()
				change(&h)
				equal(t, "code", s.try(one(h), envelope.Retry).answer().Code, protocol.Success)
				equal(t, "records", s.size(), 2)
			})
		})
	}
	t.Run("another client", func(t *testing.T) {
		withNode(t, nil, func(s *scene) {
			s.dial().send(keyed("T", "k"), "of a connection of its own")
			s.try(one(keyed("T", "k")), envelope.Retry).answer()
			equal(t, "records", s.size(), 2)
		})
	})
	t.Run("too long ago", func(t *testing.T) {
		withNode(t, nil, func(s *scene) {
			s.try(one(keyed("T", "k")), 0).answer()
			time.Sleep(62 * time.Second)
			s.dial().send(to("Other"), "the log's time goes on")
			s.try(one(keyed("T", "k")), envelope.Retry).answer()
			equal(t, "records", s.size(), 3)
		})
	})
}

func TestWithoutAKeyTheOutcomeStaysUnknown(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("failed"), "m")
		for name, request := range map[string]attempt{
			"send":      one(to("T")),
			"batch":     {protocol.SendBatchMessage, batchTo("T"), batchOf(t, "a", "b")},
			"send-back": {protocol.ConsumerSendMsgBack, back(p.one("failed", 0), 0), nil},
		} {
			answer := s.try(request, envelope.Retry).answer()
			if answer.Code != protocol.SystemError || !strings.Contains(answer.Remark, "outcome unknown") {
				t.Errorf("%s is answered %d %q", name, answer.Code, answer.Remark)
			}
		}
		equal(t, "records", s.size(), 1)
		equal(t, "logged", s.log.complaints(), "")
	})
}

func TestOfABatchThatIsStoredInPartTheOutcomeIsUnknown(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		batch := func(n int) attempt {
			var body []byte
			for i := range n {
				body, _ = message.AppendInner(body, message.Inner{Body: []byte("m"), Properties: props("UNIQ_KEY", fmt.Sprint("k", i))})
			}
			return attempt{protocol.SendBatchMessage, batchTo("T"), body}
		}
		s.try(batch(2), 0).answer() // what a crash in the middle of one write leaves of the next
		answer := s.try(batch(3), envelope.Retry).answer()
		if answer.Code != protocol.SystemError || !strings.Contains(answer.Remark, "part of its batch") {
			t.Errorf("answered %d %q", answer.Code, answer.Remark)
		}
		equal(t, "records", s.size(), 2)
	})
}

// The first attempt waits in the appender's queue while the second one comes.
func TestAnAttemptUnderWayIsInView(t *testing.T) {
	for name, fails := range map[string]bool{"it is stored then": false, "it fails then": true} {
		t.Run(name, func(t *testing.T) {
			withNode(t, nil, func(s *scene) {
				p := s.dial()
				p.send(to("Other"), "makes the log's file")
				var broken atomic.Bool
				s.fs.SetHook(func(op vfs.Op) error {
					if op.Kind == "write" && strings.Contains(op.Path, "commitlog") && broken.Load() {
						return syscall.EIO
					}
					return nil
				})
				broken.Store(fails)
				s.stopAppender(500 * time.Millisecond)
				s.try(one(keyed("T", "k")), 0)
				again := s.try(one(keyed("T", "k")), envelope.Retry)
				equal(t, "answers at first", len(again.take()), 0)
				time.Sleep(2 * time.Second)
				c := again.answer()
				if fails {
					equal(t, "refused as the log is", c.Code, protocol.ServiceNotAvailable)
					broken.Store(false)
					time.Sleep(2 * time.Second)
					equal(t, "a third time", s.try(one(keyed("T", "k")), envelope.Retry).answer().Code, protocol.Success)
				} else {
					equal(t, "code", c.Code, protocol.Success)
				}
				equal(t, "records", s.size(), 2)
			})
		})
	}
}

// A send-back is prepared beside its connection; there it waits for a place while
// the second attempt comes.
func TestASendBackThatIsPreparedIsInView(t *testing.T) {
	withNode(t, func(c *Config) { c.ConcurrentIO = 2 }, func(s *scene) {
		p := s.dial()
		p.send(keyed("failed", "k"), "m")
		request := attempt{protocol.ConsumerSendMsgBack, back(p.one("failed", 0), 0), nil}
		before := s.size()
		var places sync.WaitGroup
		free := make(chan struct{})
		for range 2 {
			places.Go(func() { s.node.background.do(func() { <-free }) })
		}
		places.Wait()
		synctest.Wait()
		s.try(request, 0)
		again := s.try(request, envelope.Retry)
		close(free)
		equal(t, "code", again.answer().Code, protocol.Success)
		equal(t, "records", s.size()-before, 1)
	})
}

func TestWhatIsFoundWaitsForTheDiskAsTheFirstAttemptDid(t *testing.T) {
	withSlowDisk(t, nil, func(s *scene, takes *atomic.Int64, fails *atomic.Bool) {
		takes.Store(int64(time.Second))
		s.try(one(keyed("T", "k")), 0)
		again := s.try(one(keyed("T", "k")), envelope.Retry)
		time.Sleep(500 * time.Millisecond)
		equal(t, "answers before the disk has it", len(again.take()), 0)
		time.Sleep(2 * time.Second)
		equal(t, "code", again.answer().Code, protocol.Success)

		takes.Store(int64(10 * time.Second))
		s.try(one(keyed("T", "slow")), 0)
		again = s.try(one(keyed("T", "slow")), envelope.Retry)
		time.Sleep(2500 * time.Millisecond)
		equal(t, "code where the disk takes too long", again.answer().Code, protocol.FlushDiskTimeout)
		time.Sleep(time.Minute)
		takes.Store(0)
		equal(t, "records", s.size(), 3)

		fails.Store(true)
		s.try(one(keyed("T", "lost")), 0)
		again = s.try(one(keyed("T", "lost")), envelope.Retry)
		equal(t, "code where the disk fails", again.answer().Code, protocol.ServiceNotAvailable)
		fails.Store(false)
		time.Sleep(3 * time.Second) // the log is written again
	})
}

func TestALookUpThatTakesTooLongLeavesTheOutcomeUnknown(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		const sends = 20
		links := s.dialProxy()
		links.open(1, behind)
		ask := func(flags uint32) {
			for i := range sends {
				links.say(envelope.Sends, envelope.Envelope{Session: 1, RequestID: uint64(10 + i), Kind: envelope.Request, Flags: flags},
					&remoting.Request{Code: protocol.SendMessageV2, Header: keyed("T", fmt.Sprint(i))})
			}
			links.take()
		}
		ask(0)
		settle()
		s.fs.SetDelay(func(op vfs.Op) time.Duration {
			if op.Kind == "read" && strings.Contains(op.Path, "commitlog") {
				return 100 * time.Millisecond
			}
			return 0
		})
		s.stopAppender(10 * time.Millisecond)
		ask(envelope.Retry)
		time.Sleep(2500 * time.Millisecond)
		codes := map[int32]int{}
		for _, r := range links.take() {
			codes[r.code]++
		}
		if codes[protocol.Success] == 0 || codes[protocol.SystemError] == 0 || codes[protocol.Success]+codes[protocol.SystemError] != sends {
			t.Errorf("within 2.5 s the answers are %v", codes)
		}
		s.fs.SetDelay(nil)
		equal(t, "records", s.size(), sends)
	})
}

func TestWhatComesAgainIsBounded(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"requests": func(c *Config) { c.Repeats = 3 },
		"bytes":    func(c *Config) { c.RepeatBytes = 500 },
	} {
		t.Run(name, func(t *testing.T) {
			withNode(t, change, func(s *scene) {
				p := s.dial()
				p.send(to("Other"), "makes the log's file")
				s.stopAppender(500 * time.Millisecond)
				links := s.try(one(keyed("T", "first")), envelope.Retry)
				for i := range 20 {
					links.say(envelope.Sends, envelope.Envelope{Session: 1, RequestID: uint64(10 + i), Kind: envelope.Request, Flags: envelope.Retry},
						&remoting.Request{Code: protocol.SendMessageV2, Header: keyed("T", fmt.Sprint(i))})
				}
				refused := len(links.take())
				if refused < 10 {
					t.Errorf("%d of 21 were refused at once", refused)
				}
				time.Sleep(time.Second)
				equal(t, "answers in all", refused+len(links.take()), 21)
			})
		})
	}
}
