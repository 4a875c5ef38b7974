package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// nodeFile is a node's configuration on free ports, with more lines.
func nodeFile(t *testing.T, more ...string) (file string, port int) {
	t.Helper()
	port, _ = freePorts(t)
	text := fmt.Sprintf("# mine\nbrokerName=b\nbrokerIP1=127.0.0.1\nbindAddress=127.0.0.1\nlistenPort=%d\nstorePathRootDir=%s\n", port, t.TempDir())
	return write(t, filepath.Join(t.TempDir(), "broker.conf"), text+strings.Join(more, "\n")+"\n"), port
}

func TestANodeServesOldClientsTwoPortsBelow(t *testing.T) {
	file, port := nodeFile(t)
	g := gantry(t, "node", "-c", file)
	g.line()
	exchange(t, port-2)
	g.stop()
}

func TestWhatIsChangedFromAfarIsKeptInTheFile(t *testing.T) {
	file, port := nodeFile(t, "fileReservedTime=48", "# the end")
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	g := gantry(t, "node", "-c", file)
	g.line()
	ask(t, port, protocol.UpdateBrokerConfig, "fileReservedTime=24\ntraceOn=false\n")
	want := strings.Replace(string(before), "=48", "=24", 1) + "traceOn=false\n"
	if after, err := os.ReadFile(file); err != nil || string(after) != want {
		t.Errorf("the file is %q, %v, want %q", after, err, want)
	}
	g.stop()
	g = gantry(t, "node", "-c", file)
	g.line()
	if told := string(ask(t, port, protocol.GetBrokerConfig, "")); !strings.Contains(told, "\nfileReservedTime=24\n") || !strings.Contains(told, "\ngantryRelease="+release+"\n") {
		t.Errorf("after a restart it says %s", told)
	}
	g.stop()
}

// ask is one question that must succeed.
func ask(t *testing.T, port int, code int32, body string) []byte {
	t.Helper()
	return askFor(t, port, code, nil, body)
}

func askFor(t *testing.T, port int, code int32, header remoting.Header, body string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), processBound)
	defer cancel()
	c, err := remoting.Dial(ctx, remoting.DialTCP, fmt.Sprint("127.0.0.1:", port), remoting.Limits{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	answer, err := c.Invoke(ctx, &remoting.Request{Code: code, Header: header, Body: []byte(body)})
	if err != nil || answer.Code != protocol.Success {
		t.Fatalf("%s: %+v, %v", protocol.RequestName(code), answer, err)
	}
	return answer.Body
}

func TestTwoBrokersOnOneStoreOrPortAreToldWhatToChange(t *testing.T) {
	file, port := nodeFile(t)
	g := gantry(t, "node", "-c", file)
	g.line()
	fails(t, []string{"node", "-c", file}, "locked by another process", file+":6: storePathRootDir: a store is one broker's; end the other one")
	other, _ := nodeFile(t, fmt.Sprint("listenPort=", port))
	fails(t, []string{"node", "-c", other}, "address already in use", other+":7: listenPort: the port is another process's; end that")
	elsewhere, _ := nodeFile(t, "bindAddress=203.0.113.7")
	fails(t, []string{"node", "-c", elsewhere}, "cannot assign requested address", elsewhere+":7: bindAddress: this machine has no such address")
	g.stop()
}

func TestStandaloneSaysWhatItHasNoUseFor(t *testing.T) {
	p := newPlace(t).configured(t, "listenPort=12345", "namesrvAddr=10.0.0.1:9876")
	g := gantry(t, p.args()...)
	g.line()
	g.stop()
	for _, want := range []string{"listenPort has no effect: standalone serves its shard at gatewayBasePort", "namesrvAddr has no effect: standalone is its own name server"} {
		if !strings.Contains(g.complaints(), want) {
			t.Errorf("it does not say %q", want)
		}
	}
}
