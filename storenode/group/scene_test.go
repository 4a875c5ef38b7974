package group

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/configfile/configtest"
	"gantry/storenode/filter"
)

type channel struct{ id, addr string }

func (c *channel) ClientID() string   { return c.id }
func (c *channel) RemoteAddr() string { return c.addr }
func (c *channel) Language() string   { return "JAVA" }
func (c *channel) Version() int32     { return 407 }

// scene is a table of members with what it told its node.
type scene struct {
	*testing.T
	*Members
	mu      sync.Mutex
	notices []string // "group: sorted client ids"
	expired []string
}

func newScene(t *testing.T, fsys *configtest.FS, change func(*MembersConfig)) *scene {
	t.Helper()
	s := &scene{T: t}
	config := DefaultMembersConfig()
	config.OnChange = s.onChange
	config.OnExpire = func(ch Channel) { s.expired = append(s.expired, ch.ClientID()) }
	if change != nil {
		change(&config)
	}
	var err error
	if s.Members, err = OpenMembers(fsys, path, config, quiet); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *scene) onChange(group string) {
	var ids []string
	for _, c := range s.Consumers(group) {
		ids = append(ids, c.ID)
	}
	s.mu.Lock()
	s.notices = append(s.notices, group+": "+strings.Join(ids, " "))
	s.mu.Unlock()
}

// heartbeat registers ch in group g for "topic=expression@version" subscriptions.
func (s *scene) heartbeat(ch Channel, subscriptions ...string) (changed bool) {
	s.Helper()
	data := ConsumerData{
		Group: "g", ConsumeType: "CONSUME_PASSIVELY", MessageModel: Clustering,
		ConsumeFromWhere: "CONSUME_FROM_LAST_OFFSET", Notify: true,
	}
	for _, text := range subscriptions {
		name, rest, _ := strings.Cut(text, "=")
		expression, version, _ := strings.Cut(rest, "@")
		sub, err := filter.Parse(name, expression, filter.TypeTag)
		if err != nil {
			s.Fatal(err)
		}
		if _, err := fmt.Sscan(version, &sub.Version); err != nil {
			s.Fatal(err)
		}
		data.Subscriptions = append(data.Subscriptions, sub)
	}
	changed, err := s.RegisterConsumer(ch, data)
	if err != nil {
		s.Fatal(err)
	}
	return changed
}

// wantNotices compares the notices since the last call, after more than NotifyDelay.
func (s *scene) wantNotices(want ...string) {
	s.Helper()
	time.Sleep(time.Second)
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.notices, want) {
		s.Errorf("notices %q, want %q", s.notices, want)
	}
	s.notices = nil
}

func (s *scene) wantIDs(want string) {
	s.Helper()
	if got := strings.Join(s.ConsumerIDs("g"), " "); got != want {
		s.Errorf("consumer ids %q, want %q", got, want)
	}
}

// wantSessions compares a consumer's sessions, the latest first.
func (s *scene) wantSessions(id string, want ...*channel) {
	s.Helper()
	var got []*channel
	for _, c := range s.Consumers("g") {
		for _, session := range c.Sessions {
			if c.ID == id {
				got = append(got, session.(*channel))
			}
		}
	}
	if !slices.Equal(got, want) {
		s.Errorf("sessions of %s: %v, want %v", id, got, want)
	}
}

func (s *scene) wantSubscription(topic, expression string, version int64) {
	s.Helper()
	got := s.Lookup([]byte("g"), []byte(topic)).Subscription
	if got == nil || got.Expression != expression || got.Version != version {
		s.Errorf("topic %s: got %+v, want %s@%d", topic, got, expression, version)
	}
}
