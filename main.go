// Command gantry is RocketMQ's server side in one binary: a proxy that stock
// clients talk to, storage nodes behind it, and their tools. This package
// assembles the commands; what they do is in the folders below it.
package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"gantry/bench"
	"gantry/tools/doctor"
	"gantry/tools/dump"
	"gantry/tools/mqadmin"
	"gantry/tools/ps"
	"gantry/tools/xcheck"
)

func main() {
	err := newApp().Run(os.Args)
	if err == nil {
		return
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(os.Stderr, "gantry:", strings.ReplaceAll(text, "\n", "; "))
	}
	code := 1
	if stated := cli.ExitCoder(nil); errors.As(err, &stated) {
		code = stated.ExitCode()
	}
	os.Exit(code)
}

func newApp() *cli.App {
	return &cli.App{
		Name:  "gantry",
		Usage: "RocketMQ's server side: stateless proxies in front of storage nodes",
		Description: "Stock RocketMQ clients (Java 4.x and 5.x, Go) use it unchanged: give them the name-server address.\n" +
			"Start with `gantry standalone`, then point an application at 127.0.0.1:9876.",
		Version:              version(),
		EnableBashCompletion: true,
		HideHelpCommand:      true,
		Commands:             concise(slices.Concat(roleCommands(), officialCommands(), ps.Commands(), []*cli.Command{mqadmin.Command(), adminCommand(), bench.Command(), doctor.Command(examined, examinedProxy), dump.Command(), xcheck.Command()})),
		ExitErrHandler:       func(*cli.Context, error) {}, // main prints the one line
		OnUsageError:         usageError,
		Action:               withoutCommand(cli.ShowAppHelp),
	}
}

// concise lets every command say in one line how it was misused.
func concise(commands []*cli.Command) []*cli.Command {
	for _, c := range commands {
		c.OnUsageError = usageError
		if c.Action == nil {
			c.Action = withoutCommand(cli.ShowSubcommandHelp)
		}
		concise(c.Subcommands)
	}
	return commands
}

func usageError(c *cli.Context, err error, _ bool) error {
	return fmt.Errorf("%w: see %s --help", err, c.Command.HelpName)
}

// withoutCommand is what runs where no command was found.
func withoutCommand(help func(*cli.Context) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		if c.Args().Present() {
			return fmt.Errorf("unknown command %q: see %s --help", c.Args().First(), c.Command.HelpName)
		}
		return help(c)
	}
}
