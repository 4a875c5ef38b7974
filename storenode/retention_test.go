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

func TestDeleteWhenIsAListOfHours(t *testing.T) {
	for when, valid := range map[string]bool{"04": true, "4;16": true, "": true, "00;23;": true, "24": false, "4,5": false, "-1": false} {
		c := DefaultConfig()
		c.BrokerIP1, c.BrokerName, c.DeleteWhen = "127.0.0.1", "b", when
		if err := c.Validate(); (err == nil) != valid {
			t.Errorf("deleteWhen=%s: %v", when, err)
		}
	}
}
