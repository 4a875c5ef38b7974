package storenode

import (
	"math"
	"testing"

	"gantry/remoting/message"
	"gantry/remoting/protocol"
)

func TestMessagesAreFoundByKey(t *testing.T) {
	withNode(t, func(c *Config) { c.DefaultQueryMaxNum = 1 }, func(s *scene) {
		p := s.dial()
		h := to("T")
		h.Properties = props("KEYS", "red blue", "UNIQ_KEY", "u")
		p.send(h, "first")
		h.Properties = props("KEYS", "red", "UNIQ_KEY", "u")
		last := p.send(h, "last")
		ask := func(key string, unique bool, most int32) protocol.QueryMessageRequest {
			return protocol.QueryMessageRequest{Topic: "T", Key: key, MaxNum: most, EndTimestamp: math.MaxInt64, UniqueKeyQuery: unique}
		}
		c := p.want(protocol.QueryMessage, ask("red", false, 32), nil, protocol.Success, "")
		equal(t, "of red", len(messages(t, c.Body)), 2)
		_, offset, err := message.ParseOffsetID(string(last.MsgID))
		if err != nil {
			t.Fatal(err)
		}
		r := c.Ext.Reader()
		equal(t, "indexed up to", r.Int64("indexLastUpdatePhyoffset"), offset)
		equal(t, "of blue", len(messages(t, p.want(protocol.QueryMessage, ask("blue", false, 32), nil, protocol.Success, "").Body)), 1)
		equal(t, "of red, one", len(messages(t, p.want(protocol.QueryMessage, ask("red", false, 1), nil, protocol.Success, "").Body)), 1)
		equal(t, "by unique key", len(messages(t, p.want(protocol.QueryMessage, ask("u", true, 32), nil, protocol.Success, "").Body)), 1)
		for _, h := range []protocol.QueryMessageRequest{ask("green", false, 32), ask("red", false, 0), ask("red", false, -5)} {
			p.want(protocol.QueryMessage, h, nil, protocol.QueryNotFound, "can not find message")
		}
		p.want(protocol.QueryMessage, nil, nil, protocol.SystemError, "> is null")
	})
}

func TestWhatLiesAtNoRecordsPlaceIsNotViewed(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "m")
		for _, offset := range []int64{1, -1, 1 << 40, math.MinInt64} {
			p.want(protocol.ViewMessageByID, protocol.ViewMessageByIDRequest{Offset: offset}, nil, protocol.SystemError, "can not find message by the offset")
		}
	})
}
