package group

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/configfile/configtest"
	"gantry/storenode/filter"
)

func TestMembersComeAndGoWithOneNoticeEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, &configtest.FS{}, nil)
		a, b := &channel{id: "a"}, &channel{id: "b"}
		if !s.heartbeat(a, "T=*@1") {
			t.Error("the first member is no change")
		}
		s.wantNotices("g: a")
		if s.heartbeat(a, "T=*@1") {
			t.Error("a repeated heartbeat is a change")
		}
		s.wantNotices()
		s.heartbeat(b, "T=*@1")
		s.wantIDs("a b")
		s.wantNotices("g: a b")
		s.Unregister(a, "", "g")
		s.wantIDs("b")
		s.wantNotices("g: b")
		s.ChannelClosed(b)
		s.wantIDs("")
		s.wantNotices()
		if s.ConsumerIDs("g") != nil {
			t.Error("a group without members has a list")
		}
	})
}

func TestManyChangesOfAGroupAreOneNotice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, &configtest.FS{}, nil)
		for i := range 9 {
			s.heartbeat(&channel{id: fmt.Sprint(i)}, "T=*@1")
		}
		s.wantNotices("g: 0 1 2 3 4 5 6 7 8")
	})
}

func TestASecondSessionOfAClientIsNoChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, &configtest.FS{}, nil)
		first, second := &channel{id: "a", addr: "1"}, &channel{id: "a", addr: "2"}
		s.heartbeat(first, "T=*@1")
		s.wantNotices("g: a")
		if s.heartbeat(second, "T=*@1") {
			t.Error("a second session is a change")
		}
		s.wantIDs("a")
		s.ChannelClosed(first)
		s.wantNotices()
		s.wantIDs("a")
		s.wantSessions("a", second)
	})
}

func TestAClientIsOneMemberHoweverManyItsSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, &configtest.FS{}, nil)
		first, second, third, other := &channel{id: "a"}, &channel{id: "a"}, &channel{id: "a"}, &channel{id: "b"}
		for _, ch := range []*channel{first, second, other, third} {
			s.heartbeat(ch, "T=*@1")
		}
		s.wantNotices("g: a b")
		s.wantSessions("a", third, second, first)
		s.heartbeat(second, "T=*@1")
		s.wantSessions("a", second, third, first)
		s.ChannelClosed(second)
		s.wantIDs("a b")
		s.wantSessions("a", third, first)
		s.Unregister(first, "", "g")
		s.wantIDs("b")
		s.wantNotices("g: b")
		s.heartbeat(third, "T=*@1")
		s.heartbeat(first, "T=*@1")
		s.wantNotices("g: a b")
		s.ChannelClosed(first)
		s.ChannelClosed(third)
		s.wantIDs("b")
		s.wantNotices("g: b")
	})
}

func TestAProducersSessionsAreOneClientToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, &configtest.FS{}, nil)
		first, second := &channel{id: "a"}, &channel{id: "a"}
		if err := errors.Join(s.RegisterProducer(first, "p"), s.RegisterProducer(second, "p"), s.RegisterProducer(first, "p")); err != nil {
			t.Fatal(err)
		}
		if got := s.Producers("p"); len(got) != 1 || !slices.Equal(got[0].Sessions, []Channel{first, second}) {
			t.Errorf("producers %v", got)
		}
		s.Unregister(second, "p", "")
		if got := s.Producers("p"); len(got) != 0 {
			t.Errorf("producers %v when one has unregistered", got)
		}
	})
}

func TestAStrangersFarewellTakesNobodyOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, &configtest.FS{}, nil)
		s.heartbeat(&channel{id: "a"}, "T=*@1")
		s.Unregister(&channel{id: "a"}, "", "g")
		s.wantIDs("a")
	})
}

func TestSubscriptionsAreMergedAsInTheBroker497(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, &configtest.FS{}, nil)
		a, b := &channel{id: "a"}, &channel{id: "b"}
		s.heartbeat(a, "T=x@5", "U=*@1")
		s.wantNotices("g: a")
		for _, c := range []struct {
			what    string
			subs    []string
			changed bool
			version int64
			want    string
		}{
			{"older", []string{"T=y@4", "U=*@1"}, false, 5, "x"},
			{"equal", []string{"T=y@5", "U=*@1"}, false, 5, "x"},
			{"newer", []string{"T=y@6", "U=*@1"}, false, 6, "y"},
			{"topic gone", []string{"T=y@6"}, true, 6, "y"},
			{"topic new", []string{"T=y@6", "V=*@1"}, true, 6, "y"},
		} {
			if got := s.heartbeat(a, c.subs...); got != c.changed {
				t.Errorf("%s: changed is %v", c.what, got)
			}
			s.wantSubscription("T", c.want, c.version)
		}
		s.wantNotices("g: a")
		if s.Lookup([]byte("g"), []byte("U")).Subscription != nil {
			t.Error("U is still subscribed")
		}
		s.heartbeat(b, "W=*@1") // members that differ flip the table
		s.wantNotices("g: a b")
		s.heartbeat(a, "T=y@6")
		s.wantNotices("g: a b")
	})
}

func TestTheLastHeartbeatsModelCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, &configtest.FS{}, nil)
		for _, model := range []string{Clustering, Broadcasting} {
			if _, err := s.RegisterConsumer(&channel{id: "a"}, ConsumerData{Group: "g", MessageModel: model}); err != nil {
				t.Fatal(err)
			}
			if v := s.Lookup([]byte("g"), []byte("T")); !v.Known || !v.Online || v.MessageModel != model {
				t.Errorf("got %+v", v)
			}
		}
	})
}

func TestSubscriptionsServePullsBeforeTheHeartbeatAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fsys := &configtest.FS{}
		s := newScene(t, fsys, nil)
		a := &channel{id: "a"}
		s.heartbeat(a, "T=x || y@5")
		time.Sleep(2 * time.Second)

		s = newScene(t, fsys, nil)
		v := s.Lookup([]byte("g"), []byte("T"))
		if !v.Known || v.Online || v.MessageModel != Clustering {
			t.Errorf("got %+v", v)
		}
		s.wantSubscription("T", "x || y", 5)
		if m := v.Subscription.Matcher; !m.MatchTagsCode(message.TagsCode("y")) || m.MatchTagsCode(message.TagsCode("z")) {
			t.Error("the kept subscription matches otherwise")
		}
		s.wantIDs("")
		s.heartbeat(a, "T=z@3") // an older application came back: nothing kept binds it
		s.wantSubscription("T", "z", 3)
	})
}

func TestDamagedSubscriptionsDoNotRefuseTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fsys := &configtest.FS{}
		fsys.Set(path, "{")
		s := newScene(t, fsys, nil)
		s.heartbeat(&channel{id: "a"}, "T=*@1")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		newScene(t, fsys, nil).wantSubscription("T", "*", 1)
	})
}

func TestWhoIsSilentExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, &configtest.FS{}, nil)
		silent, half, lively := &channel{id: "silent"}, &channel{id: "half"}, &channel{id: "lively"}
		for _, ch := range []*channel{silent, half, lively} {
			s.heartbeat(ch, "T=*@1")
		}
		if err := errors.Join(s.RegisterProducer(silent, "p"), s.RegisterProducer(half, "p")); err != nil {
			t.Fatal(err)
		}
		s.wantNotices("g: half lively silent")
		for range 5 {
			time.Sleep(30 * time.Second)
			s.heartbeat(lively, "T=*@1")
			if err := s.RegisterProducer(half, "p"); err != nil {
				t.Fatal(err)
			}
		}
		s.wantNotices("g: lively")
		s.wantIDs("lively")
		if got := s.Producers("p"); len(got) != 1 || !slices.Equal(got[0].Sessions, []Channel{half}) {
			t.Errorf("producers %v", got)
		}
		if !slices.Equal(s.expired, []string{"silent"}) {
			t.Errorf("expired %v: a channel with a live registration must stay", s.expired)
		}
	})
}

func TestAGroupNobodyUsesIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fsys := &configtest.FS{}
		s := newScene(t, fsys, func(c *MembersConfig) { c.KeepOffline = time.Hour })
		a := &channel{id: "a"}
		s.heartbeat(a, "T=*@1")
		s.ChannelClosed(a)
		time.Sleep(59 * time.Minute)
		s.wantSubscription("T", "*", 1)
		time.Sleep(2 * time.Minute)
		if s.Lookup([]byte("g"), []byte("T")).Known || strings.Contains(fsys.Text(path), `"T"`) {
			t.Error("the group is still known")
		}
	})
}

func TestAGroupThatWantsNoNoticeGetsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, &configtest.FS{}, nil)
		a := &channel{id: "a"}
		if changed, err := s.RegisterConsumer(a, ConsumerData{Group: "g"}); !changed || err != nil {
			t.Errorf("got %v, %v", changed, err)
		}
		s.wantNotices()
	})
}

func TestMembersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, &configtest.FS{}, func(c *MembersConfig) { c.MaxGroups, c.MaxMembersPerGroup = 1, 1 })
		a, b := &channel{id: "a"}, &channel{id: "b"}
		s.heartbeat(a, "T=*@1")
		if _, err := s.RegisterConsumer(b, ConsumerData{Group: "g"}); !errors.Is(err, ErrTooManyMembers) {
			t.Errorf("got %v", err)
		}
		if _, err := s.RegisterConsumer(b, ConsumerData{Group: "h"}); !errors.Is(err, ErrTooManyGroups) {
			t.Errorf("got %v", err)
		}
		s.ChannelClosed(a) // g is kept only, and gives way
		if _, err := s.RegisterConsumer(b, ConsumerData{Group: "h"}); err != nil {
			t.Error(err)
		}
		if err := s.RegisterProducer(a, "p"); err != nil {
			t.Fatal(err)
		}
		if err := s.RegisterProducer(b, "p"); !errors.Is(err, ErrTooManyMembers) {
			t.Errorf("got %v", err)
		}
		if err := s.RegisterProducer(b, "q"); !errors.Is(err, ErrTooManyGroups) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAnExpressionThatCannotBeMatchedSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, &configtest.FS{}, nil)
		data := ConsumerData{Group: "g", Subscriptions: []filter.Subscription{{Topic: "T", Expression: "a >", Type: "SQL92"}}}
		if _, err := s.RegisterConsumer(&channel{id: "a"}, data); err != nil {
			t.Fatal(err)
		}
		got := s.Lookup([]byte("g"), []byte("T")).Subscription
		var syntax *filter.SyntaxError
		if got == nil || got.Matcher != nil || !errors.As(got.MatchErr, &syntax) {
			t.Errorf("got %+v", got)
		}
	})
}

func TestMembersUnderLoad(t *testing.T) {
	s := newScene(t, &configtest.FS{}, func(c *MembersConfig) { c.NotifyDelay = 0 })
	var clients sync.WaitGroup
	for c := range 8 {
		clients.Go(func() {
			ch := &channel{id: fmt.Sprint(c)}
			for range 100 {
				s.heartbeat(ch, "T=*@1")
				s.ConsumerIDs("g")
				s.Consumers("g")
				s.Lookup([]byte("g"), []byte("T"))
				s.ChannelClosed(ch)
			}
		})
	}
	clients.Wait()
	s.wantIDs("")
	if len(s.channels) != 0 {
		t.Errorf("%d channels are left", len(s.channels))
	}
}

func TestLookupAllocatesNothing(t *testing.T) {
	s := newScene(t, &configtest.FS{}, nil)
	s.heartbeat(&channel{id: "a"}, "T=*@1")
	g, topic := []byte("g"), []byte("T")
	if n := testing.AllocsPerRun(100, func() { s.Lookup(g, topic) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzSubscriptionsFile(f *testing.F) {
	f.Add([]byte(`{"groups":{"g":{"messageModel":"CLUSTERING","subscriptions":[{"topic":"T","subString":"a||b","tagsSet":["a","b"]}]}}}`))
	f.Add([]byte(`{"groups":{"g":null}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m := &Members{consumers: map[string]*consumerGroup{}}
		if m.decode(text) != nil {
			return
		}
		again := &Members{consumers: map[string]*consumerGroup{}}
		if err := again.decode(m.encode()); err != nil || string(again.encode()) != string(m.encode()) {
			t.Fatalf("%v: %s became %s", err, m.encode(), again.encode())
		}
	})
}
