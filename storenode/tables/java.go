package tables

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gantry/remoting"
	"gantry/remoting/fastjson"
	"gantry/remoting/protocol"
	"gantry/storenode/configfile"
	"gantry/storenode/group"
)

// A Java master, asked as SlaveSynchronize 4.9.7 does. Different: what clients
// have committed here while it was away is committed there (code 15), not
// replaced by what it had before.

type javaMaster struct {
	*session
	later settled // of its last answer, until it has said where its log ends
}

// ask goes through all tables once.
func (m *javaMaster) ask(ctx context.Context) error {
	t, asked := &m.f.config.Tables, time.Now()
	for _, part := range []struct {
		code int32
		take func(ctx context.Context, body []byte) error
	}{
		{protocol.GetAllTopicConfig, func(_ context.Context, body []byte) error { return replace(t.Topics, body) }},
		{protocol.GetAllConsumerOffset, func(ctx context.Context, body []byte) error { return m.offsets(ctx, body, asked) }},
		{protocol.GetAllDelayOffset, m.delays},
		{protocol.GetAllSubscriptionGroupConfig, func(_ context.Context, body []byte) error { return replace(t.Groups, body) }},
	} {
		c, err := m.must(ctx, &remoting.Request{Code: part.code})
		if err == nil {
			err = part.take(ctx, c.Body)
		}
		if err != nil {
			return err
		}
	}
	m.f.heard("java")
	return nil
}

func (m *javaMaster) delays(ctx context.Context, body []byte) error {
	c, err := m.must(ctx, &remoting.Request{Code: protocol.GetBrokerRuntimeInfo})
	if err != nil {
		return err
	}
	var says protocol.KVTable
	if err := says.Decode(c.Body); err != nil {
		return err
	}
	end, err := strconv.ParseInt(says.Table["commitLogMaxOffset"], 10, 64)
	if err != nil {
		return fmt.Errorf("where the master's log ends: %w", err)
	}
	m.f.delays.add(body, end, newest)
	m.f.wait(m.later, end)
	return m.f.keepWaiting()
}

func (m *javaMaster) must(ctx context.Context, r *remoting.Request) (*remoting.Command, error) {
	c, err := m.invoke(ctx, m.f.config.AnswerBound, r)
	if err == nil && c.Code != protocol.Success {
		err = &protocol.Error{Code: c.Code, Remark: c.Remark}
	}
	return c, err
}

// replace takes a table whose version is another.
func replace(t Versioned, body []byte) error {
	var stated struct {
		DataVersion configfile.Version `json:"dataVersion"`
	}
	if err := fastjson.Unmarshal(body, &stated); err != nil || stated.DataVersion == t.Version() {
		return err
	}
	return t.Replace(body)
}

func (m *javaMaster) offsets(ctx context.Context, body []byte, asked time.Time) error {
	var stated protocol.ConsumerOffsetTable
	if err := stated.Decode(body); err != nil {
		return err
	}
	if stated.OffsetTable == nil {
		stated.OffsetTable = protocol.Table[string, protocol.Table[int32, int64]]{}
	}
	offsets := m.f.config.Tables.Offsets
	own := map[string]map[int32]bool{}
	for _, c := range offsets.Own(m.f.config.HandBack) {
		if err := m.handBack(ctx, stated, c); err != nil {
			return err
		}
		if own[c.Key] == nil {
			own[c.Key] = map[int32]bool{}
		}
		own[c.Key][c.QueueID] = true
	}
	var news []group.Change
	for key, queues := range stated.OffsetTable {
		topic, name, _ := strings.Cut(key, "@")
		for id, offset := range queues {
			if had, known := offsets.Query([]byte(topic), []byte(name), id); !known || had != offset || own[key][id] {
				news = append(news, group.Change{Key: key, QueueID: id, Offset: offset, AgeMillis: time.Since(asked).Milliseconds()})
			}
		}
	}
	m.f.stated = stated
	news, m.later = m.f.part(news, asked)
	m.f.answered = asked
	return offsets.Hear(news, asked, false)
}

// handBack commits an offset to the master, unless a client has committed a
// higher one there since. A client's going back counts where the master's is what
// it was before.
func (m *javaMaster) handBack(ctx context.Context, stated protocol.ConsumerOffsetTable, c group.Change) error {
	now, known := stated.OffsetTable[c.Key][c.QueueID]
	before, knew := m.f.stated.OffsetTable[c.Key][c.QueueID]
	if known && now >= c.Offset && !(knew && now == before) {
		return nil
	}
	topic, name, _ := strings.Cut(c.Key, "@")
	if _, err := m.must(ctx, &remoting.Request{Code: protocol.UpdateConsumerOffset,
		Header: protocol.UpdateConsumerOffsetRequest{ConsumerGroup: name, Topic: topic, QueueID: c.QueueID, CommitOffset: c.Offset}}); err != nil {
		return err
	}
	if stated.OffsetTable[c.Key] == nil {
		stated.OffsetTable[c.Key] = protocol.Table[int32, int64]{}
	}
	stated.OffsetTable[c.Key][c.QueueID] = c.Offset
	return nil
}
