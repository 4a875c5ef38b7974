package ps

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/urfave/cli/v2"
)

const proc = "/proc"

// Commands are ps and mqshutdown.
func Commands() []*cli.Command {
	return []*cli.Command{{
		Name:  "ps",
		Usage: "the processes of Gantry on this host, with role, ports and configuration",
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return fmt.Errorf("ps takes no argument %q: see gantry ps --help", c.Args().First())
			}
			found, err := processes(proc)
			if err != nil {
				return err
			}
			return list(c.App.Writer, proc, found)
		},
	}, {
		Name:      "mqshutdown",
		Usage:     "ends the brokers or name servers that mqbroker and mqnamesrv started on this host",
		ArgsUsage: "broker | namesrv",
		Action: func(c *cli.Context) error {
			return shutdown(c.App.Writer, c.Args().First(), func() ([]Process, error) { return processes(proc) },
				func(pid int) error { return syscall.Kill(pid, syscall.SIGTERM) })
		},
	}}
}

func list(w io.Writer, proc string, found []Process) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PID\tROLE\tPORTS\tCONFIGURATION")
	for _, p := range found {
		listens := []string{}
		for _, port := range ports(proc, p.PID) {
			listens = append(listens, strconv.Itoa(port))
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\n", p.PID, p.Role, orDash(strings.Join(listens, ",")), orDash(p.Config()))
	}
	return table.Flush()
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// kinds are what mqshutdown ends, each with the role of its processes and what
// RocketMQ's scripts call them; the benchmarks are those of benchmark/shutdown.sh.
var kinds = map[string]struct{ role, name string }{
	"broker":                  {"mqbroker", "mqbroker"},
	"namesrv":                 {"mqnamesrv", "mqnamesrv"},
	"benchmark-producer":      {benchRole("producer"), "benchmark producer"},
	"benchmark-consumer":      {benchRole("consumer"), "benchmark consumer"},
	"benchmark-tproducer":     {benchRole("tproducer"), "benchmark transaction producer"},
	"benchmark-bproducer":     {benchRole("batchproducer"), "benchmark batch producer"},
	"benchmark-timerproducer": {benchRole("timerproducer"), "benchmark timer producer"}, // this and the next are Gantry's
	"benchmark-timerconsumer": {benchRole("timerconsumer"), "benchmark timer consumer"},
}

// shutdown sends SIGTERM to every process of a kind, in the words of RocketMQ's
// mqshutdown, and does not wait for their ends. Where there is none the exit code
// is 255.
func shutdown(w io.Writer, name string, find func() ([]Process, error), stop func(pid int) error) error {
	kind, known := kinds[name]
	switch {
	case !known && strings.HasPrefix(name, "benchmark-"):
		fmt.Fprintln(w, "Usage: shutdown producer | consumer | tproducer | bproducer | timerproducer | timerconsumer")
		return nil
	case !known:
		fmt.Fprintln(w, "Useage: mqshutdown broker | namesrv")
		return nil
	}
	all, err := find()
	if err != nil {
		return err
	}
	var pids []string
	ours := slices.DeleteFunc(all, func(p Process) bool { return p.Role != kind.role })
	for _, p := range ours {
		pids = append(pids, strconv.Itoa(p.PID))
	}
	if len(pids) == 0 {
		fmt.Fprintf(w, "No %s running.\n", kind.name)
		return cli.Exit("", 255)
	}
	named := strings.Join(pids, " ")
	fmt.Fprintf(w, "The %s(%s) is running...\n", kind.name, named)
	var errs []error
	for _, p := range ours {
		if err := stop(p.PID); err != nil {
			errs = append(errs, fmt.Errorf("end %s %d: %w", kind.name, p.PID, err))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	fmt.Fprintf(w, "Send shutdown request to %s(%s) OK\n", kind.name, named)
	return nil
}
