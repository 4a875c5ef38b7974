package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"
)

// terminal is f where somebody looks at it, else nil.
func terminal(f *os.File) io.Writer {
	is, err := f.Stat()
	if err != nil || is.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	if null, err := os.Stat(os.DevNull); err == nil && os.SameFile(is, null) {
		return nil
	}
	return f
}

const progressPeriod = time.Second

// showProgress rewrites one line of out each second with what text says, until ctx ends; a nil out shows nothing
// for as long.
func showProgress(ctx context.Context, out io.Writer, text func() string) {
	if out == nil {
		<-ctx.Done()
		return
	}
	begin, ticker := time.Now(), time.NewTicker(progressPeriod)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			fmt.Fprint(out, eraseLine)
			return
		case <-ticker.C:
			fmt.Fprintf(out, "%s%4.0f s  %s", eraseLine, time.Since(begin).Seconds(), text())
		}
	}
}

// eraseLine goes to the line's beginning and empties it.
const eraseLine = "\r\x1b[K"
