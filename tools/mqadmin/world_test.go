package mqadmin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/urfave/cli/v2"

	"gantry/membership/nameserver"
	"gantry/remoting"
	"gantry/remoting/memnet"
	"gantry/storenode"
	"gantry/storenode/vfs"
	"gantry/tools/client"
)

// world is a cluster in memory: a name server at ns1:9876, and the shards broker-a
// and broker-b with a master each. Nobody is at ns2:9876.
type world struct {
	t       *testing.T
	network *memnet.Network
}

const (
	nameServer = "127.0.0.1:9876"
	nobody     = "127.0.0.2:9876"
	brokerA    = "10.1.1.1:10911"
	brokerB    = "10.1.1.2:10911"
)

func inWorld(t *testing.T, tell func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, network: &memnet.Network{}}
		quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
		names := nameserver.New(quiet, nameserver.Config{Dial: w.network.Dial, NoSlots: true})
		asked := remoting.NewServer(quiet, remoting.Limits{}, 0)
		asked.Serve(w.listen(nameServer), names.Open)
		t.Cleanup(func() { asked.Close(context.Background()); names.Close() })
		w.broker("broker-a", brokerA, quiet)
		w.broker("broker-b", brokerB, quiet)
		time.Sleep(10 * time.Second) // consumer lists are told, rates have a past
		tell(w)
	})
}

func (w *world) listen(addr string) net.Listener {
	w.t.Helper()
	l, err := w.network.Listen(addr)
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

func (w *world) broker(name, addr string, log *slog.Logger) {
	w.t.Helper()
	host, _, _ := net.SplitHostPort(addr)
	c := storenode.DefaultConfig()
	c.BrokerName, c.BrokerIP1, c.StorePathRootDir, c.NamesrvAddr, c.Gateway = name, host, "/store", nameServer, false
	c.CommitLogFileBytes, c.ConsumeQueueFileBytes, c.MaxHashSlotNum, c.MaxIndexNum = 1<<20, 6000, 100, 1000
	c.MaxMessageBytes = 64 << 10
	c.Listener, c.NamesrvDial, c.Log = w.listen(addr), w.network.Dial, log
	n, err := storenode.Open(c, vfs.NewMem())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := n.Close(context.Background()); err != nil {
			w.t.Error(err)
		}
	})
}

// run is a command line; the name server is given unless it names one.
func (w *world) run(args ...string) (stdout, stderr string, code int) {
	w.t.Helper()
	if len(args) > 0 && args[0] != "help" && !slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "-n") }) {
		args = append(args, "-n", nameServer)
	}
	var out, complaints bytes.Buffer
	err := Run(context.Background(), &out, &complaints, w.network.Dial, args)
	if err != nil {
		code = 1
		complaints.WriteString(err.Error() + "\n")
	}
	if stated := cli.ExitCoder(nil); errors.As(err, &stated) {
		code = stated.ExitCode()
	}
	return out.String(), complaints.String(), code
}

// says expects that a command succeeds and prints what is wanted; ids, sizes and
// ports that differ from run to run are masked.
func (w *world) says(want string, args ...string) {
	w.t.Helper()
	stdout, stderr, code := w.run(args...)
	if code != 0 || stderr != "" {
		w.t.Errorf("mqadmin %v: exit code %d, %s", args, code, stderr)
	}
	if got := masked(stdout); got != want {
		w.t.Errorf("mqadmin %v printed\n%s\nwant\n%s", args, got, want)
	}
}

// fails expects that a command ends with 1 and says why.
func (w *world) fails(why string, args ...string) (stdout string) {
	w.t.Helper()
	stdout, stderr, code := w.run(args...)
	if code != 1 || !strings.Contains(stderr, why) {
		w.t.Errorf("mqadmin %v: exit code %d, said %q; want 1 and %q", args, code, stderr, why)
	}
	return stdout
}

var (
	uniqueID = regexp.MustCompile(`\b[0-9A-F]{32}\b`)
	moments  = regexp.MustCompile(`\b2000-01-01 \d\d:\d\d:\d\d\b`)
	blanks   = regexp.MustCompile(` +(\n|$)`)
)

func masked(text string) string {
	return blanks.ReplaceAllString(moments.ReplaceAllString(uniqueID.ReplaceAllString(text, "ID"), "WHEN"), "$1")
}

// client is an application's.
func (w *world) client() *client.Client {
	w.t.Helper()
	c, err := client.Open(client.Config{Namesrv: []string{nameServer}, Dial: w.network.Dial, ClientID: "10.9.9.9@1"})
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// member consumes a topic for a group until it leaves.
func (w *world) member(group, topic string) (leave func()) {
	w.t.Helper()
	c := w.client()
	p, err := c.Consume(context.Background(), client.PushConfig{Group: group, Topic: topic, FromWhere: client.FromFirstOffset},
		func(context.Context, *client.Received) error { return nil })
	if err != nil {
		w.t.Fatal(err)
	}
	time.Sleep(time.Minute)
	return func() {
		p.Close()
		c.Close()
		time.Sleep(time.Second)
	}
}

func (w *world) send(topic, tags, keys string, bodies ...string) (sent []client.SendResult) {
	w.t.Helper()
	c := w.client()
	defer c.Close()
	p := c.Producer(client.ProducerConfig{Group: "producers"})
	for _, b := range bodies {
		r, err := p.Send(context.Background(), &client.Message{Topic: topic, Tags: tags, Keys: keys, Body: []byte(b)})
		if err != nil {
			w.t.Fatal(err)
		}
		sent = append(sent, r)
	}
	time.Sleep(time.Second) // the index is written
	return sent
}
