package commitlog

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/vfs"
)

// withSlowSync tells about a log with SYNC_FLUSH whose syncs take a second.
func withSlowSync(t *testing.T, change func(*Config), tell func(l *Log, note func(string) *Request, noted func() []string)) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := testConfig(mem, "/log")
		cfg.FlushDiskType = SyncFlush
		change(&cfg)
		l, _ := open(t, cfg)
		send(t, l, "A", "makes the file", true)
		mem.SetDelay(func(op vfs.Op) time.Duration {
			if op.Kind == "sync" {
				return time.Second
			}
			return 0
		})
		began := time.Now()
		events := make(chan string, 100)
		event := func(what, body string, r *Request) {
			events <- fmt.Sprintf("%s %s at %d after %v: %v", body, what, r.QueueOffset, time.Since(began), r.Err)
		}
		note := func(body string) *Request {
			return &Request{Topic: "A", Records: record(t, "A", body), Wait: true,
				Written: func(r *Request) { event("written", body, r) }, Done: func(r *Request) { event("done", body, r) }}
		}
		noted := func() (all []string) {
			for len(events) > 0 {
				all = append(all, <-events)
			}
			return all
		}
		tell(l, note, noted)
		if err := l.Append(note("last")); err != nil {
			t.Fatal(err)
		}
		shut(t, l)
		if got := noted(); len(got) != 2 {
			t.Errorf("stopping told %q of what waited for the disk", got)
		}
	})
}

func TestTheAppenderWritesOnWhileTheDiskSyncs(t *testing.T) {
	withSlowSync(t, func(*Config) {}, func(l *Log, note func(string) *Request, noted func() []string) {
		for i, body := range []string{"a", "b", "c", "d"} {
			r := note(body)
			r.Wait = i != 2
			if err := l.Append(r); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		want := []string{"a written at 1 after 0s: <nil>", "b written at 2 after 0s: <nil>", "c done at 3 after 0s: <nil>", "d written at 4 after 0s: <nil>"}
		if got := noted(); !slices.Equal(got, want) {
			t.Errorf("at once: %q, want %q", got, want)
		}
		time.Sleep(10 * time.Second)
		want = []string{"a done at 1 after 1s: <nil>", "b done at 2 after 2s: <nil>", "d done at 4 after 2s: <nil>"} // one sync for all that gathered
		if got := noted(); !slices.Equal(got, want) {
			t.Errorf("later: %q, want %q", got, want)
		}
	})
}

func TestWhatWaitsForTheDiskIsBounded(t *testing.T) {
	withSlowSync(t, func(c *Config) { c.MaxQueuedRequests = 2 }, func(l *Log, note func(string) *Request, noted func() []string) {
		for range 2 {
			if err := l.Append(note("m")); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if err := l.Append(note("one too many")); !errors.Is(err, ErrBusy) {
			t.Errorf("append beside two that wait: %v", err)
		}
		time.Sleep(10 * time.Second)
		if err := l.Append(note("m")); err != nil {
			t.Errorf("append when they have gone: %v", err)
		}
		time.Sleep(10 * time.Second)
		if got := len(noted()); got != 6 {
			t.Errorf("%d answers and notes, want 6", got)
		}
	})
}
