// Command realbroker runs the real name server and broker 4.9.7 until it is told to stop: `go run ./cmd/realbroker -dir DIR
// [-jvm "FLAGS"] [KEY=VALUE …]` in tools/compat, the arguments being broker properties. When both serve it prints one line,
// "ready namesrv=ADDRESS broker=ADDRESS pid=BROKERPID", for whoever compares Gantry with them by hand or by a benchmark.
// With -proxy they are those of 5.3.3, the real proxy 5.3.3 stands before them, and the line is "ready proxy=ADDRESS
// pid=OURS": all three processes lie below that one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"gantry/tools/compat/artifacts"
	"gantry/tools/compat/ports"
	"gantry/tools/compat/realbroker"
)

func main() {
	dir := flag.String("dir", "", "folder of stores, logs and configuration")
	jvm := flag.String("jvm", "", "JVM flags; small and quick to start unless given")
	proxy := flag.Bool("proxy", false, "the releases 5.3.3 with a proxy before them")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, *dir, strings.Fields(*jvm), *proxy, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "realbroker:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, jvmFlags []string, proxy bool, assignments []string) error {
	config, err := configure(ctx, dir, jvmFlags, proxy, assignments)
	if err != nil {
		return err
	}
	cluster, err := realbroker.Start(ctx, config)
	if err != nil {
		return err
	}
	if proxy {
		return errors.Join(serveProxy(ctx, config, cluster.NamesrvAddress()), cluster.Stop())
	}
	fmt.Printf("ready namesrv=%s broker=%s pid=%d\n", cluster.NamesrvAddress(), cluster.BrokerAddress(), cluster.BrokerPID())
	<-ctx.Done()
	return cluster.Stop()
}

// serveProxy runs the proxy until ctx ends.
func serveProxy(ctx context.Context, config realbroker.Config, namesrv string) error {
	config.RegisterAt = namesrv
	front, err := realbroker.StartProxy(ctx, config)
	if err != nil {
		return err
	}
	fmt.Printf("ready proxy=%s pid=%d\n", front.Address, os.Getpid())
	<-ctx.Done()
	return front.Stop()
}

func configure(ctx context.Context, dir string, jvmFlags []string, proxy bool, assignments []string) (realbroker.Config, error) {
	none := realbroker.Config{}
	if dir == "" {
		return none, fmt.Errorf("-dir is needed")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return none, fmt.Errorf("folder %s: %w", dir, err)
	}
	properties := map[string]string{}
	for _, a := range assignments {
		key, value, found := strings.Cut(a, "=")
		if !found {
			return none, fmt.Errorf("argument %q is no KEY=VALUE", a)
		}
		properties[key] = value
	}
	set, err := artifacts.Ensure(ctx)
	if err != nil {
		return none, err
	}
	server := set.ServerClasspath
	if proxy {
		server = set.Server533Classpath
	}
	classpath, err := server()
	if err != nil {
		return none, err
	}
	block, err := ports.Take()
	if err != nil {
		return none, err
	}
	return realbroker.Config{
		Classpath: classpath, Dir: dir, Ports: block, Properties: properties, JVMFlags: jvmFlags,
	}, nil
}
