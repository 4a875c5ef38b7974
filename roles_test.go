package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"syscall"
	"testing"

	"github.com/urfave/cli/v2"
)

// lingering is a role that others would take over from, if there were any.
type lingering struct{}

func (lingering) Drain(ctx context.Context) {
	fmt.Println("draining")
	<-ctx.Done()
}

func (lingering) Close(context.Context) error {
	fmt.Println("closed")
	return nil
}

func runDrainer() {
	app := cli.App{Action: role(func(*cli.Context, *slog.Logger) (running, error) {
		fmt.Println("ready")
		return lingering{}, nil
	})}
	if err := app.Run(os.Args[:1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func TestASecondSignalEndsADrain(t *testing.T) {
	p := startAs(t, asDrainer)
	for _, want := range []string{"ready", "draining", "closed"} {
		if got := p.line(); got != want {
			t.Fatalf("it printed %q, want %q", got, want)
		}
		if want != "closed" {
			p.signal(syscall.SIGTERM)
		}
	}
	if _, code := p.end(); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.stderr.String())
	}
}
