package bench

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"gantry/remoting"
)

// NullOptions say how the null server answers.
type NullOptions struct {
	QueueNums    int    // queues of every topic
	MessageBytes int    // bodies of the messages that pulls are answered with; 0: none, pulls are held
	PullMessages int    // messages of one such answer
	SyncDir      string // where each send is written and synced before it is answered; empty: it is not
}

func nullCommand() *cli.Command {
	return &cli.Command{
		Name:  "null",
		Usage: "a server that answers name-server and broker requests and stores nothing: the load's ceiling on this machine",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "listen", Value: "127.0.0.1:9876", Usage: "`HOST:PORT` for name-server and broker requests"},
			&cli.IntFlag{Name: "queues", Value: 8, Usage: "`NUMBER` of queues that every topic has"},
			&cli.IntFlag{Name: "pull-bytes", Usage: "answer pulls with messages of so many `BYTES`, 0: hold them, there is nothing"},
			&cli.StringFlag{Name: "sync", Usage: "write each send to a file in `DIR` and sync it before the answer; the file is removed at the end"},
			&cli.IntFlag{Name: "pull-messages", Value: 32, Usage: "`NUMBER` of messages that answer a pull"},
		},
		Action: untilStopped(func(ctx context.Context, c *cli.Context) error {
			o := NullOptions{QueueNums: c.Int("queues"), MessageBytes: c.Int("pull-bytes"), PullMessages: c.Int("pull-messages"), SyncDir: c.String("sync")}
			l, err := net.Listen("tcp", c.String("listen"))
			if err != nil {
				return err
			}
			return ServeNull(ctx, l, o, c.App.Writer)
		}),
	}
}

// ServeNull serves on l until ctx ends.
func ServeNull(ctx context.Context, l net.Listener, o NullOptions, out io.Writer) error {
	n, err := newNullServer(o)
	if err != nil {
		l.Close()
		return err
	}
	s := remoting.NewServer(slog.New(slog.NewTextHandler(os.Stderr, nil)), remoting.Limits{}, 0)
	s.Serve(l, n.open)
	fmt.Fprintf(out, "The null server boot success. addr=%s\n", l.Addr())
	<-ctx.Done()
	n.close()
	bounded, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	s.Close(bounded)
	if n.disk != nil {
		return n.disk.remove()
	}
	return nil
}
