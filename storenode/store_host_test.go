package storenode

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/storenode/vfs"
)

// writes is the address in the next message's record, which is the one in its id.
func (s *scene) writes() string {
	s.t.Helper()
	p := s.dial()
	sent := p.send(to("T"), "m")
	host, offset, err := message.ParseOffsetID(string(sent.MsgID))
	if err != nil {
		s.t.Fatal(err)
	}
	found := p.want(protocol.ViewMessageByID, protocol.ViewMessageByIDRequest{Offset: offset}, nil, protocol.Success, "")
	equal(s.t, "the record's storeHost", messages(s.t, found.Body)[0].StoreHost, host)
	return host.String()
}

// joined is a proxy that says where clients reach the node.
func (s *scene) joined(advertised string) {
	s.advertised = advertised
	s.dialProxy()
	settle()
}

func lookups(answers map[string]string) func(context.Context, string, string) ([]netip.Addr, error) {
	return func(_ context.Context, _, host string) (found []netip.Addr, err error) {
		time.Sleep(time.Millisecond)
		for ip := range strings.FieldsSeq(answers[host]) {
			found = append(found, netip.MustParseAddr(ip))
		}
		if found == nil {
			err = errors.New("no such host")
		}
		return found, err
	}
}

func TestWhatIsWrittenAsStoreHost(t *testing.T) {
	own := "10.1.1.1:10911"
	for name, row := range map[string]struct {
		change     func(*Config)
		advertised string
		want       string
	}{
		"no proxy says anything":              {advertised: "", want: own},
		"the proxy's address":                 {advertised: "10.9.9.9:20911", want: "10.9.9.9:20911"},
		"the proxy's name":                    {advertised: "mq.example:20911", want: "10.8.8.8:20911"},
		"a name that does not resolve":        {advertised: "nowhere:20911", want: own},
		"a name with IPv6 only":               {advertised: "six:20911", want: own},
		"no IPv6 where brokerIP1 is IPv4":     {advertised: "[2001:db8::9]:20911", want: own},
		"IPv6 where brokerIP1 is":             {change: func(c *Config) { c.BrokerIP1 = "2001:db8::1" }, advertised: "[2001:db8::9]:20911", want: "[2001:db8::9]:20911"},
		"a name's IPv6 where brokerIP1 is":    {change: func(c *Config) { c.BrokerIP1 = "2001:db8::1" }, advertised: "mq.example:20911", want: "[2001:db8::8]:20911"},
		"a name's IPv4 where it has no other": {change: func(c *Config) { c.BrokerIP1 = "2001:db8::1" }, advertised: "four:20911", want: "10.4.4.4:20911"},
		"brokerIP1 without a proxy's word":    {change: func(c *Config) { c.BrokerIP1 = "2001:db8::1" }, want: "[2001:db8::1]:10911"},
		"storeHostAddr before all":            {change: func(c *Config) { c.StoreHostAddr = "10.7.7.7:77" }, advertised: "10.9.9.9:20911", want: "10.7.7.7:77"},
		"what is no address":                  {advertised: "20911", want: own},
	} {
		t.Run(name, func(t *testing.T) {
			withNode(t, func(c *Config) {
				c.LookupIP = lookups(map[string]string{"mq.example": "2001:db8::8 10.8.8.8", "six": "2001:db8::6", "four": "10.4.4.4"})
				if row.change != nil {
					row.change(c)
				}
			}, func(s *scene) {
				s.joined(row.advertised)
				equal(t, "writes", s.writes(), row.want)
			})
		})
	}
}

func TestTheLastProxysWordOutlivesARestart(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.joined("10.9.9.9:20911")
		s.joined("10.9.9.10:20911")
		s.kill()
		s.open()
		equal(t, "before a proxy joins", s.writes(), "10.9.9.10:20911")
		if !strings.Contains(s.nodeFile(), `"gatewayAddr":"10.9.9.10:20911"`) {
			t.Errorf("node.json is %s", s.nodeFile())
		}
		s.joined("")
		equal(t, "when proxies say nothing any more", s.writes(), "10.1.1.1:10911")
		s.restart()
		equal(t, "after a restart", s.writes(), "10.1.1.1:10911")
		s.close()
		s.config.StoreHostAddr = "10.7.7.7:77"
		s.open()
		equal(t, "once configured", s.writes(), "10.7.7.7:77")
	})
}

func TestAnAddressThatCannotBeRecordedIsNotWritten(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.fs.SetHook(func(op vfs.Op) error {
			if strings.Contains(op.Path, "node.json") {
				return syscall.EIO
			}
			return nil
		})
		s.joined("10.9.9.9:20911")
		equal(t, "writes", s.writes(), "10.1.1.1:10911")
		if told := s.log.complaints(); !strings.Contains(told, "not recorded") {
			t.Errorf("logged %q", told)
		}
		s.fs.SetHook(nil)
		s.joined("10.9.9.9:20911")
		equal(t, "writes", s.writes(), "10.9.9.9:20911")
	})
}

func TestANameResolvedTooLateChangesNothing(t *testing.T) {
	withNode(t, func(c *Config) {
		c.LookupIP = func(context.Context, string, string) ([]netip.Addr, error) {
			time.Sleep(3 * time.Second)
			return []netip.Addr{netip.MustParseAddr("10.8.8.8")}, nil
		}
	}, func(s *scene) {
		s.joined("mq.example:20911")
		equal(t, "before it is resolved", s.writes(), "10.1.1.1:10911")
		s.joined("10.9.9.9:20911")
		time.Sleep(5 * time.Second)
		equal(t, "after another word", s.writes(), "10.9.9.9:20911")
	})
}

// A client goes by the id that it was given, whatever the node writes by now.
func TestTheAnswerNamesTheAddressInTheRecord(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.joined("10.9.9.9:20911")
		s.stopAppender(time.Second)
		p := s.dial()
		later := p.later(protocol.SendMessageV2, to("T"), []byte("m"))
		s.joined("10.9.9.10:20911")
		c, _ := later()
		var sent protocol.SendMessageResponse
		if err := sent.Decode(c.Ext); err != nil {
			t.Fatal(err)
		}
		equal(t, "id", string(sent.MsgID), message.OffsetID(netip.MustParseAddrPort("10.9.9.9:20911"), 0))
	})
}
