package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
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
	file, err := openSyncedFile(o.Dir, o.FileBytes)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.remove()) }()
	ctx, cancel := context.WithTimeout(ctx, time.Duration(o.Seconds)*time.Second)
	defer cancel()
	var h Histogram
	body := randomBody(o.MessageBytes)
	begun, writes := time.Now(), 0
	for most := o.FileBytes / int64(o.MessageBytes); ctx.Err() == nil && int64(writes) < most; writes++ {
		before := time.Now()
		if err := file.write(body); err != nil {
			return err
		}
		h.Record(time.Since(before))
	}
	fmt.Fprintf(out, "Write and fdatasync of %d bytes: %d, per second: %.0f\n%s\n",
		o.MessageBytes, writes, float64(writes)/time.Since(begun).Seconds(), h.String())
	return nil
}

// syncedFile is a sparse file, as a commit log's, of which each write is on the disk when it returns.
type syncedFile struct {
	file  *os.File
	bytes int64

	mu sync.Mutex // guards at, and has one write at a time
	at int64
}

func openSyncedFile(dir string, bytes int64) (*syncedFile, error) {
	file, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf("gantry-bench-disk-%d", os.Getpid())), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	f := &syncedFile{file: file, bytes: bytes}
	if err := errors.Join(file.Truncate(bytes), file.Sync()); err != nil {
		return nil, errors.Join(err, f.remove())
	}
	return f, nil
}

// write goes on at the beginning where the end is reached.
func (f *syncedFile) write(b []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at+int64(len(b)) > f.bytes {
		f.at = 0
	}
	if _, err := f.file.WriteAt(b, f.at); err != nil {
		return err
	}
	f.at += int64(len(b))
	if err := dataSync(f.file); err != nil {
		return fmt.Errorf("sync %s: %w", f.file.Name(), err)
	}
	return nil
}

func (f *syncedFile) remove() error { return errors.Join(f.file.Close(), os.Remove(f.file.Name())) }
