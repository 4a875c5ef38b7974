package doctor

import (
	"context"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// Command is gantry doctor; broker and proxy read a configuration file as those do,
// "" for none.
func Command(broker, proxy func(file string) *Subject) *cli.Command {
	return &cli.Command{
		Name:  "doctor",
		Usage: "looks at configuration, folders, limits, clock, ports, names, addresses and versions, and says what helps",
		Description: "Exit code 0: nothing to do. 1: warnings. 2: something does not work. It changes nothing, and the broker need not run;\n" +
			"with name servers it also asks them and every broker that they know, as a client of this host would, and slaves whether they\n" +
			"get through to their masters. With -n and no file it looks at the cluster, and at this host as one of its clients.",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "c", Usage: "configuration `FILE` of a broker; may be given more than once"},
			&cli.StringSliceFlag{Name: "proxy", Usage: "configuration `FILE` of a proxy or name server; may be given more than once"},
			&cli.StringFlag{Name: "n", Usage: "name servers, `HOST:PORT;…`; default namesrvAddr of the files, else $NAMESRV_ADDR"},
			&cli.BoolFlag{Name: "apart", Usage: "the files are of brokers on different hosts: only what they say of each other is looked at, nothing of this machine"},
		},
		Action: func(c *cli.Context) error {
			var subjects []*Subject
			for _, file := range c.StringSlice("c") {
				subjects = append(subjects, broker(file))
			}
			for _, file := range c.StringSlice("proxy") {
				subjects = append(subjects, proxy(file))
			}
			if len(subjects) == 0 && c.String("n") == "" {
				subjects = append(subjects, broker(""))
			}
			found := examine(c.Context, subjects, c.String("n"), c.Bool("apart"))
			found.write(c.App.Writer)
			if code := found.exitCode(); code != 0 {
				return cli.Exit("", code)
			}
			return nil
		},
	}
}

// Compare writes what files say themselves, and of each other; apart as in the
// command.
func Compare(w io.Writer, subjects []*Subject, apart bool) {
	compared(subjects, apart).write(w)
}

func compared(subjects []*Subject, apart bool) Findings {
	return append(configuration(subjects), contradictions(subjects, apart)...)
}

// examine finds all there is.
func examine(ctx context.Context, subjects []*Subject, given string, apart bool) Findings {
	found := compared(subjects, apart)
	nameServers := nameServersOf(subjects, given)
	usable := slices.DeleteFunc(slices.Clone(subjects), func(s *Subject) bool { return s.Err != nil })
	if !apart {
		found = append(found, machine(ctx, usable, nameServers)...)
	}
	return append(found, cluster(ctx, nameServers)...)
}

// machine is what concerns this host.
func machine(ctx context.Context, subjects []*Subject, nameServers []string) (found Findings) {
	for _, s := range brokers(subjects) {
		found = append(found, folders(s)...)
	}
	found = append(found, limits("/proc", "/sys/fs/cgroup", subjects)...)
	found = append(found, clock(brokers(subjects), time.Now())...)
	own, _ := os.Hostname()
	found = append(found, names(ctx, net.DefaultResolver.LookupHost, own, nameServers)...)
	for _, s := range subjects {
		found = append(found, ports(ctx, s)...)
	}
	return found
}

// nameServersOf are those given, else those of the files, each once.
func nameServersOf(subjects []*Subject, given string) (all []string) {
	lists := []string{given}
	if given == "" {
		lists = nil
		for _, s := range subjects {
			lists = append(lists, s.Config.NamesrvAddr)
		}
	}
	for _, list := range lists {
		for addr := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ';' || r == ',' || r == ' ' }) {
			if !slices.Contains(all, addr) {
				all = append(all, addr)
			}
		}
	}
	return all
}
