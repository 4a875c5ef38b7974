package ps

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// host is a folder like /proc.
type host struct {
	t   *testing.T
	dir string
}

func newHost(t *testing.T) host {
	h := host{t, t.TempDir()}
	h.link("self/ns/pid", "pid:[1]")
	return h
}

func (h host) write(name, text string) {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		h.t.Fatal(err)
	}
}

func (h host) link(name, target string) {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.Symlink(target, path)); err != nil {
		h.t.Fatal(err)
	}
}

func (h host) process(pid int, container string, args ...string) {
	h.t.Helper()
	h.write(fmt.Sprint(pid, "/cmdline"), strings.Join(args, "\x00")+"\x00")
	h.write(fmt.Sprint(pid, "/stat"), fmt.Sprint(pid, " (gan) try) S 1 1"))
	h.link(fmt.Sprint(pid, "/ns/pid"), container)
}

func (h host) processes() []Process {
	h.t.Helper()
	found, err := processes(h.dir)
	if err != nil {
		h.t.Fatal(err)
	}
	return found
}

const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:2A9F 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 501 1 0 100 0 0 10 0
   1: 0100007F:2694 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 777 1 0 100 0 0 10 0
   2: 0100007F:2A9F 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 503 1 0 100 0 0 10 0
`
const tcp6 = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:2A9D 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 502 1 0 100 0 0 10 0
`

func TestOursAreListedWithRoleAndPorts(t *testing.T) {
	h := newHost(t)
	h.process(30, "pid:[1]", "/opt/g/bin/gantry", "mqbroker", "-n", "h:9876", "-c", "conf/a b.properties")
	h.write("30/net/tcp", tcp)
	h.write("30/net/tcp6", tcp6)
	h.link("30/fd/4", "socket:[501]")
	h.link("30/fd/5", "socket:[502]")
	h.link("30/fd/6", "socket:[503]")
	h.link("30/fd/7", "/dev/null")
	h.process(4, "pid:[1]", "gantry", "mqnamesrv")
	h.process(5, "pid:[1]", "vi", "gantry", "mqnamesrv")
	h.process(9, "pid:[1]", "gantry", "bench", "producer", "-t", "T")
	h.process(6, "pid:[1]", "/opt/g/bin/gantry", "ps")
	h.process(7, "pid:[2]", "gantry", "mqbroker")
	h.process(8, "pid:[1]", "gantry", "mqbroker")
	h.write("8/stat", "8 (gantry) Z 1 1")
	var out bytes.Buffer
	if err := list(&out, h.dir, h.processes()); err != nil {
		t.Fatal(err)
	}
	want := "PID  ROLE            PORTS        CONFIGURATION\n" +
		"4    mqnamesrv       -            -\n" +
		"9    bench producer  -            -\n" +
		"30   mqbroker        10909,10911  conf/a b.properties\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestTheConfigurationIsFoundHoweverItIsGiven(t *testing.T) {
	for _, args := range [][]string{{"-c", "f"}, {"--c", "f"}, {"-c=f"}, {"-n", "x", "--configFile=f"}, {"-configFile", "f"}} {
		if got := (Process{Args: args}).Config(); got != "f" {
			t.Errorf("%v: %q", args, got)
		}
	}
	if got := (Process{Args: []string{"-n", "x"}}).Config(); got != "" {
		t.Errorf("%q", got)
	}
}

func TestShutdownEndsAllBrokersOfTheHostAndNothingElse(t *testing.T) {
	h := newHost(t)
	h.process(1, "pid:[1]", "gantry", "mqnamesrv")
	h.process(2, "pid:[1]", "gantry", "mqbroker", "-c", "a")
	h.process(3, "pid:[1]", "gantry", "mqbroker", "-c", "b")
	h.process(4, "pid:[1]", "gantry", "node", "-c", "c")
	var out bytes.Buffer
	var ended []int
	err := shutdown(&out, "broker", func() ([]Process, error) { return h.processes(), nil }, func(pid int) error { ended = append(ended, pid); return nil })
	if err != nil || !slices.Equal(ended, []int{2, 3}) {
		t.Errorf("ended %v, %v", ended, err)
	}
	if want := "The mqbroker(2 3) is running...\nSend shutdown request to mqbroker(2 3) OK\n"; out.String() != want {
		t.Errorf("said %q", out.String())
	}
}

// The words behind benchmark/shutdown.sh, in the order of the processes that each ends.
func TestShutdownEndsEachBenchmarkAlone(t *testing.T) {
	h := newHost(t)
	for i, load := range []string{"producer", "consumer", "tproducer", "batchproducer", "timerproducer", "timerconsumer"} {
		h.process(i+1, "pid:[1]", "gantry", "bench", load, "-t", "T")
	}
	for i, c := range []struct{ word, name string }{
		{"producer", "producer"}, {"consumer", "consumer"}, {"tproducer", "transaction producer"}, {"bproducer", "batch producer"},
		{"timerproducer", "timer producer"}, {"timerconsumer", "timer consumer"},
	} {
		var out bytes.Buffer
		var ended []int
		err := shutdown(&out, "benchmark-"+c.word, func() ([]Process, error) { return h.processes(), nil }, func(pid int) error { ended = append(ended, pid); return nil })
		named := fmt.Sprintf("benchmark %s(%d)", c.name, i+1)
		if err != nil || !slices.Equal(ended, []int{i + 1}) || out.String() != "The "+named+" is running...\nSend shutdown request to "+named+" OK\n" {
			t.Errorf("%s: ended %v, said %q, %v", c.word, ended, out.String(), err)
		}
	}
}

func TestShutdownSaysWhatItCannotDo(t *testing.T) {
	for _, c := range []struct {
		kind  string
		found []Process
		says  string
		code  int
	}{
		{"broker", nil, "No mqbroker running.\n", 255},
		{"namesrv", []Process{{PID: 1, Role: "mqbroker"}}, "No mqnamesrv running.\n", 255},
		{"all", nil, "Useage: mqshutdown broker | namesrv\n", 0},
		{"benchmark-x", nil, "Usage: shutdown producer | consumer | tproducer | bproducer | timerproducer | timerconsumer\n", 0},
		{"benchmark-producer", []Process{{PID: 1, Role: "bench consumer"}}, "No benchmark producer running.\n", 255},
		{"", nil, "Useage: mqshutdown broker | namesrv\n", 0},
		{"broker", []Process{{PID: 7, Role: "mqbroker"}}, "The mqbroker(7) is running...\n", 1},
	} {
		var out bytes.Buffer
		err := shutdown(&out, c.kind, func() ([]Process, error) { return c.found, nil }, func(int) error { return os.ErrPermission })
		code := 0
		if stated := cli.ExitCoder(nil); errors.As(err, &stated) {
			code = stated.ExitCode()
		} else if err != nil {
			code = 1
		}
		if out.String() != c.says || code != c.code {
			t.Errorf("%s: said %q, code %d, %v", c.kind, out.String(), code, err)
		}
	}
}
