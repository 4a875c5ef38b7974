package xcheck

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/urfave/cli/v2"
)

// ErrDifferent says that the servers differ in ways that are not accepted, or no longer differ where it is listed.
var ErrDifferent = errors.New("the servers answer differently")

// Check runs the script against both deployments, named by their name servers, at the same time.
func Check(ctx context.Context, candidate, oracle string) (Report, error) {
	script := Script()
	addresses := [2]string{candidate, oracle}
	var recordings [2]Recording
	var errs [2]error
	var running sync.WaitGroup
	for i, address := range addresses {
		running.Go(func() { recordings[i], errs[i] = Run(ctx, address, script) })
	}
	running.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return Report{}, err
	}
	return Judge(len(script), Compare(recordings[1], recordings[0]), Accepted()), nil
}

// Command is `gantry xcheck`.
func Command() *cli.Command {
	address := func(name, usage string) *cli.StringFlag {
		return &cli.StringFlag{Name: name, Usage: usage, Required: true}
	}
	return &cli.Command{
		Name:  "xcheck",
		Usage: "asks two servers the same and prints every difference in their answers",
		Description: "The script makes topics and groups of its own and sends malformed frames: run it against test servers.\n" +
			"Both need messageDelayLevel=1s 1s 1s 1s (or as short), and enablePropertyFilter=true.",
		Flags: []cli.Flag{
			address("candidate", "name server `HOST:PORT` of what is checked"),
			address("oracle", "name server `HOST:PORT` of what is right, RocketMQ 4.9.7"),
		},
		Action: func(c *cli.Context) error {
			report, err := Check(c.Context, c.String("candidate"), c.String("oracle"))
			if err != nil {
				return err
			}
			report.Write(c.App.Writer)
			if n := len(report.Unexplained) + len(report.Unused); n > 0 {
				return fmt.Errorf("%d times: %w", n, ErrDifferent)
			}
			return nil
		},
	}
}
