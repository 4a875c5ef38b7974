package storenode

import (
	"strings"
	"testing"
	"time"

	"gantry/remoting/protocol"
	"gantry/storenode/vfs"
)

func TestAFullDiskRefusesSendsByNameAndServesTheRest(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "before")
		s.fs.SetUsage(vfs.Usage{UsedBytes: 999 << 30, FreeBytes: 1234567})
		time.Sleep(2 * time.Second)
		refused := p.ask(protocol.SendMessageV2, to("T"), []byte("refused"))
		if refused.Code != protocol.ServiceNotAvailable || !strings.Contains(refused.Remark, "commitlog has 1234567 bytes free") {
			t.Errorf("send to a full disk: %d %q", refused.Code, refused.Remark)
		}
		equal(t, "messages served", len(p.stored("T", 0)), 1)
		p.want(protocol.UpdateConsumerOffset, commit("T", "g", 0, 1), nil, protocol.Success, "")
		s.fs.SetUsage(vfs.Usage{FreeBytes: 1 << 30})
		time.Sleep(2 * time.Second)
		p.send(to("T"), "after")
		equal(t, "messages served", len(p.stored("T", 0)), 2)
	})
}

func TestADelayedMessageOutlivesItsFile(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		delayed := to("T")
		delayed.Properties = props("DELAY", "18") // 2 h
		p.send(delayed, "late")
		for range 20 {
			p.send(to("fill"), strings.Repeat("x", 60<<10))
		}
		s.fs.SetUsage(vfs.Usage{UsedBytes: 91, FreeBytes: 9}) // sends are refused, what is put again is not
		time.Sleep(3 * time.Second)
		if s.node.store.Min() == 0 {
			t.Error("the file with the delayed message is there")
		}
		s.fs.SetUsage(vfs.Usage{FreeBytes: 1 << 30})
		s.restart()
		time.Sleep(time.Hour)
		equal(t, "messages before their time", len(s.dial().stored("T", 0)), 0)
		time.Sleep(time.Hour + time.Minute)
		equal(t, "the message", string(s.dial().one("T", 0).Body), "late")
	})
}

func TestDeleteWhenIsAListOfHours(t *testing.T) {
	for when, valid := range map[string]bool{"04": true, "4;16": true, "": true, "00;23;": true, "24": false, "4,5": false, "-1": false} {
		c := DefaultConfig()
		c.BrokerIP1, c.BrokerName, c.DeleteWhen = "127.0.0.1", "b", when
		if err := c.Validate(); (err == nil) != valid {
			t.Errorf("deleteWhen=%s: %v", when, err)
		}
	}
}
