package storenode

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gantry/remoting/properties"
	"gantry/remoting/protocol"
)

// setting is what code 26 says of a key.
func (p *peer) setting(key string) string {
	p.s.t.Helper()
	answer := p.want(protocol.GetBrokerConfig, nil, nil, protocol.Success, "")
	entries, err := properties.Parse(answer.Body)
	if err != nil {
		p.s.t.Fatal(err)
	}
	value, _ := properties.Get(entries, key)
	return value
}

// change sets keys by code 25.
func (p *peer) change(text string) {
	p.s.t.Helper()
	p.want(protocol.UpdateBrokerConfig, nil, []byte(text), protocol.Success, "")
}

func TestSettingsAreToldAndChangedWhileTheNodeRuns(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "m")
		for _, c := range []struct {
			set    string
			refuse func()
		}{
			{"maxMessageSize=10", func() {
				p.want(protocol.SendMessageV2, to("T"), []byte("more than ten"), protocol.MessageIllegal, "10")
			}},
			{"brokerPermission=2", func() {
				p.want(protocol.PullMessage, from("T", 0, 0), nil, protocol.NoPermission, "pulling message is forbidden")
			}},
			{"autoCreateTopicEnable=false", func() {
				p.want(protocol.SendMessageV2, to("Other"), []byte("m"), protocol.TopicNotExist, "")
			}},
			{fmt.Sprint("startAcceptSendRequestTimeStamp=", time.Now().Add(time.Hour).UnixMilli()), func() {
				p.want(protocol.SendMessageV2, to("T"), []byte("m"), protocol.SystemError, "broker unable to service, until 20")
			}},
			{"autoCreateSubscriptionGroup=false", func() {
				h := from("T", 0, 0)
				h.ConsumerGroup = []byte("unheard-of")
				p.want(protocol.PullMessage, h, nil, protocol.SubscriptionGroupNotExist, "")
			}},
		} {
			key, value, _ := strings.Cut(c.set, "=")
			before := p.setting(key)
			p.change(c.set)
			equal(t, key, p.setting(key), value)
			c.refuse()
			p.change(key + "=" + before)
		}
		p.send(to("Other"), "m")
	})
}

func TestTopicsAreCreatedWhereThatIsAllowedLater(t *testing.T) {
	withNode(t, func(c *Config) { c.AutoCreateTopicEnable = false }, func(s *scene) {
		p := s.dial()
		p.want(protocol.SendMessageV2, to("T"), []byte("m"), protocol.TopicNotExist, "")
		p.change("autoCreateTopicEnable=true")
		p.send(to("T"), "m")
	})
}

func TestAChangedPermissionIsRegistered(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		before := s.node.current()
		s.dial().change("brokerPermission=4")
		now := s.node.current()
		equal(t, "permission of a topic", now.Topics["TBW102"].Perm, 4|1)
		if now.DataVersion == before.DataVersion {
			t.Error("name servers take the registration for one that they know")
		}
	})
}

func TestWhatDoesNotChangeLiveIsRefusedAndNamed(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		for body, want := range map[string]string{
			"brokerName=other":                         "brokerName: is changed by a restart only; nothing was changed",
			"traceOn=false\nflushDiskType=ASYNC_FLUSH": "flushDiskType: is changed by a restart only; nothing was changed",
			"aclEnable=false":                          "aclEnable: access control is not in this release",
			"sendMessageThreadPoolNums=4":              "sendMessageThreadPoolNums: has no effect: no request has a thread of its own",
			"fileReservedTim=4":                        "fileReservedTim: unknown key, ignored; did you mean fileReservedTime?; nothing was changed",
			"fileReservedTime=soon":                    `fileReservedTime: "soon" is not a whole number`,
			"fileReservedTime=-1":                      "fileReservedTime=-1 must lie between 0 and 1048576; nothing was changed",
			"maxMessageSize=1048576":                   "mappedFileSizeCommitLog=1048576 must lie between",
			"gatewayBasePort=1":                        "gatewayBasePort: has no effect here: it is a key of a proxy",
		} {
			p.want(protocol.UpdateBrokerConfig, nil, []byte(body), protocol.SystemError, want)
		}
		equal(t, "traceOn", p.setting("traceOn"), "true")
		p.change("")
		equal(t, "clusterKey", p.setting("clusterKey"), "")
		equal(t, "storePathCommitLog", p.setting("storePathCommitLog"), "/store/commitlog")
		equal(t, "haListenPort", p.setting("haListenPort"), "10912")
		equal(t, "brokerIP2", p.setting("brokerIP2"), "10.1.1.1")
	})
}

func TestWhatWasChangedIsKept(t *testing.T) {
	var kept []properties.Entry
	var err error
	save := func(changed []properties.Entry) error {
		kept = append(kept, changed...)
		return err
	}
	withNode(t, func(c *Config) { c.SaveSettings = save }, func(s *scene) {
		p := s.dial()
		p.change("deleteWhen=05\nfileReservedTime=48\n")
		equal(t, "kept", string(properties.Append(nil, kept)), "deleteWhen=05\nfileReservedTime=48\n")
		err = errors.New("read-only file system")
		p.want(protocol.UpdateBrokerConfig, nil, []byte("deleteWhen=06"), protocol.SystemError, "changed until the broker ends, but not kept: read-only file system")
		equal(t, "deleteWhen", p.setting("deleteWhen"), "06")
	})
}
