package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"
)

// DiskOptions say what one write that must be on the disk is.
type DiskOptions struct {
	Dir          string // on the disk to be measured
	MessageBytes int
	FileBytes    int64 // length of the file that is written, sparse as a commit log's
	Seconds      int
}

func diskCommand() *cli.Command {
	return &cli.Command{
		Name:  "disk",
		Usage: "what a message costs that must be on the disk: one write and one fdatasync after the other",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "dir", Value: ".", Usage: "`DIR` on the disk; a file is made and removed there"},
			&cli.IntFlag{Name: "s", Aliases: []string{"messageSize"}, Value: 1024, Usage: "`BYTES` of a write"},
			&cli.Int64Flag{Name: "file", Value: 1 << 30, Usage: "`BYTES` of the file, sparse"},
			&cli.IntFlag{Name: "seconds", Value: 5, Usage: "end after so many `SECONDS`"},
		},
		Action: untilStopped(func(ctx context.Context, c *cli.Context) error {
			return MeasureDisk(ctx, DiskOptions{Dir: c.String("dir"), MessageBytes: c.Int("s"), FileBytes: c.Int64("file"), Seconds: c.Int("seconds")}, c.App.Writer)
		}),
	}
}

// MeasureDisk writes and syncs until the time is over, ctx ends or the file is full, and prints rate and latency.
func MeasureDisk(ctx context.Context, o DiskOptions, out io.Writer) (err error) {
	if o.MessageBytes <= 0 || int64(o.MessageBytes) > o.FileBytes {
		return fmt.Errorf("a write of %d bytes does not fit into a file of %d", o.MessageBytes, o.FileBytes)
	}
	file, err := os.OpenFile(filepath.Join(o.Dir, fmt.Sprintf("gantry-bench-disk-%d", os.Getpid())), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(file.Name())) }()
	if err := errors.Join(file.Truncate(o.FileBytes), file.Sync()); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(o.Seconds)*time.Second)
	defer cancel()
	var h Histogram
	begun, writes := time.Now(), 0
	body := randomBody(o.MessageBytes)
	for at := int64(0); ctx.Err() == nil && at+int64(o.MessageBytes) <= o.FileBytes; at += int64(o.MessageBytes) {
		before := time.Now()
		if _, err := file.WriteAt(body, at); err != nil {
			return err
		}
		if err := dataSync(file); err != nil {
			return fmt.Errorf("sync %s: %w", file.Name(), err)
		}
		h.Record(time.Since(before))
		writes++
	}
	fmt.Fprintf(out, "Write and fdatasync of %d bytes: %d, per second: %.0f\n%s\n",
		o.MessageBytes, writes, float64(writes)/time.Since(begun).Seconds(), h.String())
	return nil
}
