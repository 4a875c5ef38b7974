package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

func listen(t *testing.T, addr string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestAnAddressLeadsHereOnlyIfTheConnectionArrivesHere(t *testing.T) {
	held := listen(t, "127.0.0.1:0")
	if err := leadsTo(t.Context(), held.Addr().String(), held); err != nil {
		t.Error(err)
	}
	if err := leadsTo(t.Context(), listen(t, "127.0.0.1:0").Addr().String(), held); !errors.Is(err, errElsewhere) {
		t.Errorf("another's port: %v", err)
	}
	number := held.Addr().(*net.TCPAddr).Port
	listen(t, fmt.Sprintf("127.0.0.2:%d", number))
	s := broker(t, "f", fmt.Sprintf("bindAddress=127.0.0.1\nbrokerIP1=127.0.0.2\nlistenPort=%d", number))
	got := lines(reach(t.Context(), s, port{number, "broker", "listenPort"}, held))
	if !strings.HasPrefix(got, fmt.Sprintf("error f:2: others are told 127.0.0.2:%d, and it does not lead here: somebody else answers there", number)) {
		t.Errorf("got %s", got)
	}
}

func TestARunningBrokerIsKnownByItsName(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	other := remoting.NewServer(slog.New(slog.NewTextHandler(io.Discard, nil)), remoting.Limits{}, 0)
	t.Cleanup(func() { other.Close(context.Background()) })
	other.Serve(l, func(conn *remoting.Conn) remoting.FrameHandler {
		return remoting.NewEndpoint(conn, func(c *remoting.Command, to remoting.Responder) {
			if c.Code != protocol.GetBrokerConfig {
				t.Errorf("asked for %d", c.Code)
			}
			to.Reply(&remoting.Response{Body: []byte("brokerName=b\nbrokerId=1\n")})
		}, nil)
	})
	for text, want := range map[string]string{"brokerName=b\nbrokerId=1\nbrokerRole=SLAVE": "", "brokerName=b": "somebody else answers there: broker b/1"} {
		got := ""
		if err := leadsToRunning(t.Context(), l.Addr().String(), broker(t, "f", text), port{what: "broker"}); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}

func TestOwnAddressesAreTold(t *testing.T) {
	for addr, own := range map[string]bool{"127.0.0.1:1": true, "127.0.0.9:1": true, "[::1]:1": true, "198.51.100.7:1": false} {
		if got := ofThisMachine(t.Context(), addr); got != own {
			t.Errorf("%s is of this machine: %t", addr, got)
		}
	}
}
