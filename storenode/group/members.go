package group

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"gantry/storenode/configfile"
)

// Errors of registering; match them with errors.Is.
var (
	ErrTooManyGroups  = errors.New("too many groups are online")
	ErrTooManyMembers = errors.New("group has too many members")
)

// Channel is the connection or session of one client. Two values are the same channel when they are equal, so an
// implementation is a pointer.
type Channel interface {
	ClientID() string
	RemoteAddr() string
	Language() string // LanguageCode's name
	Version() int32   // MQVersion's ordinal
}

// MembersConfig bounds and times the members' table.
type MembersConfig struct {
	ExpireAfter time.Duration // without heartbeat
	ScanEvery   time.Duration // how often expiry is looked for
	NotifyDelay time.Duration // changes of a group within it are one notice
	KeepOffline time.Duration // how long the subscriptions of a group without members are kept
	SaveDelay   time.Duration // how long a changed subscription may be in memory only

	MaxGroups          int // consumer groups, online or kept; as many producer groups
	MaxMembersPerGroup int

	// OnChange is called once for the changes of a group within NotifyDelay, so that each of its members gets code 40. It
	// runs on the table's goroutine, without locks, and must not block. May be nil.
	OnChange func(group string)
	// OnExpire is called, likewise, with a channel whose last registration has expired, so that it is closed. May be nil.
	OnExpire func(Channel)
}

// DefaultMembersConfig has Java's times.
func DefaultMembersConfig() MembersConfig {
	return MembersConfig{
		ExpireAfter: 120 * time.Second, ScanEvery: 10 * time.Second, NotifyDelay: 50 * time.Millisecond,
		KeepOffline: 7 * 24 * time.Hour, SaveDelay: time.Second,
		MaxGroups: 100_000, MaxMembersPerGroup: 10_000,
	}
}

// Members says which clients are online in which groups and what the groups subscribe to (ConsumerManager,
// ProducerManager). Subscriptions outlive the members and the process, in gantry/subscriptions.json, so that a pull
// is served before the client's next heartbeat. Its methods may be called concurrently.
type Members struct {
	config MembersConfig
	log    *slog.Logger
	saver  *configfile.Saver
	wake   chan struct{}
	stop   chan struct{}
	once   sync.Once
	loop   sync.WaitGroup

	mu        sync.RWMutex // guards the rest; never held while calling out
	consumers map[string]*consumerGroup
	producers map[string]map[Channel]*member
	producing map[string]map[Channel]uint64 // by client id: when each session registered last as a producer
	channels  map[Channel]*registrations
	changed   map[string]struct{} // groups whose members wait for a notice
	beats     uint64              // registrations so far
	kept      int64               // changes of what is kept so far
}

// member is one session of a client in one group.
type member struct {
	clientID string
	lastSeen time.Time
	beat     uint64 // its last registration's number
}

func (m *Members) newMember(clientID string, now time.Time) *member {
	m.beats++
	return &member{clientID: clientID, lastSeen: now, beat: m.beats}
}

// registrations are the groups of one channel.
type registrations struct {
	consumers, producers map[string]struct{}
}

func (r *registrations) empty() bool { return len(r.consumers) == 0 && len(r.producers) == 0 }

// OpenMembers reads the kept subscriptions, gantry/subscriptions.json of the store, and starts with nobody online.
// What clients repeat every 30 s is never worth refusing a start: a damaged file is a warning. Error: that of the
// file system.
func OpenMembers(fsys configfile.FS, path string, config MembersConfig, log *slog.Logger) (*Members, error) {
	m := &Members{
		config: config, log: log, wake: make(chan struct{}, 1), stop: make(chan struct{}),
		consumers: map[string]*consumerGroup{}, producers: map[string]map[Channel]*member{},
		producing: map[string]map[Channel]uint64{}, channels: map[Channel]*registrations{}, changed: map[string]struct{}{},
	}
	file := configfile.New(fsys, path)
	_, err := file.Load(m.decode)
	var corrupt *configfile.CorruptError
	if errors.As(err, &corrupt) {
		log.Warn("kept subscriptions are lost, clients bring them again", "path", path, "err", err)
	} else if err != nil {
		return nil, err
	}
	m.saver = configfile.StartSaver(file, m.encode, config.SaveDelay, log)
	m.loop.Go(m.run)
	return m, nil
}

// Close ends the table's goroutines and saves the subscriptions. Changes that wait for their notice get none.
func (m *Members) Close() error {
	m.once.Do(func() { close(m.stop) })
	m.loop.Wait()
	return m.saver.Close()
}

// RegisterProducer puts the channel into the producer group, or renews it (heartbeat, code 34). Errors:
// ErrTooManyGroups, ErrTooManyMembers.
func (m *Members) RegisterProducer(ch Channel, group string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	g := m.producers[group]
	switch {
	case g == nil && len(m.producers) >= m.config.MaxGroups:
		return fmt.Errorf("%w: no place for producer group %q", ErrTooManyGroups, group)
	case g[ch] == nil && len(g) >= m.config.MaxMembersPerGroup:
		return fmt.Errorf("%w: producer group %q", ErrTooManyMembers, group)
	case g == nil:
		g = map[Channel]*member{}
		m.producers[group] = g
	}
	g[ch] = m.newMember(ch.ClientID(), time.Now())
	m.registrationsOf(ch).producers[group] = struct{}{}
	m.noteProducing(ch, g[ch].beat)
	return nil
}

// Unregister takes the channel's client out of a producer group and a consumer group (code 35), with all its sessions:
// it says so over one of them only. "" names no group. A channel that is in neither takes nobody out.
func (m *Members) Unregister(ch Channel, producerGroup, consumerGroup string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if g := m.producers[producerGroup]; g[ch] != nil {
		for _, session := range sessionsOf(g, g[ch].clientID) {
			m.removeProducer(session, producerGroup)
		}
	}
	if g := m.consumers[consumerGroup]; g != nil && g.members[ch] != nil {
		for _, session := range sessionsOf(g.members, g.members[ch].clientID) {
			m.removeConsumer(session, consumerGroup)
		}
	}
}

// ChannelClosed takes the channel out of all its groups.
func (m *Members) ChannelClosed(ch Channel) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.channels[ch]
	if r == nil {
		return
	}
	for group := range r.producers {
		m.removeProducer(ch, group)
	}
	for group := range r.consumers {
		m.removeConsumer(ch, group)
	}
}

func (m *Members) registrationsOf(ch Channel) *registrations {
	r := m.channels[ch]
	if r == nil {
		r = &registrations{consumers: map[string]struct{}{}, producers: map[string]struct{}{}}
		m.channels[ch] = r
	}
	return r
}

func (m *Members) removeProducer(ch Channel, group string) {
	delete(m.producers[group], ch)
	if len(m.producers[group]) == 0 {
		delete(m.producers, group)
	}
	if r := m.channels[ch]; r != nil {
		delete(r.producers, group)
		if len(r.producers) == 0 {
			m.endProducing(ch)
		}
		m.forgetEmpty(ch, r)
	}
}

func (m *Members) forgetEmpty(ch Channel, r *registrations) {
	if r.empty() {
		delete(m.channels, ch)
	}
}
