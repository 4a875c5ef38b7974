package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"gantry/remoting"
	"gantry/storenode/hastatus"
	"gantry/tools/admin"
)

// adminBound is how long a question of an administrator may take in all.
const adminBound = time.Minute

func adminCommand() *cli.Command {
	return &cli.Command{
		Name:  "admin",
		Usage: "what operators ask that mqadmin has no words for",
		Subcommands: []*cli.Command{{
			Name:  "haStatus",
			Usage: "how far the copies of each shard are: lag, state of the connection, last error",
			Flags: []cli.Flag{
				&cli.StringFlag{Name: "n", Usage: "name servers, `HOST:PORT;…`", EnvVars: []string{"NAMESRV_ADDR"}},
				&cli.StringFlag{Name: "c", Usage: "the brokers of one `CLUSTER`; all where it is not given"},
			},
			Action: haStatus,
		}, resyncSlaveCommand()},
	}
}

func haStatus(c *cli.Context) error {
	if c.Args().Present() {
		return fmt.Errorf("haStatus takes no argument %q: see gantry admin haStatus --help", c.Args().First())
	}
	a, err := admin.Open(c.String("n"), remoting.DialTCP)
	if err != nil {
		return fmt.Errorf("haStatus: %w; give it with -n, or in NAMESRV_ADDR", err)
	}
	defer a.Close()
	ctx, cancel := context.WithTimeout(c.Context, adminBound)
	defer cancel()
	brokers, err := copiesOf(ctx, a, c.String("c"))
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(c.App.Writer, 0, 8, 2, ' ', 0)
	fmt.Fprintln(out, "BROKER\tID\tROLE\tADDRESS\tSTATE\tLOG END\tLAG BYTES\tLAG\tSINCE\tLAST ERROR")
	var errs []error
	masterEnds := map[string]int64{}
	for _, b := range brokers {
		s, err := a.HAStatus(ctx, b)
		if err != nil {
			errs = append(errs, err)
			fmt.Fprintf(out, "%s\t%d\t\t%s\tno answer\t\t\t\t\t%v\n", b.Name, b.ID, b.Addr, err)
			continue
		}
		if b.ID == 0 {
			masterEnds[b.Name] = s.End
		}
		printHAStatus(out, b.Addr, s, masterEnds[b.Name])
	}
	return errors.Join(append(errs, out.Flush())...)
}

func copiesOf(ctx context.Context, a *admin.Admin, cluster string) ([]admin.Broker, error) {
	if cluster != "" {
		return a.ClusterBrokers(ctx, cluster)
	}
	info, err := a.Cluster(ctx)
	return admin.Brokers(info), err
}

// printHAStatus gives a copy a line, and one to each slave that it knows as a
// master. Of a Java slave nothing is known but its log's end.
func printHAStatus(out io.Writer, addr string, s hastatus.Status, masterEnd int64) {
	line := func(role, addr, state string, end, lagBytes int64, lag time.Duration, since time.Time, lastError string) {
		fmt.Fprintf(out, "%s\t%d\t%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\n", s.BrokerName, s.BrokerID, role, addr, state, end, lagBytes,
			lag.Round(time.Millisecond), when(since), lastError)
	}
	if self := s.Self; self != nil {
		line(s.Role, addr, fmt.Sprintf("%s from %s", self.State, self.HAAddr), s.End, self.LagBytes, self.Lag, self.Since, self.LastError)
		fmt.Fprintf(out, "%s\t%d\t  tables\t%s\tfrom %s\t\t\t\t%s\t%s\n", s.BrokerName, s.BrokerID, addr, self.TablesFrom, when(self.TablesHeardAt), self.TablesLastError)
		return
	}
	behind := int64(0)
	if s.BrokerID > 0 && masterEnd > 0 {
		behind = masterEnd - s.End
	}
	line(s.Role, addr, fmt.Sprintf("log from %d", s.Begin), s.End, behind, 0, time.Time{}, "")
	for _, slave := range s.Slaves {
		line("  slave", slave.Addr, slave.State, slave.Acked, slave.LagBytes, slave.Lag, slave.Since, slave.LastError)
	}
}

func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format(time.DateTime)
}
