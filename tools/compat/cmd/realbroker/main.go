// Command realbroker runs the real name server and broker 4.9.7 until it is told to stop: `go run ./cmd/realbroker -dir DIR
// [-jvm "FLAGS"] [KEY=VALUE …]` in tools/compat, the arguments being broker properties. When both serve it prints one line,
// "ready namesrv=ADDRESS broker=ADDRESS pid=BROKERPID tookMillis=MS", for whoever compares Gantry with them by hand or by a benchmark;
// MS are from the first process's start. With -release 5.3.3 they are those of that release. With -proxy they are, too, the real
// proxy 5.3.3 stands before them, and the line is "ready proxy=ADDRESS pid=OURS tookMillis=MS": all three processes lie below that one.
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
	"time"

	"gantry/tools/compat/artifacts"
	"gantry/tools/compat/ports"
	"gantry/tools/compat/realbroker"
)

func main() {
	dir := flag.String("dir", "", "folder of stores, logs and configuration")
	jvm := flag.String("jvm", "", "JVM flags; small and quick to start unless given")
	release := flag.String("release", "4.9.7", "4.9.7 or 5.3.3")
	proxy := flag.Bool("proxy", false, "the releases 5.3.3 with a proxy before them")
	flag.Parse()
	if *proxy {
		*release = "5.3.3"
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, *dir, strings.Fields(*jvm), *release, *proxy, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "realbroker:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, jvmFlags []string, release string, proxy bool, assignments []string) error {
	config, err := configure(ctx, dir, jvmFlags, release, assignments)
	if err != nil {
		return err
	}
	begun := time.Now()
	cluster, err := realbroker.Start(ctx, config)
	if err != nil {
		return err
	}
	if proxy {
		return errors.Join(serveProxy(ctx, config, cluster.NamesrvAddress(), begun), cluster.Stop())
	}
	fmt.Printf("ready namesrv=%s broker=%s pid=%d tookMillis=%d\n", cluster.NamesrvAddress(), cluster.BrokerAddress(), cluster.BrokerPID(), time.Since(begun).Milliseconds())
	<-ctx.Done()
	return cluster.Stop()
}

// serveProxy runs the proxy until ctx ends.
func serveProxy(ctx context.Context, config realbroker.Config, namesrv string, begun time.Time) error {
	config.RegisterAt = namesrv
	front, err := realbroker.StartProxy(ctx, config)
	if err != nil {
		return err
	}
	fmt.Printf("ready proxy=%s pid=%d tookMillis=%d\n", front.Address, os.Getpid(), time.Since(begun).Milliseconds())
	<-ctx.Done()
	return front.Stop()
}

func configure(ctx context.Context, dir string, jvmFlags []string, release string, assignments []string) (realbroker.Config, error) {
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
	server, known := map[string]func() (string, error){"4.9.7": set.ServerClasspath, "5.3.3": set.Server533Classpath}[release]
	if !known {
		return none, fmt.Errorf("release %q is neither 4.9.7 nor 5.3.3", release)
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
