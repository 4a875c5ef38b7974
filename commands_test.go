package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// place is where a standalone may start: its arguments but for what a test changes.
type place struct {
	data, config  string
	listen, shard int // ports
}

func newPlace(t *testing.T) place {
	p := place{data: filepath.Join(t.TempDir(), "data"), config: filepath.Join(t.TempDir(), "gantry.properties")}
	p.listen, p.shard = freePorts(t)
	return p.configured(t)
}

// configured writes the configuration with further lines; the first is gatewayBasePort's.
func (p place) configured(t *testing.T, lines ...string) place {
	write(t, p.config, strings.Join(append([]string{fmt.Sprint("gatewayBasePort=", p.shard)}, lines...), "\n")+"\n")
	return p
}

func (p place) args() []string {
	return []string{"standalone", "--data", p.data, "--listen", fmt.Sprint("127.0.0.1:", p.listen), "-c", p.config}
}

func TestStandaloneIsReadyAndEndsWellOnEitherSignal(t *testing.T) {
	p := newPlace(t)
	for _, s := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		g := gantry(t, p.args()...)
		want := fmt.Sprintf("gantry standalone is ready: name server 127.0.0.1:%d, broker[broker-a, 127.0.0.1:%d]", p.listen, p.shard)
		if line := g.line(); line != want {
			t.Errorf("printed %q, want %q", line, want)
		}
		exchange(t, p.shard)
		g.signal(s)
		if rest, code := g.end(); rest != "" || code != 0 {
			t.Errorf("%s: printed %q, exit code %d", s, rest, code)
		}
		if noise := g.complaints(); noise != "" {
			t.Errorf("%s: an undisturbed life is logged as\n%s", s, noise)
		}
	}
}

// exchange sends a message and leaves a pull to be held.
func exchange(t *testing.T, port int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), processBound)
	defer cancel()
	c, err := remoting.Dial(ctx, remoting.DialTCP, fmt.Sprint("127.0.0.1:", port), remoting.Limits{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	topic := []byte("T")
	send := protocol.SendMessageRequest{ProducerGroup: []byte("p"), Topic: topic, DefaultTopic: []byte("TBW102"), DefaultTopicQueueNums: 4}
	answer, err := c.Invoke(ctx, &remoting.Request{Code: protocol.SendMessageV2, Header: send, Body: []byte("m")})
	if err != nil || answer.Code != protocol.Success {
		t.Fatalf("send: %+v, %v", answer, err)
	}
	pull := protocol.PullMessageRequest{ConsumerGroup: []byte("g"), Topic: topic, QueueID: 3, SysFlag: protocol.PullSuspend | protocol.PullSubscription,
		Subscription: []byte("*"), MaxMsgNums: 32, SuspendTimeoutMillis: 15_000}
	if err := c.InvokeAsync(&remoting.Request{Code: protocol.PullMessage, Header: pull}, time.Minute, func(*remoting.Command, error) {}); err != nil {
		t.Fatal(err)
	}
}

// fails expects that a start ends with exit code 1 and one line that says why.
func fails(t *testing.T, args []string, says ...string) {
	t.Helper()
	g := gantry(t, args...)
	stdout, code := g.end()
	if stdout != "" || code != 1 {
		t.Errorf("%v: exit code %d, printed %q", args, code, stdout)
	}
	var own []string
	for line := range strings.Lines(g.stderr.String()) {
		if !strings.HasPrefix(line, "time=") { // of the log
			own = append(own, line)
		}
	}
	if len(own) != 1 || !strings.HasPrefix(own[0], "gantry: ") {
		t.Errorf("%v: said %q, want one line that begins with gantry:", args, own)
		return
	}
	for _, what := range says {
		if !strings.Contains(own[0], what) {
			t.Errorf("%v: said %q without %q", args, own[0], what)
		}
	}
}

func TestAPortInUseIsNamed(t *testing.T) {
	p := newPlace(t)
	p.listen = takenPort(t)
	fails(t, p.args(), "name server cannot listen", fmt.Sprint("127.0.0.1:", p.listen), "address already in use")
	p = newPlace(t)
	p.shard = takenPort(t)
	fails(t, p.configured(t).args(), "shard broker-a is not served", fmt.Sprint("127.0.0.1:", p.shard), "address already in use")
}

func TestADataFolderThatCannotBeWrittenIsNamed(t *testing.T) {
	p := newPlace(t)
	write(t, p.data, "a file stands here")
	fails(t, p.args(), "open store "+p.data, "not a directory")
}

func TestAStoreOfAnotherProcessIsNamedByItsLock(t *testing.T) {
	p := newPlace(t)
	if err := os.MkdirAll(p.data, 0o755); err != nil {
		t.Fatal(err)
	}
	lock := filepath.Join(p.data, "lock")
	other := startAs(t, asLocker, lock)
	if line := other.line(); line != "locked" {
		t.Fatal(line)
	}
	fails(t, p.args(), lock, "locked by another process")
	other.stdin.Close()
	other.end()
	g := gantry(t, p.args()...)
	g.line()
	fails(t, append(newPlace(t).args(), "--data", p.data), lock, "locked by another process")
	g.stop()
}

func TestAConfigurationThatCannotBeUsedIsNamedByItsLine(t *testing.T) {
	p := newPlace(t)
	for line, says := range map[string]string{
		"flushIntervalCommitLog=soon":  `:2: flushIntervalCommitLog: "soon" is not a whole number`,
		"flushIntervalCommitLog=0":     `:2: flushIntervalCommitLog: "0" must lie between 1 and`,
		"flushDiskType=SOON":           `:2: flushDiskType: "SOON" is neither ASYNC_FLUSH nor SYNC_FLUSH`,
		"routeMode=sideways":           `:2: routeMode: "sideways" is none of gateway, shared and direct`,
		"brokerIP1=somewhere":          `:2: brokerIP1: "somewhere" is no IP address`,
		"messageDelayLevel=1s soon":    `:2: messageDelayLevel: "1s soon" cannot be read`,
		"traceOn=yes":                  `:2: traceOn: "yes" is neither true nor false`,
		"brokerId=x\nmaxMessageSize=y": `:3: maxMessageSize: "y" is not a whole number`,
	} {
		fails(t, p.configured(t, line).args(), p.config+says)
	}
	for _, text := range []string{`{"brokerName":"b"}`, "<?xml version=\"1.0\"?>\n", "\x7fELF\x00\x01"} {
		write(t, p.config, text)
		fails(t, p.args(), p.config+":1: ", "not a .properties file")
	}
	os.Remove(p.config)
	fails(t, p.args(), p.config, "no such file")
}

func TestADamagedTableIsNamedUnlessItsCopyHelps(t *testing.T) {
	p := newPlace(t)
	table := filepath.Join(p.data, "config", "topics.json")
	if err := os.MkdirAll(filepath.Dir(table), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, table, `{"topicConfigTable":{`)
	fails(t, p.args(), table, "is corrupt at byte", "there is no .bak copy")
	write(t, table+".bak", `{"topicConfigTable":{"T":{"topicName":"T"}}}`)
	g := gantry(t, p.args()...)
	g.line()
	g.stop()
}

func TestWhatIsTypedWrongIsNamed(t *testing.T) {
	for _, listen := range []string{"127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:0", "127.0.0.1:65536"} {
		fails(t, []string{"standalone", "--listen", listen}, "--listen "+listen+" is not HOST:PORT")
		fails(t, []string{"proxy", "--listen", listen}, "--listen "+listen+" is not HOST:PORT")
	}
	fails(t, []string{"standolone"}, `unknown command "standolone": see gantry --help`)
	fails(t, []string{"bench", "everything"}, `unknown command "everything": see gantry bench --help`)
	fails(t, []string{"standalone", "now"}, `standalone takes no argument "now": see gantry standalone --help`)
	fails(t, []string{"admin", "resyncSlave", "-n", "127.0.0.1:1", "-s", "a/1", "now"}, `resyncSlave takes no argument "now": see gantry admin resyncSlave --help`)
	fails(t, []string{"--frob"}, "-frob: see gantry --help")
	fails(t, []string{"standalone", "--frob"}, "-frob: see gantry standalone --help")
	fails(t, []string{"standalone", "--data"}, "-data: see gantry standalone --help")
}

func TestANodeStartsWhateverNamesResolve(t *testing.T) {
	p := newPlace(t).configured(t)
	write(t, p.config, fmt.Sprintf("namesrvAddr=no.such.host.invalid:9876;127.0.0.1:1\nbrokerIP1=127.0.0.1\nbindAddress=127.0.0.1\nlistenPort=%d\nbrokerName=b\nstorePathRootDir=%s\n", p.shard, p.data))
	g := gantry(t, "node", "-c", p.config)
	want := fmt.Sprintf("The broker[b, 127.0.0.1:%d] boot success. serializeType=JSON and name server is no.such.host.invalid:9876;127.0.0.1:1", p.shard)
	if line := g.line(); line != want {
		t.Errorf("printed %q, want %q", line, want)
	}
	fails(t, []string{"node", "-c", write(t, filepath.Join(t.TempDir(), "other"), fmt.Sprintf("brokerIP1=127.0.0.1\nbindAddress=127.0.0.1\nlistenPort=%d\nstorePathRootDir=%s-2\n", p.shard, p.data))},
		"broker cannot listen", fmt.Sprint(p.shard))
	g.stop()
}

func TestKeysArePrintedWithTheirValues(t *testing.T) {
	p := newPlace(t).configured(t, "brokerName=b", "sendMessageThreadPoolNums=7", "orderMessageEnable=true")
	home := t.TempDir()
	t.Setenv("HOME", home)
	for _, c := range []struct {
		args     []string
		has, not []string
	}{
		{[]string{"node", "-p", "-c", p.config}, []string{"brokerName=b", "sendMessageThreadPoolNums=7", "flushDiskType=ASYNC_FLUSH", "storePathRootDir=" + home + "/store"}, []string{"kvConfigPath", "routeMode"}},
		{[]string{"mqbroker", "-m", "-c", p.config}, []string{"brokerName=b", "deleteWhen=04"}, []string{"sendMessageThreadPoolNums", "maxMessageSize"}},
		{[]string{"mqnamesrv", "-p", "-c", p.config}, []string{"listenPort=9876", "routeMode=direct", "orderMessageEnable=true", "drainMillis=45000"}, []string{"brokerName"}},
		{[]string{"proxy", "-p"}, []string{"gatewayBasePort=20911", "proxySessions=262144"}, []string{"brokerName"}},
		{[]string{"standalone", "-p", "-c", p.config}, []string{"brokerName=b", fmt.Sprint("gatewayBasePort=", p.shard)}, nil},
	} {
		g := gantry(t, c.args...)
		text, code := g.end()
		if code != 0 {
			t.Errorf("%v: exit code %d\n%s", c.args, code, g.stderr.String())
		}
		for _, line := range c.has {
			if !strings.Contains(text, "\n"+line+"\n") {
				t.Errorf("%v does not print %s", c.args, line)
			}
		}
		for _, what := range c.not {
			if strings.Contains(text, what) {
				t.Errorf("%v prints %s", c.args, what)
			}
		}
	}
}

func TestHelpNamesTheDefaults(t *testing.T) {
	for _, c := range []struct {
		args []string
		has  []string
	}{
		{[]string{"--help"}, []string{"standalone", "proxy", "node", "127.0.0.1:9876", "RocketMQ"}},
		{[]string{"standalone", "--help"}, []string{"./data", "127.0.0.1:9876", "10911", ".properties"}},
		{[]string{"proxy", "--help"}, []string{"0.0.0.0:9876"}},
		{[]string{"node", "--help"}, []string{"HOST:PORT", "NAMESRV_ADDR"}},
		{[]string{"--version"}, []string{release, "RocketMQ 4.9.7"}},
		{nil, []string{"standalone"}},
	} {
		g := gantry(t, c.args...)
		text, code := g.end()
		if code != 0 || g.stderr.Len() > 0 {
			t.Errorf("%v: exit code %d, %s", c.args, code, g.stderr.String())
		}
		for _, what := range c.has {
			if !strings.Contains(text, what) {
				t.Errorf("%v does not say %q:\n%s", c.args, what, text)
			}
		}
	}
}
