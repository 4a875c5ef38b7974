package storenode

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"gantry/remoting"
	"gantry/remoting/message"
	"gantry/remoting/protocol"
)

const (
	commits   = message.FlagTransactionCommit
	rollsBack = message.FlagTransactionRollback
	unsure    = 0
)

// producer is a client of the producer group "producers" that sends transactional
// messages and is asked about them.
type producer struct {
	*peer
	says   atomic.Int32 // its answer to each check; silent answers none
	decide func(check) int32

	mu     sync.Mutex // guards checks
	checks []check
}

const silent = -1

// check is what the node asked.
type check struct {
	protocol.CheckTransactionStateRequest
	half message.Message
}

// producer dials as a member of the group that says the same to each check.
func (s *scene) producer(clientID string, says int32) *producer {
	s.t.Helper()
	p := &producer{peer: &peer{s: s}}
	p.says.Store(says)
	p.decide = func(check) int32 { return p.says.Load() }
	p.join(clientID)
	return p
}

func (p *producer) join(clientID string) {
	p.s.t.Helper()
	var err error
	if p.client, err = remoting.Dial(context.Background(), p.s.network.Dial, "node", remoting.Limits{}, p.heard); err != nil {
		p.s.t.Fatal(err)
	}
	p.s.t.Cleanup(p.client.Close)
	p.want(protocol.HeartBeat, nil, producing(clientID), protocol.Success, "")
	go p.beatOn(clientID)
}

func producing(clientID string) []byte {
	data := protocol.HeartbeatData{ClientID: clientID, ProducerDataSet: protocol.Set[protocol.ProducerData]{{GroupName: "producers"}}}
	return data.Encode()
}

// beatOn sends heartbeats until the client is closed.
func (p *producer) beatOn(clientID string) {
	for {
		select {
		case <-p.client.Done():
			return
		case <-time.After(30 * time.Second):
			p.client.Oneway(&remoting.Request{Code: protocol.HeartBeat, Body: producing(clientID)})
		}
	}
}

func (p *producer) heard(c *remoting.Command, to remoting.Responder) {
	defer to.Drop()
	if c.Code != protocol.CheckTransactionState {
		return
	}
	var heard check
	if err := heard.Decode(c.Ext); err != nil {
		p.s.t.Error(err)
	}
	heard.half = messages(p.s.t, append([]byte(nil), c.Body...))[0]
	p.mu.Lock()
	p.checks = append(p.checks, heard)
	p.mu.Unlock()
	if says := p.decide(heard); says != silent {
		end := protocol.EndTransactionRequest{ProducerGroup: "producers", TranStateTableOffset: heard.TranStateTableOffset,
			CommitLogOffset: heard.CommitLogOffset, CommitOrRollback: says, FromTransactionCheck: true, MsgID: heard.MsgID}
		p.client.Oneway(&remoting.Request{Code: protocol.EndTransaction, Header: end})
	}
}

// asked takes the checks heard so far.
func (p *producer) asked() []check {
	settle()
	p.mu.Lock()
	defer p.mu.Unlock()
	checks := p.checks
	p.checks = nil
	return checks
}

// transactional is the header of a half message, its body's name the unique key.
func transactional(topic, name string, more ...string) protocol.SendMessageRequest {
	h := to(topic)
	h.SysFlag, h.BornTimestamp = message.FlagTransactionPrepared, time.Now().UnixMilli()
	h.Properties = props(append([]string{"TRAN_MSG", "true", "PGROUP", "producers", "UNIQ_KEY", name}, more...)...)
	return h
}

// sentHalf is a half message as its sender knows it.
type sentHalf struct {
	protocol.SendMessageResponse
	at int64
}

func (p *peer) half(topic, name string, more ...string) sentHalf {
	p.s.t.Helper()
	return p.asSent(p.send(transactional(topic, name, more...), name))
}

func (p *peer) asSent(sent protocol.SendMessageResponse) sentHalf {
	p.s.t.Helper()
	_, at, err := message.ParseOffsetID(string(sent.MsgID))
	if err != nil {
		p.s.t.Fatal(err)
	}
	return sentHalf{sent, at}
}

func (h sentHalf) end(how int32) protocol.EndTransactionRequest {
	return protocol.EndTransactionRequest{ProducerGroup: "producers", TranStateTableOffset: h.QueueOffset, CommitLogOffset: h.at,
		CommitOrRollback: how, MsgID: string(h.MsgID)}
}

// end ends a transaction and expects success.
func (p *peer) end(h sentHalf, how int32) {
	p.s.t.Helper()
	p.want(protocol.EndTransaction, h.end(how), nil, protocol.Success, "")
	settle()
}

// bodies are those of a queue's messages.
func (p *peer) bodies(topic string, queueID int32) (all []string) {
	p.s.t.Helper()
	for _, m := range p.stored(topic, queueID) {
		all = append(all, string(m.Body))
	}
	return all
}

// round lets a round of checks pass.
func (s *scene) round() {
	time.Sleep(time.Duration(s.config.TransactionCheckIntervalMillis) * time.Millisecond)
	settle()
}
