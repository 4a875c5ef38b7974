package replica

import (
	"context"
	"errors"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"gantry/remoting"
	"gantry/storenode/commitlog"
	"gantry/storenode/store"
	"gantry/storenode/vfs"
)

// BenchmarkCatchUp copies 256 MiB of a master's log to an empty slave, over TCP
// and with both stores on the disk that holds the test's folder.
func BenchmarkCatchUp(b *testing.B) {
	const logBytes = 256 << 20
	master := openDisk(b, false)
	body := make([]byte, 1000)
	for master.End() < logBytes {
		appendMany(b, master, body)
	}
	m := masterOf(b, master)
	b.SetBytes(int64(master.End()))
	for b.Loop() {
		copied := openDisk(b, true)
		s := slaveOf(copied, master, m)
		for copied.End() < master.End() {
			time.Sleep(time.Millisecond)
		}
		closeAll(b, s.Close, copied.Close)
	}
	closeAll(b, m.Close, master.Close)
}

// BenchmarkSends has 64 senders wait for their messages of 1 KiB, for the master
// alone and for a slave, too, over TCP.
func BenchmarkSends(b *testing.B) {
	for name, sync := range map[string]bool{"ASYNC_MASTER": false, "SYNC_MASTER": true} {
		b.Run(name, func(b *testing.B) { sends(b, sync) })
	}
}

func sends(b *testing.B, sync bool) {
	var m atomic.Pointer[Master]
	master := openDiskWith(b, func(cfg *store.Config) { cfg.OnAppend = func(end commitlog.Offset) { m.Load().Appended(end) } })
	m.Store(masterOf(b, master))
	copied := openDisk(b, true)
	slave := slaveOf(copied, master, m.Load())
	raw := encode(b, string(make([]byte, 1024)))
	b.SetParallelism(64 / runtime.GOMAXPROCS(0))
	b.RunParallel(func(p *testing.PB) {
		sender := &benchSender{master: m.Load(), done: make(chan error, 1), sync: sync}
		for p.Next() {
			if err := sender.send(master, raw); err != nil {
				b.Error(err)
				return
			}
		}
	})
	closeAll(b, slave.Close, m.Load().Close, copied.Close, master.Close)
}

// benchSender sends one message after the other.
type benchSender struct {
	master  *Master
	request commitlog.Request
	wait    Wait
	done    chan error
	sync    bool
}

func (s *benchSender) send(to *store.Store, raw []byte) error {
	s.request = commitlog.Request{Topic: "A", Records: append(s.request.Records[:0], raw...), Done: s.stored}
	if err := to.Append(&s.request); err != nil {
		return err
	}
	return <-s.done
}

func (s *benchSender) stored(r *commitlog.Request) {
	if r.Err != nil || !s.sync {
		s.done <- r.Err
		return
	}
	s.wait = Wait{End: r.Offset + commitlog.Offset(len(r.Records)), Due: time.Now().Add(time.Minute), Done: func(o Outcome) {
		if o == SlaveTooSlow {
			s.done <- errors.New("the slave is too slow")
			return
		}
		s.done <- nil // copied, or the slave was not there yet
	}}
	s.master.Wait(&s.wait)
}

func masterOf(b *testing.B, s *store.Store) *Master {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	c := DefaultMasterConfig()
	c.Log, c.Logger, c.Listener = s.Log(), quiet(), listener
	return NewMaster(c)
}

func slaveOf(copied, master *store.Store, m *Master) *Slave {
	c := DefaultSlaveConfig()
	c.Store, c.Logger, c.Dial = copied, quiet(), remoting.DialTCP
	c.Bounds = func(context.Context, string) (Bounds, error) { return Bounds{master.Min(), master.End()}, nil }
	s := NewSlave(c)
	s.Follow(Address{HA: m.cfg.Listener.Addr().String()})
	return s
}

func openDisk(b *testing.B, slave bool) *store.Store {
	b.Helper()
	return openDiskWith(b, func(cfg *store.Config) { cfg.Slave = slave })
}

func openDiskWith(b *testing.B, change func(*store.Config)) *store.Store {
	b.Helper()
	cfg := store.DefaultConfig(b.TempDir())
	change(&cfg)
	s, err := store.Open(cfg, vfs.OS{}, quiet())
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// appendMany appends a thousand messages at once.
func appendMany(b *testing.B, s *store.Store, body []byte) {
	b.Helper()
	const count = 1000
	done := make(chan error, count)
	for range count {
		r := &commitlog.Request{Topic: "A", Records: encode(b, string(body)), Done: func(r *commitlog.Request) { done <- r.Err }}
		if err := s.Append(r); err != nil {
			b.Fatal(err)
		}
	}
	for range count {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
}

func closeAll(b *testing.B, closers ...func() error) {
	b.Helper()
	for _, close := range closers {
		if err := close(); err != nil {
			b.Fatal(err)
		}
	}
}
