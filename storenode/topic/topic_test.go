package topic

import (
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"

	"gantry/storenode/configfile"
	"gantry/storenode/configfile/configtest"
)

const path = "/store/config/topics.json"

func open(t *testing.T, fsys *configtest.FS, change func(*Config)) *Table {
	t.Helper()
	config := DefaultConfig("DefaultCluster", "broker-a")
	if change != nil {
		change(&config)
	}
	table, err := Open(fsys, path, config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := table.Close(); err != nil {
			t.Error(err)
		}
	})
	return table
}

// The file was written by a broker 4.9.7 with traceTopicEnable, which also has the topic TopicTest.
func TestTheBuiltInTopicsAreThoseOfTheBroker497(t *testing.T) {
	text, err := os.ReadFile("testdata/topics-4.9.7.json")
	if err != nil {
		t.Fatal(err)
	}
	fsys := &configtest.FS{}
	fsys.Set(path, string(text))
	version, want := open(t, fsys, nil).Snapshot()
	if version.Counter != 1 || want["TopicTest"] == nil {
		t.Fatalf("the broker's file was not read: %v, %v", version, want)
	}
	delete(want, "TopicTest")
	_, got := open(t, &configtest.FS{}, func(c *Config) { c.TraceTopicEnable = true }).Snapshot()
	for name, topic := range want {
		if got[name] == nil || *got[name] != *topic {
			t.Errorf("%s: got %+v, want %+v", name, got[name], topic)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("topics the broker has not: %v", got)
	}
}

func TestSwitchedOffBuiltIns(t *testing.T) {
	table := open(t, &configtest.FS{}, func(c *Config) {
		c.AutoCreateTopicEnable, c.ClusterTopicEnable, c.BrokerTopicEnable = false, false, false
	})
	if table.Get([]byte(DefaultTopic)) != nil || table.Get([]byte(TraceTopic)) != nil {
		t.Error("TBW102 or the trace topic exists")
	}
	for _, name := range []string{"DefaultCluster", "broker-a"} {
		if got := table.Get([]byte(name)).Perm; got != PermInherit {
			t.Errorf("%s has perm %d", name, got)
		}
	}
}

func TestATopicIsMadeInTheImageOfItsDefaultTopic(t *testing.T) {
	var changes []string
	table := open(t, &configtest.FS{}, func(c *Config) { c.OnChange = func(topic *Topic) { changes = append(changes, topic.Name) } })
	if err := table.Update(Topic{Name: "image", Perm: PermInherit | PermRead, WriteQueueNums: 3, FilterType: "MULTI_TAG"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		wanted Wanted
		queues int32
		perm   Perm
		filter string
	}{
		{Wanted{"a", DefaultTopic, 4, 0}, 4, PermReadWrite, "SINGLE_TAG"},
		{Wanted{"b", DefaultTopic, 100, 1}, 8, PermReadWrite, "SINGLE_TAG"},
		{Wanted{"c", DefaultTopic, -1, 0}, 0, PermReadWrite, "SINGLE_TAG"},
		{Wanted{"d", "image", 4, 0}, 3, PermRead, "MULTI_TAG"},
		{Wanted{Retry("g"), "unknown", 4, 0}, 1, PermReadWrite, "SINGLE_TAG"},
		{Wanted{Retry("h"), DefaultTopic, 4, 0}, 4, PermReadWrite, "SINGLE_TAG"},
	} {
		got, err := table.CreateInSend(c.wanted)
		want := Topic{c.wanted.Topic, false, c.perm, c.queues, c.queues, c.filter, c.wanted.SysFlag}
		if err != nil || *got != want {
			t.Errorf("%+v: got %+v, %v", c.wanted, got, err)
		}
		if again, err := table.CreateInSend(Wanted{Topic: c.wanted.Topic}); again != got || err != nil {
			t.Errorf("%s is another one the second time", c.wanted.Topic)
		}
	}
	if got := strings.Join(changes, " "); got != "image a b c d %RETRY%g %RETRY%h" {
		t.Errorf("changes: %s", got)
	}
	if version, _ := table.Snapshot(); version.Counter != 7 {
		t.Errorf("version %v", version)
	}
}

func TestATopicIsNotMadeWithoutLeave(t *testing.T) {
	fsys := &configtest.FS{}
	fsys.Set(path, `{"topicConfigTable":{"TBW102":{"topicName":"TBW102","perm":7,"readQueueNums":8,"writeQueueNums":8}}}`)
	table := open(t, fsys, func(c *Config) { c.AutoCreateTopicEnable = false })
	for _, defaultTopic := range []string{DefaultTopic, "unknown", BenchmarkTopic} {
		if got, err := table.CreateInSend(Wanted{"a", defaultTopic, 4, 0}); !errors.Is(err, ErrNotCreated) {
			t.Errorf("%s: got %v, %v", defaultTopic, got, err)
		}
	}
	if table.Get([]byte("a")) != nil {
		t.Error("the topic exists")
	}
}

func TestAFullTableRefusesSends(t *testing.T) {
	table := open(t, &configtest.FS{}, func(c *Config) { c.MaxTopics = 9 })
	if _, err := table.CreateInSend(Wanted{"a", DefaultTopic, 4, 0}); err != nil {
		t.Fatal(err)
	}
	if _, err := table.CreateInSend(Wanted{"b", DefaultTopic, 4, 0}); !errors.Is(err, configfile.ErrTableFull) {
		t.Errorf("got %v", err)
	}
}

func TestTopicsSurviveARestart(t *testing.T) {
	fsys := &configtest.FS{}
	first := open(t, fsys, nil)
	made, err := first.CreateInSendBack(DLQ("g"), 1, PermReadWrite, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := open(t, fsys, nil)
	if got := second.Get([]byte(DLQ("g"))); got == nil || *got != *made {
		t.Errorf("got %+v", got)
	}
	if string(first.JSON()) != string(second.JSON()) {
		t.Errorf("%s\n%s", first.JSON(), second.JSON())
	}
}

func TestLookUpAllocatesNothing(t *testing.T) {
	table, name := open(t, &configtest.FS{}, nil), []byte(BenchmarkTopic)
	if n := testing.AllocsPerRun(100, func() { table.Get(name) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { _ = ValidateSend(name) }); n != 0 {
		t.Errorf("%v allocations to validate", n)
	}
}

func BenchmarkGet(b *testing.B) {
	table, err := Open(&configtest.FS{}, path, DefaultConfig("DefaultCluster", "broker-a"), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer table.Close()
	name := []byte(BenchmarkTopic)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			table.Get(name)
		}
	})
}
