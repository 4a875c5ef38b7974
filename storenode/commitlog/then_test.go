package commitlog

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/vfs"
)

// pair appends two requests as one and returns their errors.
func pair(t *testing.T, l *Log, first, second string) (one, two error) {
	t.Helper()
	done := make(chan error, 1)
	then := &Request{Topic: "B", Records: record(t, "B", second), Done: func(r *Request) { done <- r.Err }}
	one = appendWait(t, l, &Request{Topic: "A", Records: record(t, "A", first), Then: then})
	if one != nil && len(done) == 0 {
		return one, one // not taken at all
	}
	return one, <-done
}

func TestWhatGoesTogetherIsOneGroupHoweverSmallGroupsAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig(vfs.NewMem(), "/log")
		cfg.MaxGroupBytes = 1
		l, _ := open(t, cfg)
		if one, two := pair(t, l, "one", "two"); one != nil || two != nil {
			t.Fatal(one, two)
		}
		if groups, writes := l.Stats(); groups != 1 || writes != 1 {
			t.Errorf("%d groups, %d writes", groups, writes)
		}
		if got := bodies(t, l); !slices.Equal(got, []string{"one", "two"}) {
			t.Errorf("log holds %q", got)
		}
		shut(t, l)
	})
}

// The first record fits into its file, and the file behind it cannot be written: neither is in the log, and both may be later.
func TestWhatGoesTogetherIsInTheLogOrNoneOfItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		l, _ := open(t, testConfig(mem, "/log"))
		send(t, l, "A", strings.Repeat("x", int(l.FileBytes())-600), false)
		var full atomic.Bool
		mem.SetHook(func(op vfs.Op) error {
			if full.Load() && op.Kind == "write" && !strings.HasSuffix(op.Path, "/"+fileName(0)) {
				return syscall.ENOSPC
			}
			return nil
		})
		full.Store(true)
		long := strings.Repeat("y", 400)
		if one, two := pair(t, l, long, long); !errors.Is(one, syscall.ENOSPC) || !errors.Is(two, syscall.ENOSPC) {
			t.Errorf("on a full disk: %v, %v", one, two)
		}
		if got := len(bodies(t, l)); got != 1 {
			t.Errorf("log holds %d records", got)
		}
		full.Store(false)
		time.Sleep(l.cfg.RetryAfterFailure)
		if one, two := pair(t, l, long, long); one != nil || two != nil {
			t.Fatal(one, two)
		}
		if got := bodies(t, l); !slices.Equal(got[1:], []string{long, long}) {
			t.Errorf("log holds %d records", len(got))
		}
		shut(t, l)
	})
}

func TestWhatGoesTogetherIsRefusedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig(vfs.NewMem(), "/log")
		l, _ := open(t, cfg)
		r := &Request{Topic: "A", Records: record(t, "A", "one"), Then: &Request{Topic: "B", Records: []byte("no record")}}
		if err := appendWait(t, l, r); !errors.Is(err, ErrMalformed) {
			t.Errorf("a second request that is none: %v", err)
		}
		if got := bodies(t, l); len(got) != 0 {
			t.Errorf("log holds %q", got)
		}
		shut(t, l)
	})
}
