package bench

import (
	"context"
	"io"
	"runtime/debug"

	"github.com/urfave/cli/v2"

	"gantry/tools/client"
)

// loadGCPercent has a load generator spend memory on its garbage rather than the cores that it shares with what it measures.
const loadGCPercent = 1000

// workload is the action of an official workload: it runs with the options that read makes of the command line, if they can be read.
func workload[O any](read func(c *cli.Context, b *bools, config client.Config) O, run func(context.Context, O, io.Writer) error) cli.ActionFunc {
	return untilStopped(func(ctx context.Context, c *cli.Context) error {
		defer debug.SetGCPercent(debug.SetGCPercent(loadGCPercent))
		config, err := clientConfig(c)
		if err != nil {
			return err
		}
		b := bools{c: c}
		o := read(c, &b, config)
		if b.err != nil {
			return b.err
		}
		return run(ctx, o, c.App.Writer)
	})
}
