package localcluster

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"gantry/proxy"
	"gantry/remoting/properties"
	"gantry/storenode"
	"gantry/storenode/vfs"
)

// behaviour says, in the environment, that this binary is a gantry, and which.
const behaviour = "LOCALCLUSTER_TEST_GANTRY"

func TestMain(m *testing.M) {
	what := os.Getenv(behaviour)
	if what == "" {
		os.Exit(m.Run())
	}
	if err := gantries[what](os.Args[1], os.Args[3], os.Args[5]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// gantries are what the command may be like; each is told its role, the value of
// its --listen or -n, and its configuration file.
var gantries = map[string]func(role, addr, file string) error{
	"sound":         serve,
	"stubborn":      stubborn,
	"ends badly":    endBadly,
	"ends early":    func(string, string, string) error { return nil },
	"panics":        func(string, string, string) error { panic("at the disco") },
	"prints a race": printRace,
}

// serve is the real thing, without the command around it.
func serve(role, addr, file string) error {
	stopped := terminated()
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	entries, err := properties.Parse(text)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	options := properties.Options{File: file}
	if role == "node" {
		config := storenode.DefaultConfig()
		config.Log, config.NamesrvAddr = log, addr
		if err := properties.Bind(entries, options, &config).Err(); err != nil {
			return err
		}
		n, err := storenode.Open(config, vfs.OS{})
		if err != nil {
			return err
		}
		<-stopped
		return n.Close(context.Background())
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	config := proxy.Config{BindAddress: host, Log: log, ProxyID: addr}
	config.ListenPort, _ = strconv.Atoi(port)
	if err := properties.Bind(entries, options, &config).Err(); err != nil {
		return err
	}
	p, err := proxy.Start(config)
	if err != nil {
		return err
	}
	<-stopped
	p.Close(context.Background())
	return nil
}

func terminated() chan os.Signal {
	stopped := make(chan os.Signal, 1)
	signal.Notify(stopped, syscall.SIGTERM)
	fmt.Println("started")
	return stopped
}

func stubborn(string, string, string) error {
	for stopped := terminated(); ; {
		<-stopped
	}
}

func endBadly(string, string, string) error {
	<-terminated()
	return io.ErrUnexpectedEOF
}

func printRace(string, string, string) error {
	stopped := terminated()
	fmt.Println("WARNING: DATA RACE\nRead at 0x00c0")
	<-stopped
	return nil
}

// like makes every gantry of the test behave so.
func like(t *testing.T, what string) Config {
	t.Helper()
	if gantries[what] == nil {
		t.Fatalf("no gantry is like %q", what)
	}
	t.Setenv(behaviour, what)
	return Config{Binary: os.Args[0], Dir: t.TempDir(), Proxies: 1, ProxyProperties: map[string]string{}}
}

func names(all []*Member) (list []string) {
	for _, m := range all {
		list = append(list, m.Name)
	}
	slices.Sort(list)
	return list
}
