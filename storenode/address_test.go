package storenode

import (
	"net/netip"
	"testing"
)

func TestAnIPv6BrokerIP1MayStandInBracketsAsTheJavaBrokerNeedsIt(t *testing.T) {
	for _, ip := range []string{"2001:db8::7", "[2001:db8::7]"} {
		c := smallConfig()
		c.BrokerIP1, c.ListenPort = ip, 10911
		host, err := c.storeHost()
		if err != nil {
			t.Errorf("brokerIP1=%s: %v", ip, err)
		}
		equal(t, "store host", host, netip.MustParseAddrPort("[2001:db8::7]:10911"))
		equal(t, "address", c.Address(), "[2001:db8::7]:10911")
	}
}

func TestANodeListensOnTheAddressesOfBothFamiliesUnlessToldOne(t *testing.T) {
	for bind, want := range map[string]string{"0.0.0.0": ":10911", "::": "[::]:10911", "127.0.0.1": "127.0.0.1:10911"} {
		c := smallConfig()
		c.BindAddress, c.ListenPort = bind, 10911
		equal(t, "bindAddress="+bind, c.listenAddress(c.ListenPort), want)
	}
}
