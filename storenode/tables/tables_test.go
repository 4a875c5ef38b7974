package tables

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting"
	"gantry/remoting/memnet"
	"gantry/remoting/protocol"
	"gantry/storenode/configfile/configtest"
	"gantry/storenode/group"
	"gantry/storenode/topic"
)

// shard is a master and a slave on a network in memory, and their tables.
type shard struct {
	t        *testing.T
	network  memnet.Network
	master   *copyOf
	slave    *copyOf
	follower *Follower
	stop     func() // the master
	parted   atomic.Bool
}

var errParted = errors.New("the logs differ")

func (s *shard) ready() error {
	if s.parted.Load() {
		return errParted
	}
	return nil
}

// copyOf has the tables of one copy.
type copyOf struct {
	files   configtest.FS
	topics  *topic.Table
	groups  *group.Configs
	offsets *group.Offsets
	members *group.Members
	delays  text
	timers  text
	logEnd  atomic.Int64
	saved   time.Time
}

// text is set by one goroutine and looked at by another.
type text struct {
	mu sync.Mutex
	is string
}

func (t *text) set(is string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.is = is
}

func (t *text) get() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.is
}

var quiet = slog.New(slog.DiscardHandler)

func withShard(t *testing.T, tell func(s *shard)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Hour)
		s := &shard{t: t, master: &copyOf{}, slave: &copyOf{}}
		s.slave.open(t, true)
		config := DefaultFollowerConfig()
		config.Tables, config.Dial, config.Log, config.Ready = s.slave.tables(), s.network.Dial, quiet, s.ready
		s.follower = StartFollower(config)
		tell(s)
		s.follower.Close()
		if s.stop != nil {
			s.stop()
		}
		s.slave.close(t)
	})
}

func (c *copyOf) open(t *testing.T, slave bool) {
	t.Helper()
	var errs [4]error
	c.topics, errs[0] = topic.Open(&c.files, "topics", topic.DefaultConfig("c", "b"), quiet)
	c.groups, errs[1] = group.OpenConfigs(&c.files, "groups", group.DefaultConfigsConfig(), quiet)
	config := group.DefaultOffsetsConfig()
	config.AsOf, config.Slave, config.Own = c.saved, slave, "own"
	c.offsets, errs[2] = group.OpenOffsets(&c.files, "offsets", config, quiet)
	c.members, errs[3] = group.OpenMembers(&c.files, "members", group.DefaultMembersConfig(), quiet)
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (c *copyOf) tables() Tables {
	return Tables{Topics: c.topics, Groups: c.groups, Offsets: c.offsets, Subscriptions: c.members,
		Delays:     func() (int64, []byte) { return int64(len(c.delays.get())), []byte(c.delays.get()) },
		KeepDelays: func(text []byte) error { c.delays.set(string(text)); return nil },
		Timers:     func() (int64, []byte) { return int64(len(c.timers.get())), []byte(c.timers.get()) },
		KeepTimers: func(text []byte) error { c.timers.set(string(text)); return nil },
		LogFirst:   func(key string) bool { return strings.HasSuffix(key, "@log first") },
		LogEnd:     c.logEnd.Load}
}

func (c *copyOf) close(t *testing.T) {
	c.saved = time.Now()
	for _, close := range []func() error{c.topics.Close, c.groups.Close, c.offsets.Close, c.members.Close} {
		if err := close(); err != nil {
			t.Error(err)
		}
	}
}

// startMaster lets the master answer with handler's Source, and tells the slave.
func (s *shard) startMaster() {
	s.t.Helper()
	s.master.open(s.t, false)
	config := DefaultSourceConfig()
	config.Tables = s.master.tables()
	source := StartSource(config)
	stop := s.serve(func(c *remoting.Command, to remoting.Responder) {
		if c.Code != CodeFollow {
			s.t.Errorf("asked %d", c.Code)
		}
		source.Answer(c.Body, to)
	})
	s.stop = func() {
		stop()
		source.Close()
		s.master.close(s.t)
		s.stop = nil
	}
}

func (s *shard) serve(handle remoting.Handler) (stop func()) {
	s.t.Helper()
	l, err := s.network.Listen("master")
	if err != nil {
		s.t.Fatal(err)
	}
	server := remoting.NewServer(quiet, remoting.Limits{}, 0)
	server.Serve(l, func(conn *remoting.Conn) remoting.FrameHandler { return remoting.NewEndpoint(conn, handle, nil) })
	s.follower.Follow("master")
	return func() { server.Close(context.Background()) }
}

func (s *shard) commit(to *copyOf, offset int64) {
	s.t.Helper()
	if err := to.offsets.Commit([]byte("T"), []byte("g"), 0, offset); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shard) wantOffset(of *copyOf, want int64) {
	s.t.Helper()
	if got, _ := of.offsets.Query([]byte("T"), []byte("g"), 0); got != want {
		s.t.Errorf("offset %d, want %d", got, want)
	}
}

// soon is when a slave has what its master has.
func soon() {
	time.Sleep(100 * time.Millisecond)
	synctest.Wait()
}

func TestASlavesTablesAreItsMastersAtOnce(t *testing.T) {
	withShard(t, func(s *shard) {
		s.startMaster()
		soon()
		if err := s.master.topics.Update(topic.New("T")); err != nil {
			t.Fatal(err)
		}
		if err := s.master.groups.Update(group.NewConfig("g")); err != nil {
			t.Fatal(err)
		}
		s.commit(s.master, 7)
		s.master.delays.set("{\"offsetTable\":{1:5}}")
		if _, err := s.master.members.RegisterConsumer(&client{}, group.ConsumerData{Group: "g", ConsumeType: "CONSUME_PASSIVELY"}); err != nil {
			t.Fatal(err)
		}
		soon()
		if s.slave.topics.Get([]byte("T")) == nil || s.slave.topics.Version() != s.master.topics.Version() {
			t.Error("the topic is missing")
		}
		if s.slave.groups.Get([]byte("g")) == nil || s.slave.groups.Version() != s.master.groups.Version() {
			t.Error("the group is missing")
		}
		s.wantOffset(s.slave, 7)
		if s.slave.delays.get() != s.master.delays.get() {
			t.Errorf("delays %q", s.slave.delays.get())
		}
		if !s.slave.members.Lookup([]byte("g"), nil).Known {
			t.Error("the group's subscriptions are missing")
		}
		status := s.follower.Status()
		if status.Kind != "gantry" || time.Since(status.HeardAt) > 3*time.Second || status.LastError != "" {
			t.Errorf("status %+v", status)
		}
	})
}

// client is a member of a group.
type client struct{ _ int }

func (*client) ClientID() string   { return "c" }
func (*client) RemoteAddr() string { return "r" }
func (*client) Language() string   { return "JAVA" }
func (*client) Version() int32     { return 407 }

// What the master holds delivered may be lost with it, if the slave's log does
// not have it yet.
func TestDelaysAreKeptOnceTheLogHasWhatWasDelivered(t *testing.T) {
	withShard(t, func(s *shard) {
		s.master.delays.set("{\"offsetTable\":{1:5}}")
		s.master.timers.set("{\"read\":5}")
		s.master.logEnd.Store(100)
		s.slave.logEnd.Store(99)
		s.startMaster()
		time.Sleep(time.Minute)
		if s.slave.delays.get() != "" || s.slave.timers.get() != "" {
			t.Errorf("delays %q, timers %q", s.slave.delays.get(), s.slave.timers.get())
		}
		s.slave.logEnd.Store(100)
		time.Sleep(3 * time.Second)
		if s.slave.delays.get() != s.master.delays.get() || s.slave.timers.get() != s.master.timers.get() {
			t.Errorf("delays %q, timers %q", s.slave.delays.get(), s.slave.timers.get())
		}
	})
}

// A slave that is always a little behind comes to what was delivered all the same.
func TestDelaysAreKeptUnderAConstantLag(t *testing.T) {
	withShard(t, func(s *shard) {
		s.startMaster()
		for i := range 600 {
			s.master.logEnd.Store(int64(1000 + 100*i))
			s.slave.logEnd.Store(int64(100 * i)) // 100 ms behind
			s.master.delays.set(strings.Repeat("d", i+1))
			s.master.timers.set(strings.Repeat("t", i+1))
			s.commitSettled(int64(i))
			time.Sleep(10 * time.Millisecond)
			delivered, settled := len(s.slave.delays.get()), s.settled("T")
			if delivered > max(0, i-9) || settled > max(0, int64(i-10)) {
				t.Errorf("the slave's log has %d, it holds %d delivered and %d settled", i-10, delivered, settled)
				return
			}
			if i > 100 && (delivered < i-100 || len(s.slave.timers.get()) < i-100 || settled < int64(i-100)) {
				t.Errorf("of %d delivered the slave knows %d, and %d settled", i, delivered, settled)
				return
			}
		}
	})
}

func (s *shard) settled(topic string) int64 {
	offset, _ := s.slave.offsets.Query([]byte(topic), []byte("log first"), 0)
	return offset
}

func (s *shard) commitSettled(offset int64) {
	s.t.Helper()
	for _, topic := range []string{"T", "U"} {
		if err := s.master.offsets.Commit([]byte(topic), []byte("log first"), 0, offset); err != nil {
			s.t.Fatal(err)
		}
	}
}

// What a transaction's end has left in the log may be lost with the master: then
// the half message must not count as ended.
func TestOffsetsThatStandOnTheLogAreKeptOnceItIsThere(t *testing.T) {
	withShard(t, func(s *shard) {
		s.startMaster()
		s.commitSettled(1)
		soon()
		s.master.logEnd.Store(100)
		s.slave.logEnd.Store(99)
		s.commitSettled(7)
		s.commit(s.master, 7)
		time.Sleep(time.Minute)
		s.wantOffset(s.slave, 7)
		s.wantSettled(1)
		s.stop()
		time.Sleep(time.Minute)
		s.wantSettled(1)
		s.master.saved = time.Now().Add(-time.Hour) // as if it had been killed
		s.startMaster()
		time.Sleep(time.Minute)
		s.wantSettled(1)
		if own := s.slave.offsets.Own(10); len(own) > 0 {
			t.Errorf("to hand back: %v", own)
		}
		s.slave.logEnd.Store(100)
		time.Sleep(3 * time.Second)
		s.wantSettled(7)
	})
}

func (s *shard) wantSettled(want int64) {
	s.t.Helper()
	for _, topic := range []string{"T", "U"} {
		if got := s.settled(topic); got != want {
			s.t.Errorf("settled in %s up to %d, want %d", topic, got, want)
		}
	}
}

// A master that was set up anew has no topics, and one that has lost its end
// other offsets: the slave may be the better copy.
func TestTablesAreNotFollowedWhereTheLogIsNot(t *testing.T) {
	withShard(t, func(s *shard) {
		s.startMaster()
		s.commit(s.master, 7)
		soon()
		s.parted.Store(true)
		time.Sleep(5 * time.Second)
		s.commit(s.master, 9)
		time.Sleep(time.Minute)
		s.wantOffset(s.slave, 7)
		if got := s.follower.Status().LastError; got != errParted.Error() {
			t.Errorf("last error %q", got)
		}
		s.parted.Store(false)
		time.Sleep(2 * time.Second)
		s.wantOffset(s.slave, 9)
	})
}

func TestWhereNothingChangesLittleIsAsked(t *testing.T) {
	withShard(t, func(s *shard) {
		var asked atomic.Int64
		s.master.open(t, false)
		config := DefaultSourceConfig()
		config.Tables = s.master.tables()
		source := StartSource(config)
		stop := s.serve(func(c *remoting.Command, to remoting.Responder) { asked.Add(1); source.Answer(c.Body, to) })
		time.Sleep(time.Minute)
		if n := asked.Load(); n < 25 || n > 35 {
			t.Errorf("asked %d times in a minute", n)
		}
		stop()
		source.Close()
		s.master.close(t)
	})
}

func TestOffsetsCommittedWhileTheMasterIsAwayAreItsWhenItReturns(t *testing.T) {
	withShard(t, func(s *shard) {
		s.startMaster()
		s.commit(s.master, 100)
		soon()
		s.stop()
		time.Sleep(time.Minute)
		if s.follower.Status().LastError == "" {
			t.Error("nobody notices that the master is away")
		}
		s.commit(s.slave, 150)
		time.Sleep(time.Second)
		s.startMaster()
		time.Sleep(2 * time.Second)
		s.wantOffset(s.master, 150)
		s.wantOffset(s.slave, 150)
		s.commit(s.master, 3) // a client goes back
		soon()
		s.wantOffset(s.slave, 3)
	})
}

func TestASlaveThatIsNotToldOfAMasterKeepsToTheLast(t *testing.T) {
	withShard(t, func(s *shard) {
		s.startMaster()
		soon()
		s.follower.Follow("")
		s.commit(s.master, 7)
		soon()
		s.wantOffset(s.slave, 7)
	})
}

// java answers as a Java master does.
type java struct {
	offsets text
	commits atomic.Int64
}

func javaWith(offsets string) *java {
	j := &java{}
	j.offsets.set(offsets)
	return j
}

func (j *java) handle(c *remoting.Command, to remoting.Responder) {
	bodies := map[int32]string{
		protocol.GetAllTopicConfig:             `{"dataVersion":{"counter":3,"timestamp":9},"topicConfigTable":{"J":{"order":false,"perm":6,"readQueueNums":4,"topicFilterType":"SINGLE_TAG","topicName":"J","topicSysFlag":0,"writeQueueNums":4}}}`,
		protocol.GetAllConsumerOffset:          j.offsets.get(),
		protocol.GetAllDelayOffset:             `{"offsetTable":{3:8}}`,
		protocol.GetBrokerRuntimeInfo:          `{"table":{"commitLogMaxOffset":"50"}}`,
		protocol.GetAllSubscriptionGroupConfig: `{"dataVersion":{"counter":2,"timestamp":9},"subscriptionGroupTable":{"jg":{"groupName":"jg","retryMaxTimes":5}}}`,
	}
	body, known := bodies[c.Code]
	var h protocol.UpdateConsumerOffsetRequest
	switch {
	case known:
		to.Reply(&remoting.Response{Body: []byte(body)})
	case c.Code == protocol.UpdateConsumerOffset && h.Decode(c.Ext) == nil && h.Topic == "T" && h.ConsumerGroup == "g":
		j.commits.Add(1)
		to.Reply(&remoting.Response{})
	default:
		to.Reply(&remoting.Response{Code: protocol.RequestCodeNotSupported})
	}
}

func TestAJavaMasterIsAskedAsAJavaSlaveDoes(t *testing.T) {
	withShard(t, func(s *shard) {
		j := javaWith(`{"offsetTable":{"T@g":{0:100},"T@log first":{0:9},"U@log first":{0:9}}}`)
		stop := s.serve(j.handle)
		soon()
		s.wantSettled(0)
		if got := s.slave.topics.Get([]byte("J")); got == nil || got.ReadQueueNums != 4 || s.slave.topics.Version().Counter != 3 {
			t.Errorf("topic %+v of version %v", got, s.slave.topics.Version())
		}
		if got := s.slave.groups.Get([]byte("jg")); got == nil || got.RetryMaxTimes != 5 {
			t.Errorf("group %+v", got)
		}
		s.wantOffset(s.slave, 100)
		if s.slave.delays.get() != "" {
			t.Error("delays are kept that the log does not have")
		}
		s.slave.logEnd.Store(50)
		time.Sleep(11 * time.Second)
		if s.slave.delays.get() != `{"offsetTable":{3:8}}` || s.follower.Status().Kind != "java" {
			t.Errorf("delays %q of %+v", s.slave.delays.get(), s.follower.Status())
		}
		s.wantSettled(9)
		j.offsets.set(`{"offsetTable":{"T@g":{0:40}}}`)
		time.Sleep(11 * time.Second)
		s.wantOffset(s.slave, 40)
		stop()
	})
}

func TestAJavaMasterThatReturnsIsHandedBackWhatWasCommitted(t *testing.T) {
	for _, c := range []struct {
		before, committed, after string
		slave                    int64
		commits                  int
	}{
		{before: "100", committed: "150", after: "100", slave: 150, commits: 1},
		{before: "100", committed: "150", after: "95", slave: 150, commits: 1}, // killed before it had saved
		{before: "100", committed: "20", after: "100", slave: 20, commits: 1},  // a client that went back
		{before: "100", committed: "150", after: "180", slave: 180},            // it goes on with the master
	} {
		withShard(t, func(s *shard) {
			table := func(offset string) string { return `{"offsetTable":{"T@g":{0:` + offset + `}}}` }
			j := javaWith(table(c.before))
			stop := s.serve(j.handle)
			soon()
			stop()
			time.Sleep(time.Minute)
			s.commit(s.slave, map[string]int64{"150": 150, "20": 20}[c.committed])
			j.offsets.set(table(c.after))
			stop = s.serve(j.handle)
			time.Sleep(5 * time.Second)
			s.wantOffset(s.slave, c.slave)
			if got := j.commits.Load(); got != int64(c.commits) {
				t.Errorf("%+v: %d commits", c, got)
			}
			if own := s.slave.offsets.Own(10); len(own) > 0 {
				t.Errorf("%+v: still to hand back: %v", c, own)
			}
			stop()
		})
	}
}
