package bench

import (
	"context"
	"fmt"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"
)

// Command is `gantry bench`.
func Command() *cli.Command {
	return &cli.Command{
		Name:            "bench",
		Usage:           "produce, consume and compare: the official benchmark and its measure",
		HideHelpCommand: true,
		Subcommands:     Commands(),
	}
}

// Commands are the subcommands of `gantry bench`.
func Commands() []*cli.Command {
	return []*cli.Command{producerCommand(), batchProducerCommand(), transactionProducerCommand(), consumerCommand(),
		timerProducerCommand(), timerConsumerCommand(), nullCommand(), compareCommand(), curvesCommand(), diskCommand(), tcpCommand(), idleCommand(), latencyCommand()}
}

// untilStopped runs f until it ends or SIGINT or SIGTERM comes.
func untilStopped(f func(ctx context.Context, c *cli.Context) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		if c.Args().Present() {
			return fmt.Errorf("bench %s takes no argument %q", c.Command.Name, c.Args().First())
		}
		ctx, stop := signal.NotifyContext(c.Context, syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		return f(ctx, c)
	}
}
