package storenode

import (
	"sync"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/storenode/group"
)

// client is one client id on one channel: a member of groups.
type client struct {
	channel  *remoting.Channel
	id       string
	language remoting.Language
	version  int32
}

// ClientID implements group.Channel, as the rest does.
func (c *client) ClientID() string   { return c.id }
func (c *client) RemoteAddr() string { return c.channel.Remote.String() }
func (c *client) Language() string   { return c.language.String() }
func (c *client) Version() int32     { return c.version }

// clients are those that have sent a heartbeat, by channel. A process may run
// several client ids over one channel.
type clients struct {
	mu        sync.RWMutex // guards byChannel
	byChannel map[*remoting.Channel][]*client
}

func newClients() *clients { return &clients{byChannel: map[*remoting.Channel][]*client{}} }

// maxClientsPerChannel bounds what one channel can make the node remember.
const maxClientsPerChannel = 256

// of returns the one member that id is on ch, made at its first heartbeat.
func (t *clients) of(ch *remoting.Channel, id string, c *remoting.Command) (*client, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, known := range t.byChannel[ch] {
		if known.id == id {
			return known, nil
		}
	}
	if len(t.byChannel[ch]) >= maxClientsPerChannel {
		return nil, protocol.Errorf(protocol.SystemError, "%d client ids on one connection are the bound", maxClientsPerChannel)
	}
	made := &client{channel: ch, id: id, language: c.Language, version: c.Version}
	t.byChannel[ch] = append(t.byChannel[ch], made)
	return made, nil
}

// known returns the member that id is on ch, nil before its first heartbeat.
func (t *clients) known(ch *remoting.Channel, id string) *client {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, c := range t.byChannel[ch] {
		if c.id == id {
			return c
		}
	}
	return nil
}

// closed forgets a channel and returns who was on it.
func (t *clients) closed(ch *remoting.Channel) []*client {
	t.mu.Lock()
	defer t.mu.Unlock()
	gone := t.byChannel[ch]
	delete(t.byChannel, ch)
	return gone
}

// channelOf returns the channel behind a group's member.
func channelOf(m group.Channel) *remoting.Channel { return m.(*client).channel }
