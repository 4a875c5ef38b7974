package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"
)

func roleCommands() []*cli.Command {
	config := configFlag()
	return []*cli.Command{{
		Name:  "standalone",
		Usage: "proxy and storage node in one process: the way to start",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "data", Value: "./data", Usage: "`DIR` of the store"},
			&cli.StringFlag{Name: "listen", Value: "127.0.0.1:9876", Usage: "name-server `HOST:PORT` that clients are given; the shard is served at gatewayBasePort, 10911 unless the configuration says otherwise, of the same host"},
			config, printFlag(), importantFlag(),
		},
		Action: role(startStandalone),
	}, {
		Name:  "proxy",
		Usage: "the address that clients know: routes, and their requests carried to storage nodes",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "listen", Value: "0.0.0.0:9876", Usage: "name-server `HOST:PORT`"},
			config, printFlag(), importantFlag(),
		},
		Action: role(startProxy),
	}, {
		Name:   "node",
		Usage:  "one copy of one shard: a CommitLog and what is read from it",
		Flags:  []cli.Flag{namesrvFlag("name servers, `HOST:PORT;…`; default namesrvAddr of the configuration, else $NAMESRV_ADDR"), config, printFlag(), importantFlag()},
		Action: role(startNode),
	}}
}

func configFlag() cli.Flag {
	return &cli.StringFlag{Name: "c", Aliases: []string{"configFile"}, Usage: "configuration `FILE`, .properties with RocketMQ's keys"}
}

func namesrvFlag(usage string) cli.Flag {
	return &cli.StringFlag{Name: "n", Aliases: []string{"namesrvAddr"}, Usage: usage}
}

// running is a role that was started.
type running interface {
	// Close ends it in order: nothing new, what is under way answered, everything
	// flushed. It gives up waiting for others when ctx ends, and says what failed.
	Close(ctx context.Context) error
}

// drainer is a role that others may take over from before it ends.
type drainer interface {
	// Drain returns when it is needed no more, or ctx ends. Close must follow.
	Drain(ctx context.Context)
}

// stopBound is how long a stop waits for peers; flushing is never cut short.
const stopBound = 10 * time.Second

// starter starts a role.
type starter func(*cli.Context, *slog.Logger) (running, error)

// role runs what start gives, and logs to stderr.
func role(start starter) cli.ActionFunc {
	return func(c *cli.Context) error {
		if err := withoutArguments(c); err != nil {
			return err
		}
		return run(c, slog.New(slog.NewTextHandler(os.Stderr, nil)), start)
	}
}

func withoutArguments(c *cli.Context) error {
	if c.Args().Present() {
		return fmt.Errorf("%s takes no argument %q: see gantry %s --help", c.Command.Name, c.Args().First(), c.Command.Name)
	}
	return nil
}

// again is a role that may ask to be ended and started once more.
type again interface {
	// Again is closed when it does.
	Again() <-chan struct{}
}

// run runs what start gives until SIGTERM or SIGINT; a second one ends a drain.
func run(c *cli.Context, log *slog.Logger, start starter) error {
	stopped := make(chan os.Signal, 2)
	signal.Notify(stopped, endings()...)
	for {
		r, err := start(c, log)
		if err != nil {
			return err
		}
		select {
		case <-askedAgain(r):
			log.Info("stopping, to start again")
		case s := <-stopped:
			log.Info("stopping", "signal", s.String())
			return end(log, r)
		}
		if err := end(log, r); err != nil {
			return err
		}
	}
}

// askedAgain is nil of a role that never does.
func askedAgain(r running) <-chan struct{} {
	if a, may := r.(again); may {
		return a.Again()
	}
	return nil
}

// end ends what runs, which others may take over from before.
func end(log *slog.Logger, r running) error {
	if d, can := r.(drainer); can {
		again, forget := signal.NotifyContext(context.Background(), endings()...)
		d.Drain(again)
		forget()
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopBound)
	defer cancel()
	if err := r.Close(ctx); err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	log.Info("stopped")
	return nil
}

// endings are the signals that end a role. A shell has what it starts in the
// background ignore SIGINT: Ctrl-C is meant for another then.
func endings() []os.Signal {
	if signal.Ignored(syscall.SIGINT) {
		return []os.Signal{syscall.SIGTERM}
	}
	return []os.Signal{syscall.SIGTERM, syscall.SIGINT}
}

// tell says on stdout, and in the log, that a role serves.
func tell(log *slog.Logger, line string) {
	fmt.Println(line)
	log.Info(line)
}
