package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"gantry/remoting"
	"gantry/storenode/resync"
	"gantry/tools/admin"
)

const (
	// resyncBound is how long comparing may take, a file of the log at most.
	resyncBound = 30 * time.Minute
	// resyncedBound is how long it is looked whether the slave copies again.
	resyncedBound = time.Minute
	resyncedPoll  = 500 * time.Millisecond
)

func resyncSlaveCommand() *cli.Command {
	return &cli.Command{
		Name:  "resyncSlave",
		Usage: "make a slave that has stopped, because its log is not its master's, a copy again",
		Description: "Compares the slave's log with its master's and says what the slave has that its master has not. With --confirm, and the words that\n" +
			"it says, this is cut off: the slave starts again by itself and copies from there. What is cut off is kept in a folder of the slave's\n" +
			"store, which may be removed.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "n", Usage: "name servers, `HOST:PORT;…`", EnvVars: []string{"NAMESRV_ADDR"}, Required: true},
			&cli.StringFlag{Name: "s", Usage: "the slave, `BROKER/ID`: broker-a/1", Required: true},
			&cli.StringFlag{Name: "confirm", Usage: "the `WORDS` that say what is cut off"},
			&cli.BoolFlag{Name: "discard", Usage: "what is cut off is not kept"},
		},
		Action: resyncSlave,
	}
}

func resyncSlave(c *cli.Context) error {
	if c.Args().Present() {
		return fmt.Errorf("resyncSlave takes no argument %q: see gantry admin resyncSlave --help", c.Args().First())
	}
	a, err := admin.Open(c.String("n"), remoting.DialTCP)
	if err != nil {
		return err
	}
	defer a.Close()
	ctx, cancel := context.WithTimeout(c.Context, resyncBound)
	defer cancel()
	slave, err := findCopy(ctx, a, c.String("s"))
	if err != nil {
		return err
	}
	found, err := a.FindResync(ctx, slave)
	if err != nil {
		return err
	}
	printResync(c.App.Writer, found)
	if !c.IsSet("confirm") {
		fmt.Fprintf(c.App.Writer, "Nothing has been changed. To have it cut off, add:\n  --confirm %s\n", found.Confirm)
		return nil
	}
	ordered, err := a.Resync(ctx, slave, c.String("confirm"), c.Bool("discard"))
	if err != nil {
		return err
	}
	fmt.Fprintf(c.App.Writer, "It is cut off; kept: %s. The slave starts again.\n", cmp.Or(ordered.KeptIn, "nothing"))
	return awaitCopying(ctx, c.App.Writer, a, slave)
}

// findCopy is the copy of that name and number.
func findCopy(ctx context.Context, a *admin.Admin, named string) (admin.Broker, error) {
	info, err := a.Cluster(ctx)
	if err != nil {
		return admin.Broker{}, err
	}
	var known []string
	for _, b := range admin.Brokers(info) {
		name := fmt.Sprintf("%s/%d", b.Name, b.ID)
		if name == named {
			return b, nil
		}
		known = append(known, name)
	}
	return admin.Broker{}, fmt.Errorf("the name server knows no %q; it knows %s", named, strings.Join(known, " "))
}

func printResync(out io.Writer, a resync.Answer) {
	fmt.Fprintf(out, "The log of %s/%d is [%d, %d), its master's [%d, %d).\n", a.BrokerName, a.BrokerID, a.Begin, a.End, a.MasterBegin, a.MasterEnd)
	switch {
	case a.At == a.End:
		fmt.Fprintf(out, "All of it is its master's, too: nothing would be cut off.\n")
	case a.At == a.Begin:
		fmt.Fprintf(out, "Nothing of it is at its master: all of it would be cut off, and copied anew. ")
	default:
		fmt.Fprintf(out, "They are the same up to %d. ", a.At)
	}
	if a.At < a.End {
		fmt.Fprintf(out, "Cut off would be the %d bytes from %d to %d: %d messages, stored from %s to %s.\n", a.End-a.At, a.At, a.End, a.Messages, when(a.First), when(a.Last))
	}
}

// awaitCopying says how the slave stands once it copies again, or what keeps it.
func awaitCopying(ctx context.Context, out io.Writer, a *admin.Admin, slave admin.Broker) error {
	state := "it does not answer"
	for deadline := time.Now().Add(resyncedBound); time.Now().Before(deadline); {
		s, err := a.HAStatus(ctx, slave)
		if err == nil && s.Self != nil {
			if state = s.Self.State; state == "copying" {
				fmt.Fprintf(out, "It copies again; its log ends at %d, its master's at %d.\n", s.End, s.Self.MasterEnd)
				return nil
			}
			state = strings.TrimSpace(state + " " + s.Self.LastError)
		}
		select {
		case <-time.After(resyncedPoll):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return fmt.Errorf("within %v the slave did not copy again: %s", resyncedBound, state)
}
