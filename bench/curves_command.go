package bench

import (
	"context"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"
)

func curvesCommand() *cli.Command {
	size := curvesSize()
	return &cli.Command{
		Name:  "curves",
		Usage: "what a send costs Gantry as one thing grows: queues, idle consumers, bytes of a message, proxies, shards",
		Description: "Each point is a system of its own on this machine; the points of a curve take turns. All curves together take about a quarter\n" +
			"of an hour. Curves are queues, consumers, body, proxies and shards; 10,000 consumers need as many open files in each process.",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "only", Usage: "the `CURVES` named, commas between them"},
			&cli.IntFlag{Name: "up-to", Usage: "leave out points above `N`, 0: none"},
			&cli.IntFlag{Name: "rounds", Value: size.rounds, Usage: "`ROUNDS` of one run at each point"},
			&cli.IntFlag{Name: "seconds", Value: size.own, Usage: "length of a run in `SECONDS`"},
			&cli.IntFlag{Name: "warmup", Value: size.ownWarm, Usage: "`SECONDS` of sending before each run that count for nothing"},
			&cli.IntFlag{Name: "rest", Value: 10, Usage: "`SECONDS` that idle consumers are watched before each run"},
		}, resultFlags()...),
		Action: untilStopped(func(ctx context.Context, c *cli.Context) error {
			o, err := curvesOptions(c)
			if err != nil {
				return err
			}
			return Compare(ctx, o, c.App.Writer)
		}),
	}
}

func curvesOptions(c *cli.Context) (CompareOptions, error) {
	size := curvesSize()
	size.rounds, size.own, size.ownWarm = c.Int("rounds"), c.Int("seconds"), c.Int("warmup")
	if size.rounds <= 0 || size.own <= 0 || size.ownWarm < 0 || c.Int("rest") < 0 {
		return CompareOptions{}, fmt.Errorf("%d rounds, %d s of each run behind %d s, %d s of rest: the first two must be above 0, the others not below", size.rounds, size.own, size.ownWarm, c.Int("rest"))
	}
	self, err := os.Executable()
	if err != nil {
		return CompareOptions{}, err
	}
	o, err := resultOptions(c)
	if err != nil {
		return o, err
	}
	err = curves{race{size: size, self: self, release: c.App.Version}, c.Int("rest"), c.Int("up-to")}.fill(&o, c.String("only"))
	return o, err
}
