package doctor

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

func TestAProxysPortsAreLookedAt(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	number := taken.Addr().(*net.TCPAddr).Port
	s := &Subject{File: "p", Proxy: &Proxy{BindAddress: "127.0.0.1", ListenPort: number}}
	if got := lines(ports(t.Context(), s)); !strings.HasPrefix(got, fmt.Sprintf("error p: the name server port %d: ", number)) {
		t.Errorf("a port of somebody else: %s", got)
	}
	taken.Close()
	if got := lines(ports(t.Context(), s)); got != fmt.Sprintf("fine p: %d (name server)", number) {
		t.Errorf("a free port: %s", got)
	}
	s.Proxy.AdvertiseAddr = "127.0.0.2"
	if got := lines(ports(t.Context(), s)); !strings.HasPrefix(got, fmt.Sprintf("error p: others are told 127.0.0.2:%d", number)) {
		t.Errorf("an address that leads elsewhere: %s", got)
	}
}

func TestAProxyAndABrokerNeedPortsOfTheirOwn(t *testing.T) {
	p := &Subject{File: "p", Proxy: &Proxy{ListenPort: 9876, GatewayPort: 10911}}
	b := broker(t, "b", "\nlistenPort=10911\nbrokerId=1")
	want := "error b:2 and p: port 10911 is the broker port of one and the first shard's port of the other\n" +
		"error b:2 and p: port 10909 is the VIP port of one and the first shard's VIP port of the other"
	if got := lines(contradictions([]*Subject{b, p}, false)); got != want {
		t.Errorf("got %s", got)
	}
}
