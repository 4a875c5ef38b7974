package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"
)

// TCPOptions say what is copied over the loopback.
type TCPOptions struct {
	From string // a folder: all files in it, one after the other
	To   string // a folder, on the disk that is measured; a file is made and removed there
	Sync bool   // the copy ends when the disk has it
}

func tcpCommand() *cli.Command {
	return &cli.Command{
		Name:  "tcp",
		Usage: "what a plain copy of files over loopback TCP gives: the limit of a slave that copies its master's log",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "from", Usage: "`DIR` with the files, a commitlog folder", Required: true},
			&cli.StringFlag{Name: "to", Value: ".", Usage: "`DIR` on the disk to be measured; a file is made and removed there"},
			&cli.BoolFlag{Name: "sync", Usage: "until the disk has it"},
		},
		Action: untilStopped(func(ctx context.Context, c *cli.Context) error {
			return MeasureTCP(ctx, TCPOptions{From: c.String("from"), To: c.String("to"), Sync: c.Bool("sync")}, c.App.Writer)
		}),
	}
}

// MeasureTCP sends the files through one connection to a file and prints how fast that went.
func MeasureTCP(ctx context.Context, o TCPOptions, out io.Writer) (err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	defer context.AfterFunc(ctx, func() { _ = listener.Close() })()
	file, err := os.CreateTemp(o.To, "bench-tcp-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(file.Name())) }()
	begun, sent := time.Now(), make(chan error, 1)
	go func() { sent <- sendFiles(ctx, listener.Addr().String(), o.From) }()
	bytes, err := receive(ctx, listener, file)
	err = errors.Join(err, <-sent)
	if err == nil && o.Sync {
		err = file.Sync()
	}
	if took := time.Since(begun); err == nil {
		fmt.Fprintf(out, "%d MiB over loopback TCP in %.2f s, %.0f MiB/s\n", bytes>>20, took.Seconds(), float64(bytes)/(1<<20)/took.Seconds())
	}
	return err
}

func receive(ctx context.Context, listener net.Listener, to io.Writer) (int64, error) {
	conn, err := listener.Accept()
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	return io.Copy(to, conn)
}

func sendFiles(ctx context.Context, addr, dir string) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Type().IsRegular() {
			if err := sendFile(conn, filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

func sendFile(conn net.Conn, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(conn, file)
	return err
}
