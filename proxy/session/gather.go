package session

import (
	"bytes"
	"sync"
	"time"

	"gantry/proxy/upstream"
	"gantry/remoting"
	"gantry/remoting/protocol"
)

// Requests that go to every shard: 34 HEART_BEAT, 35 UNREGISTER_CLIENT and 12
// QUERY_MESSAGE. Their answers become one. A node that is away is waited for only
// where all are: it is told of the client when it returns.

// gather waits for as many answers as there are nodes asked.
type gather struct {
	whole func(answers [][]byte) // given all of them, in any order

	mu      sync.Mutex // guards what follows
	left    int
	answers [][]byte
}

// add is an upstream.Done.
func (g *gather) add(answer []byte) {
	g.mu.Lock()
	g.answers = append(g.answers, bytes.Clone(answer))
	g.left--
	last := g.left == 0
	g.mu.Unlock()
	if last {
		g.whole(g.answers)
	}
}

// ask sends a request to nodes and gives whole their answers.
func (c *Shared) ask(nodes []*upstream.Node, q question, whole func(answers [][]byte)) {
	if len(nodes) == 0 {
		c.refuse(q, noShards)
		return
	}
	g := &gather{whole: whole, left: len(nodes)}
	for _, n := range nodes {
		c.to(n, q, g.add)
	}
}

// everywhere forwards what changes the membership of the client's groups.
func (c *Shared) everywhere(q question) {
	body := bytes.Clone(remoting.BodyOf(q.frame))
	beats := q.sum.Code == protocol.HeartBeat && !q.sum.IsOneway()
	if beats && c.beats.repeats(body) {
		c.conn.Send(refusal(q, protocol.Success, ""))
		return
	}
	c.beats.taken(nil)
	if q.sum.Code == protocol.HeartBeat {
		c.meet(c.cluster.nodes()) // before there is a heartbeat that they would be told at once
		c.remember(q.frame)
	}
	all := c.cluster.nodes() // those that came meanwhile too
	told := reachable(all)
	c.forLater(all, told, q)
	c.ask(told, q, func(answers [][]byte) {
		answer, good := mostGood(answers)
		if beats && good == len(answers) {
			c.beats.taken(body)
		}
		c.conn.Send(answer)
	})
}

// beatMillis is how long a heartbeat holds that the client repeats: it sends one
// for each broker of its routes, all to this address, one after the other.
const beatMillis = 1000

// beats is the last heartbeat that every node within reach has taken.
type beats struct {
	mu   sync.Mutex // guards what follows; taken inside any other
	body []byte
	at   time.Time
}

func (b *beats) repeats(body []byte) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.body != nil && bytes.Equal(b.body, body) && time.Since(b.at) < beatMillis*time.Millisecond
}

func (b *beats) taken(body []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.body, b.at = body, time.Now()
}

// meet opens sessions with nodes, as far as there is room.
func (c *Shared) meet(all []*upstream.Node) {
	for _, n := range all {
		c.session(n)
	}
}

// forLater lets nodes that are away know of the client when they are back.
func (c *Shared) forLater(all, told []*upstream.Node, q question) {
	reached := map[*upstream.Node]bool{}
	for _, n := range told {
		reached[n] = true
	}
	for _, n := range all {
		if s, err := c.session(n); err == nil && !reached[n] {
			s.Remember(q.sum, q.frame)
		}
	}
}

// mostGood is an answer that says SUCCESS, where there is one, and how many do.
func mostGood(answers [][]byte) (answer []byte, good int) {
	answer = answers[0]
	for _, a := range answers {
		if sum, err := remoting.Summarize(a); err == nil && sum.Code == protocol.Success {
			answer = a
			good++
		}
	}
	return answer, good
}

// merged forwards a query for messages, which may be anywhere.
func (c *Shared) merged(q question) {
	if c.toNamed(q, "bname") {
		return
	}
	c.ask(reachable(c.cluster.nodes()), q, func(answers [][]byte) { c.conn.Send(mergeFound(q.sum, answers)) })
}

// mergeFound makes the messages of all answers one's, as many answers as a frame
// holds. Where no more than one found any, it is the answer as it came.
func mergeFound(sum remoting.Summary, answers [][]byte) []byte {
	if answer, good := mostGood(answers); good <= 1 {
		return answer
	}
	var d remoting.Decoder
	var all protocol.QueryMessageResponse
	var body []byte
	for _, a := range answers {
		var c remoting.Command
		var h protocol.QueryMessageResponse
		if d.Decode(a, &c) != nil || c.Code != protocol.Success || h.Decode(c.Ext) != nil || len(body)+len(c.Body) > mergedBytes {
			continue
		}
		all.IndexLastUpdateTimestamp = max(all.IndexLastUpdateTimestamp, h.IndexLastUpdateTimestamp)
		all.IndexLastUpdatePhyoffset = max(all.IndexLastUpdatePhyoffset, h.IndexLastUpdatePhyoffset)
		body = append(body, c.Body...)
	}
	return remoting.AppendResponse(nil, sum.Kind, sum.Opaque, &remoting.Response{Header: all, Body: body})
}

// mergedBytes leaves room for the header in a frame of 16 MiB.
const mergedBytes = 16<<20 - 64<<10
