package replica

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/commitlog"
	"gantry/storenode/vfs"
)

// javaMaster speaks as HAConnection 4.9.7 does: who reports 0 first gets its last
// file, all others get what they ask for.
type javaMaster struct {
	raw
	c *scene
}

func (c *scene) java() (accept func() javaMaster) {
	c.t.Helper()
	if err := c.master.Close(); err != nil {
		c.t.Fatal(err)
	}
	listener, err := c.net.Listen(haName)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = listener.Close() })
	return func() javaMaster {
		c.t.Helper()
		conn, err := listener.Accept()
		if err != nil {
			c.t.Fatal(err)
		}
		return javaMaster{raw{conn, c.t}, c}
	}
}

func (j javaMaster) reported() commitlog.Offset {
	j.t.Helper()
	b := make([]byte, reportBytes)
	if _, err := io.ReadFull(j, b); err != nil {
		j.t.Fatal(err)
	}
	h, err := decodeHead(append(b, 0, 0, 0, 0))
	if err != nil {
		j.t.Fatal(err)
	}
	return h.offset
}

func (j javaMaster) sendUpTo(end commitlog.Offset, asked commitlog.Offset) {
	j.t.Helper()
	log := j.c.store.Log()
	at := asked
	if asked == 0 {
		at = log.End() - log.End()%fileBytes
	}
	for at < end {
		b := make([]byte, min(777, end-at))
		n, err := log.ReadAt(b, at)
		if err != nil {
			j.t.Fatal(err)
		}
		if _, err := j.Write(append(frameHead{at, n}.append(nil), b[:n]...)); err != nil {
			j.t.Fatal(err)
		}
		at += commitlog.Offset(n)
	}
}

func TestAnEmptySlaveOfAJavaMasterGetsAllOfItsLog(t *testing.T) {
	for name, expired := range map[string]int{"from byte 1 on, byte 0 is known": 0, "from its minimum offset on": 2} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T) {
				c := newScene(t, nil)
				c.fill(100)
				c.expire(expired)
				accept := c.java()
				copied := openStore(t, storeConfig(true), vfs.NewMem())
				slave := c.slave(copied)
				java := accept()
				asked := java.reported()
				if want := max(c.store.Min(), 1); asked != want {
					t.Errorf("it asks from %d, not %d", asked, want)
				}
				go java.sendUpTo(c.store.End(), asked)
				for java.reported() < c.store.End() {
				}
				mustBeEqual(t, c.store.Log(), copied.Log())
				for range 3 {
					begun := time.Now()
					if end := java.reported(); end != c.store.End() || time.Since(begun) != 5*time.Second {
						t.Errorf("reports %d after %v", end, time.Since(begun))
					}
				}
				if err := slave.Close(); err != nil {
					t.Error(err)
				}
				if err := copied.Close(); err != nil {
					t.Error(err)
				}
				if err := c.store.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A Java master's records come in frames that end anywhere: none is reported, or
// seen by a reader, before it is whole.
func TestASlaveHasWholeRecordsOnly(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		first := c.send("one")
		end := c.send("two")
		accept := c.java()
		copied := openStore(t, storeConfig(true), vfs.NewMem())
		slave := c.slave(copied)
		java := accept()
		java.sendUpTo(first+50, java.reported())
		if got := java.reported(); got != first || copied.End() != first {
			t.Errorf("reports %d, has %d, the first record ends at %d", got, copied.End(), first)
		}
		synctest.Wait()
		if _, high := copied.Bounds("A", 0); high != 1 {
			t.Errorf("%d messages", high)
		}
		java.Close()
		java = accept()
		asked := java.reported()
		if asked != 1 {
			t.Errorf("asks from %d, the last record begins at 0", asked)
		}
		java.sendUpTo(end, asked)
		if got := java.reported(); got != first {
			t.Errorf("reports %d when it has compared what it has up to %d", got, first)
		}
		if got := java.reported(); got != end {
			t.Errorf("reports %d, the log ends at %d", got, end)
		}
		synctest.Wait()
		mustBeEqual(t, c.store.Log(), copied.Log())
		if err := slave.Close(); err != nil {
			t.Error(err)
		}
		if err := copied.Close(); err != nil {
			t.Error(err)
		}
		if err := c.store.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestASlaveGivesAMasterUpThatSaysNothing(t *testing.T) {
	in(t, func(t *testing.T) {
		c := newScene(t, nil)
		end := c.send("one")
		accept := c.java()
		copied := openStore(t, storeConfig(true), vfs.NewMem())
		slave := c.slave(copied)
		java := accept()
		java.sendUpTo(end, java.reported())
		begun := time.Now()
		java.mustEnd(time.Minute)
		if took := time.Since(begun); took != 20*time.Second {
			t.Errorf("given up after %v", took)
		}
		java = accept()
		if s := slave.Status(); s.LastError == "" {
			t.Errorf("%+v", s)
		}
		if err := slave.Close(); err != nil {
			t.Error(err)
		}
		if err := copied.Close(); err != nil {
			t.Error(err)
		}
		if err := c.store.Close(); err != nil {
			t.Error(err)
		}
	})
}
