// Package dump prints the files of a store, one line a record, unit or item, and names the first damaged byte: the Java
// broker's files and ours, which have the same bytes.
//
// The formats are those of storenode/commitlog, consumequeue, index and store, whose parsers it uses (FORMAT.md beside
// each). It opens one file for reading, so that it may look at a store that is in use, and repairs nothing.
package dump

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"
)

// Command is `gantry dump`.
func Command() *cli.Command {
	from := func(of string) cli.Flag {
		return &cli.Int64Flag{Name: "from", Usage: "begin at `OFFSET`, " + of}
	}
	limit := &cli.Int64Flag{Name: "limit", Usage: "end after `N` lines; 0 goes on to the end"}
	bodies := &cli.BoolFlag{Name: "body", Usage: "print bodies as they are stored, quoted"}
	slots := &cli.IntFlag{Name: "slots", Value: 5_000_000, Usage: "`maxHashSlotNum` that the file was made with"}
	return &cli.Command{
		Name:  "dump",
		Usage: "prints a file of a store and names the first damaged byte",
		Description: "Flags come before FILE. The file is only read and may belong to a running node.\n" +
			"The exit code is 1 where something is damaged.",
		HideHelpCommand: true,
		Subcommands: []*cli.Command{
			subcommand("commitlog", "the records of a commit log file", commitLogFile, from("a record's place in the log"), limit, bodies),
			subcommand("consumequeue", "the units of a consume queue file", consumeQueueFile, from("a queue offset"), limit),
			subcommand("index", "the header and the items of an index file", indexFile, from("an item's number"), limit, slots),
			subcommand("sums", "the block sums of a closed commit log file", sumsFile, from("a place in the log"), limit),
			subcommand("checkpoint", "the times of a checkpoint", checkpointFile),
		},
	}
}

// options are what the flags say.
type options struct {
	from, limit int64 // limit 0 is none
	bodies      bool
	slots       int32
}

// input is the file that is printed.
type input struct {
	io.ReaderAt
	name string
	size int64 // bytes
}

// printer prints a file of one kind.
type printer func(in *input, out io.Writer, o options) error

func subcommand(name, usage string, print printer, flags ...cli.Flag) *cli.Command {
	return &cli.Command{
		Name: name, Usage: usage, ArgsUsage: "FILE", Flags: flags,
		Action: func(c *cli.Context) error {
			if c.Args().Len() != 1 {
				return fmt.Errorf("dump %s takes one FILE, behind the flags: see gantry dump %s --help", name, name)
			}
			return File(c.App.Writer, kind(name), c.Args().First(), options{
				from: c.Int64("from"), limit: c.Int64("limit"), bodies: c.Bool("body"), slots: int32(c.Int("slots")),
			})
		},
	}
}

// File prints the file at path to w. Errors: *DamageError, *KindError, those of reading and writing.
func File(w io.Writer, asked kind, path string, o options) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("dump: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("dump: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("dump %s: it is no file", path)
	}
	return write(w, asked, &input{ReaderAt: file, name: path, size: info.Size()}, o)
}

func write(w io.Writer, asked kind, in *input, o options) error {
	if o.from < 0 || o.limit < 0 {
		return fmt.Errorf("dump %s: --from and --limit cannot be negative", in.name)
	}
	found, err := identify(in)
	if err != nil {
		return err
	}
	if found != unknown && found != asked {
		return &KindError{File: in.name, Asked: asked, Found: found}
	}
	out := bufio.NewWriter(w)
	err = printers()[asked](in, out, o)
	return errors.Join(err, out.Flush())
}

func printers() map[kind]printer {
	return map[kind]printer{commitLog: commitLogFile, consumeQueue: consumeQueueFile, indexKind: indexFile, checkpoint: checkpointFile, sumsKind: sumsFile}
}
