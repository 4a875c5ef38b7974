// Package mqadmin is RocketMQ's administration tool: its commands, options,
// columns and wording (MQAdminStartup and its sub-commands, 4.9.7), over the calls
// of tools/admin. A command is one row of commands, and prints to its writer.
//
// Different: a command that fails says why in one line and exits with 1, where the
// official tool prints a stack trace and exits with 0; rows are sorted.
package mqadmin

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"gantry/remoting"
	"gantry/tools/admin"
)

// command is one sub-command.
type command struct {
	name    string
	about   string
	options []option
	oneOf   []string // options of which one is needed
	grouped bool     // help shows them so
	run     func(*call) error
}

// option is one option, as commons-cli describes it.
type option struct {
	short, long string
	about       string
	arg         bool // it takes a value
	required    bool
}

func needed(short, long, about string) option   { return option{short, long, about, true, true} }
func optional(short, long, about string) option { return option{short, long, about, true, false} }
func flag(short, long, about string) option     { return option{short, long, about, false, false} }

// everywhere are the options of every command.
func everywhere() []option {
	return []option{
		flag("h", "help", "Print help"),
		optional("n", "namesrvAddr", "Name server address list, eg: '192.168.0.1:9876;192.168.0.2:9876'"),
	}
}

// Command is `gantry mqadmin`.
func Command() *cli.Command {
	return &cli.Command{
		Name:            "mqadmin",
		Usage:           "RocketMQ's administration tool: clusters, topics, groups, messages",
		ArgsUsage:       "COMMAND [options]",
		SkipFlagParsing: true,
		HideHelp:        true,
		Action: func(c *cli.Context) error {
			ctx, stop := signal.NotifyContext(c.Context, syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			return Run(ctx, c.App.Writer, c.App.ErrWriter, remoting.DialTCP, c.Args().Slice())
		},
	}
}

// Run runs a command line, without the name of the tool. What goes wrong is its
// error; what goes wrong with one broker of several is a line of complaints.
func Run(ctx context.Context, out, complaints io.Writer, dial remoting.DialFunc, args []string) error {
	if len(args) == 0 || slices.Contains([]string{"-h", "--help"}, args[0]) || args[0] == "help" && len(args) == 1 {
		overview(out)
		return nil
	}
	help := args[0] == "help" && len(args) == 2
	if help {
		args = args[1:]
	}
	c := find(args[0])
	if c == nil {
		fmt.Fprintf(out, "The sub command %s not exist.\n", args[0])
		return cli.Exit("", 1)
	}
	if help {
		usage(out, c)
		return nil
	}
	return c.execute(ctx, &call{out: out, complaints: complaints, dial: dial, command: c}, args[1:])
}

// find looks a command up in any letter case.
func find(name string) *command {
	all := commands()
	at := slices.IndexFunc(all, func(c *command) bool { return strings.EqualFold(c.name, name) })
	if at < 0 {
		return nil
	}
	return all[at]
}

// commands are those there are, in the order of the official tool.
func commands() []*command {
	return []*command{
		updateTopic(), deleteTopic(), updateSubGroup(), deleteSubGroup(), updateBrokerConfig(), updateTopicPerm(),
		topicRoute(), topicStatus(), topicClusterList(), brokerStatus(), queryMsgByID(), queryMsgByKey(), queryMsgByUniqueKey(), queryMsgByOffset(),
		producerConnection(), consumerConnection(), consumerProgress(), clusterList(), topicList(), updateKvConfig(), deleteKvConfig(),
		wipeWritePerm(), addWritePerm(), resetOffsetByTime(), skipAccumulatedMessage(), updateOrderConf(),
		getNamesrvConfig(), updateNamesrvConfig(), getBrokerConfig(), getConsumerConfig(), sendMessage(), consumeMessage(),
	}
}

// call is one run of a command.
type call struct {
	*admin.Admin
	ctx        context.Context
	out        io.Writer
	complaints io.Writer
	dial       remoting.DialFunc
	command    *command
	options    *cli.Context
}

func (c *command) execute(ctx context.Context, to *call, args []string) error {
	misused := func(why error) error {
		usage(to.out, c)
		return cli.Exit(fmt.Sprintf("mqadmin %s: %v", c.name, why), 1)
	}
	var help strings.Builder
	usage(&help, c)
	app := &cli.App{
		CustomAppHelpTemplate: help.String(),
		Name:                  "mqadmin " + c.name, Flags: c.flags(), HideHelp: true, HideVersion: true, Writer: to.out, ErrWriter: to.complaints,
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   func(_ *cli.Context, err error, _ bool) error { return misused(err) },
		Action: func(options *cli.Context) error {
			if err := c.complete(options); err != nil {
				return misused(err)
			}
			to.ctx, to.options = ctx, options
			return to.run()
		},
	}
	return app.RunContext(ctx, append([]string{app.Name}, args...))
}

// run opens what the command asks through, and runs it.
func (c *call) run() (err error) {
	namesrv := c.value("n")
	if namesrv == "" {
		namesrv = os.Getenv("NAMESRV_ADDR")
	}
	if c.Admin, err = admin.Open(namesrv, c.dial); err != nil {
		return fmt.Errorf("mqadmin %s: %w; give it with -n, or in NAMESRV_ADDR", c.command.name, err)
	}
	defer c.Close()
	if err := c.command.run(c); err != nil {
		return fmt.Errorf("%s command failed: %w", c.command.name, err)
	}
	return nil
}

func (c *command) flags() (all []cli.Flag) {
	for _, o := range slices.Concat(everywhere(), c.options) {
		names := []string{o.long}
		if o.arg {
			all = append(all, &cli.StringFlag{Name: o.short, Aliases: names})
		} else {
			all = append(all, &cli.BoolFlag{Name: o.short, Aliases: names})
		}
	}
	return all
}

// complete says which option is missing.
func (c *command) complete(given *cli.Context) error {
	for _, o := range c.options {
		if o.required && !given.IsSet(o.short) {
			return fmt.Errorf("Missing required option: %s", o.short)
		}
	}
	if len(c.oneOf) > 0 && !slices.ContainsFunc(c.oneOf, given.IsSet) {
		return fmt.Errorf("Missing required option: one of -%s", strings.Join(c.oneOf, " and -"))
	}
	return nil
}
