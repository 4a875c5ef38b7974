package replica

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/memnet"
	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/store"
	"gantry/storenode/vfs"
)

const fileBytes = 16 << 10

func storeConfig(slave bool) store.Config {
	cfg := store.DefaultConfig("/store")
	cfg.MappedFileSizeCommitLog, cfg.MappedFileSizeConsumeQueue = fileBytes, 50*20
	cfg.MaxHashSlotNum, cfg.MaxIndexNum, cfg.TotalMemoryBytes = 50, 500, 1<<40
	cfg.DeleteWhen = nil
	cfg.Slave = slave
	return cfg
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// scene is a shard in memory: a master and its network. Slaves are the test's.
type scene struct {
	t      *testing.T
	net    memnet.Network
	store  *store.Store
	master *Master
	now    *Master // as the store's appender sees it
}

const haName, masterName = "master:10912", "master:10911"

func newScene(t *testing.T, change func(*MasterConfig)) *scene {
	t.Helper()
	c := &scene{t: t}
	cfg := storeConfig(false)
	cfg.OnAppend = func(end commitlog.Offset) {
		if c.master != nil {
			c.master.Appended(end)
		}
	}
	c.store = openStore(t, cfg, vfs.NewMem())
	c.startMaster(change)
	return c
}

func openStore(t *testing.T, cfg store.Config, system vfs.FS) *store.Store {
	t.Helper()
	s, err := store.Open(cfg, system, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (c *scene) startMaster(change func(*MasterConfig)) {
	c.t.Helper()
	listener, err := c.net.Listen(haName)
	if err != nil {
		c.t.Fatal(err)
	}
	cfg := DefaultMasterConfig()
	cfg.Log, cfg.Logger, cfg.Listener = c.store.Log(), quiet(), listener
	if change != nil {
		change(&cfg)
	}
	c.master = NewMaster(cfg)
}

func (c *scene) close(closers ...io.Closer) {
	c.t.Helper()
	for _, closer := range append(closers, c.master, c.store) {
		if err := closer.Close(); err != nil {
			c.t.Error(err)
		}
	}
}

// send appends messages to the master's log.
func (c *scene) send(bodies ...string) (end commitlog.Offset) {
	c.t.Helper()
	for _, body := range bodies {
		end = appendTo(c.t, c.store, body)
	}
	return end
}

func encode(t testing.TB, body string) []byte {
	t.Helper()
	raw, err := message.AppendRecord(nil, &message.Message{
		Topic: "A", Body: []byte(body), BornHost: netip.MustParseAddrPort("10.0.0.1:1000"), StoreHost: netip.MustParseAddrPort("127.0.0.1:10911")})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func appendTo(t *testing.T, s *store.Store, body string) (end commitlog.Offset) {
	t.Helper()
	raw := encode(t, body)
	done := make(chan error, 1)
	r := &commitlog.Request{Topic: "A", Records: raw, Wait: true, Done: func(r *commitlog.Request) { done <- r.Err }}
	if err := s.Append(r); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return r.Offset + commitlog.Offset(len(raw))
}

// fill appends so many messages that the log has several files.
func (c *scene) fill(count int) {
	c.t.Helper()
	for i := range count {
		c.send(fmt.Sprint(i, strings.Repeat(".", i*97%3000)))
	}
}

// expire drops the oldest files of the master's log.
func (c *scene) expire(files int) {
	c.t.Helper()
	if err := c.store.Log().Sync(); err != nil {
		c.t.Fatal(err)
	}
	for range files {
		if err := c.store.Log().DropOldest(c.store.Log().Min() + fileBytes); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c *scene) slaveConfig(s *store.Store) SlaveConfig {
	cfg := DefaultSlaveConfig()
	cfg.Store, cfg.Logger, cfg.Dial = s, quiet(), c.net.Dial
	cfg.Bounds = func(_ context.Context, addr string) (Bounds, error) {
		if addr != masterName {
			return Bounds{}, fmt.Errorf("nobody at %s", addr)
		}
		return Bounds{c.store.Min(), c.store.End()}, nil
	}
	return cfg
}

// slave starts one that knows where the master is.
func (c *scene) slave(s *store.Store) *Slave {
	slave := NewSlave(c.slaveConfig(s))
	slave.Follow(Address{HA: haName})
	return slave
}

func mustBeEqual(t *testing.T, a, b *commitlog.Log) {
	t.Helper()
	if err := differ(a, b); err != nil {
		t.Fatal(err)
	}
	if a.End() != b.End() || a.Min() != b.Min() {
		t.Fatalf("the master's log is [%d, %d), the slave's [%d, %d)", a.Min(), a.End(), b.Min(), b.End())
	}
}

// differ says where two logs differ in what both have.
func differ(a, b *commitlog.Log) error {
	one, two := make([]byte, 4096), make([]byte, 4096)
	for at, end := max(a.Min(), b.Min()), min(a.End(), b.End()); at < end; {
		n, err := a.ReadAt(one[:min(len(one), int(end-at))], at)
		m, err2 := b.ReadAt(two[:min(len(two), int(end-at))], at)
		if n = min(n, m); err != nil || err2 != nil {
			return errors.Join(err, err2)
		}
		if !bytes.Equal(one[:n], two[:n]) {
			return fmt.Errorf("the logs differ behind offset %d", at)
		}
		at += commitlog.Offset(n)
	}
	return nil
}

// raw is an end of a connection that a test speaks on itself.
type raw struct {
	net.Conn
	t *testing.T
}

func (c *scene) dial() raw {
	c.t.Helper()
	conn, err := c.net.Dial(context.Background(), haName)
	if err != nil {
		c.t.Fatal(err)
	}
	return raw{conn, c.t}
}

func (r raw) report(end commitlog.Offset) {
	r.t.Helper()
	if _, err := r.Write(appendReport(nil, end)); err != nil {
		r.t.Fatal(err)
	}
}

func (r raw) frame() (frameHead, []byte) {
	r.t.Helper()
	head := make([]byte, headBytes)
	if _, err := io.ReadFull(r, head); err != nil {
		r.t.Fatal(err)
	}
	h, err := decodeHead(head)
	if err != nil {
		r.t.Fatal(err)
	}
	body := make([]byte, h.size)
	if _, err := io.ReadFull(r, body); err != nil {
		r.t.Fatal(err)
	}
	return h, body
}

// mustEnd waits for the other end to close the connection.
func (r raw) mustEnd(within time.Duration) {
	r.t.Helper()
	if err := r.SetReadDeadline(time.Now().Add(within)); err != nil {
		r.t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		r.t.Fatalf("the connection did not end within %v: %v", within, err)
	}
}

func in(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}
