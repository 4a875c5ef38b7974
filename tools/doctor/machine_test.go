package doctor

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func within(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFoldersThatCannotBeUsedAreFound(t *testing.T) {
	dir := t.TempDir()
	file := within(t, filepath.Join(dir, "file"), "")
	within(t, filepath.Join(dir, "open/abort"), "")
	for root, want := range map[string]string{
		filepath.Join(file, "store"):     "error " + filepath.Join(file, "store") + ": stat " + filepath.Join(file, "store") + ": not a directory",
		filepath.Join(dir, "new/deeply"): "fine " + filepath.Join(dir, "new/deeply") + ": ",
		filepath.Join(dir, "open"):       "note " + filepath.Join(dir, "open") + " was not closed in order: the next start recovers its end",
	} {
		s := broker(t, "f", "storePathRootDir="+root+"\ndiskMaxUsedSpaceRatio=100\ndiskSpaceWarningLevelRatio=100\ndiskFreeBytesMin=0")
		s.Config.CommitLogFileBytes = 0
		if got := lines(folders(s)); !strings.Contains(got, want) {
			t.Errorf("%s: got %s", root, got)
		}
		if exists(filepath.Join(dir, "new")) {
			t.Fatal("a folder was made")
		}
	}
	s := broker(t, "f", fmt.Sprintf("storePathRootDir=%s\ndiskFreeBytesMin=%d", dir, int64(1)<<50))
	if got := folders(s); got.worst() != Error || !strings.Contains(lines(got), "the disk is full") {
		t.Errorf("a disk with too little: %s", lines(got))
	}
}

func TestLimitsOfTheKernelAreFound(t *testing.T) {
	proc, control := t.TempDir(), t.TempDir()
	within(t, filepath.Join(proc, "sys/net/core/somaxconn"), "128\n")
	within(t, filepath.Join(proc, "sys/net/ipv4/ip_local_port_range"), "10000\t60999\n")
	within(t, filepath.Join(control, "memory.max"), "134217728\n")
	got := lines(limits(proc, control, []*Subject{broker(t, "f", "\nlistenPort=10001")}))
	for _, want := range []string{
		"warning net.core.somaxconn=128: when all clients come back at once some are refused",
		"warning memory.max=128 MiB, page cache included",
		"warning f:2: the broker port 10001 is one that outgoing connections may take before the broker starts",
		"warning f:2: the HA port 10002 is one",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s\nis not in %s", want, got)
		}
	}
	if strings.Contains(got, "VIP") {
		t.Errorf("9999 is not in the range: %s", got)
	}
}

func TestAClockBehindTheStoreIsFound(t *testing.T) {
	root, now := t.TempDir(), time.Now()
	for ahead, want := range map[time.Duration]bool{-time.Hour: false, time.Hour: true} {
		text := binary.BigEndian.AppendUint64(nil, uint64(now.Add(ahead).UnixMilli()))
		within(t, filepath.Join(root, "checkpoint"), string(text))
		got := clock([]*Subject{broker(t, "f", "storePathRootDir="+root)}, now)
		if (got.worst() == Error) != want || want && !strings.Contains(lines(got), "the clock is 1h0m0s behind them") {
			t.Errorf("messages of %v from now: %s", ahead, lines(got))
		}
	}
}

func TestNamesThatDoNotResolveAreFound(t *testing.T) {
	find := func(_ context.Context, host string) ([]string, error) {
		if host == "known" {
			return []string{"10.0.0.1"}, nil
		}
		return nil, errors.New("no such host")
	}
	got := lines(names(t.Context(), find, "testing", []string{"known:9876", "rocketmq1:9876", "rocketmq1:9877", "10.0.0.1:9876", "lonely"}))
	want := "note this host's name \"testing\" does not resolve: nothing here needs it, Java brokers and tools do\n" +
		"warning name server rocketmq1 does not resolve: brokers start and try again, clients do not reach it\n" +
		"error name server \"lonely\" is not HOST:PORT"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestPortsAndToldAddressesAreTried(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	number := taken.Addr().(*net.TCPAddr).Port
	text := fmt.Sprintf("bindAddress=127.0.0.1\nbrokerIP1=127.0.0.1\nlistenPort=%d\nstorePathRootDir=%s", number, t.TempDir())
	if got := lines(ports(t.Context(), broker(t, "f", text))); !strings.Contains(got, fmt.Sprintf("error f:3: the broker port %d: listen tcp 127.0.0.1:%d: bind: address already in use", number, number)) {
		t.Errorf("a port in use: %s", got)
	}
	taken.Close()
	if got := lines(ports(t.Context(), broker(t, "f", text))); !strings.Contains(got, fmt.Sprintf("fine f: 127.0.0.1:%d leads here (broker)", number)) {
		t.Errorf("a free port: %s", got)
	}
	elsewhere := strings.Replace(text, "brokerIP1=127.0.0.1", "brokerIP1=127.0.0.2", 1)
	if got := lines(ports(t.Context(), broker(t, "f", elsewhere))); !strings.Contains(got, fmt.Sprintf("error f:2: others are told 127.0.0.2:%d, where this machine itself does not get through", number)) {
		t.Errorf("an address that leads elsewhere: %s", got)
	}
}
