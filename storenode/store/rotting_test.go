package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/consumequeue"
	"gantry/storenode/vfs"
)

// rotting is a store whose files a test damages while it runs.
type rotting struct {
	*Store
	t     *testing.T
	mem   *vfs.Mem
	noted *entries
	want  map[string][]string // bodies by queue
}

// rot opens a store, sends what fill says, and has it write all units to files.
func rot(t *testing.T, cfg Config, fill func(send func(...msg))) *rotting {
	t.Helper()
	r := &rotting{t: t, mem: vfs.NewMem(), noted: &entries{}, want: map[string][]string{}}
	r.open(cfg)
	fill(func(messages ...msg) {
		send(t, r.Store, messages...)
		for _, m := range messages {
			if kind := message.TransactionType(m.sysFlag); kind == 0 || kind == message.FlagTransactionCommit {
				r.want[queueName(m.topic, m.queueID)] = append(r.want[queueName(m.topic, m.queueID)], m.body)
			}
		}
	})
	if err := r.queues.Write(0); err != nil {
		t.Fatal(err)
	}
	return r
}

func queueName(topic string, id int32) string { return fmt.Sprintf("%s/%d", topic, id) }

func (r *rotting) open(cfg Config) {
	r.t.Helper()
	s, err := Open(cfg, r.mem, slog.New(slog.NewTextHandler(r.noted, nil)))
	if err != nil {
		r.t.Fatal(err)
	}
	r.Store = s
	r.t.Cleanup(func() {
		select {
		case <-s.stop:
		default:
			_ = s.Close()
		}
	})
}

// files returns the content of all files below a folder.
func (r *rotting) files(dir string) map[string]string {
	r.t.Helper()
	all := map[string]string{}
	entries, err := r.mem.List(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.t.Fatal(err)
	}
	for _, e := range entries {
		path := dir + "/" + e.Name
		if e.Dir {
			for name, content := range r.files(path) {
				all[name] = content
			}
			continue
		}
		all[path] = string(r.read(path))
	}
	return all
}

func (r *rotting) read(path string) []byte {
	r.t.Helper()
	f, err := r.mem.Open(path)
	if err != nil {
		r.t.Fatal(err)
	}
	size, err := f.Size()
	if err != nil {
		r.t.Fatal(err)
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil {
		r.t.Fatal(err)
	}
	return b
}

func (r *rotting) write(path string, at int64, b []byte) {
	r.t.Helper()
	f, err := r.mem.Open(path)
	if err == nil {
		_, err = f.WriteAt(b, at)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// served reads a queue as a consumer does that tries again while units are mended, for at most a minute.
func (r *rotting) served(topic string, id int32) []string {
	r.t.Helper()
	return r.from(topic, id, r.MinOffset(topic, id))
}

// from is served from a queue offset on.
func (r *rotting) from(topic string, id int32, low int64) []string {
	r.t.Helper()
	var all []string
	high := r.MaxOffset(topic, id)
	for offset, tries := low, 0; offset < high; {
		found, err := r.Get(Query{Topic: topic, QueueID: id, Offset: offset, MaxNum: 32})
		if errors.Is(err, ErrMending) && tries < 60 {
			tries++
			time.Sleep(time.Second)
			continue
		}
		if err != nil || found.NextBeginOffset <= offset {
			r.t.Fatalf("get %s %d at %d: %+v, %v", topic, id, offset, found, err)
		}
		for _, m := range split(r.t, found.Bytes) {
			if m.Topic != topic || m.QueueID != id || m.QueueOffset != low+int64(len(all)) {
				r.t.Fatalf("message %d of %s %d where message %d of %s %d belongs", m.QueueOffset, m.Topic, m.QueueID, len(all), topic, id)
			}
			all = append(all, string(m.Body))
		}
		offset = found.NextBeginOffset
		found.Release()
	}
	return all
}

// checkServed compares all queues with what was sent.
func (r *rotting) checkServed() {
	r.t.Helper()
	for name, want := range r.want {
		topic, id, _ := strings.Cut(name, "/")
		if got := r.served(topic, int32(id[0]-'0')); !slices.Equal(got, want) {
			r.t.Fatalf("queue %s: %d messages, want %d", name, len(got), len(want))
		}
	}
}

// same compares files with what they were.
func (r *rotting) same(dir string, want map[string]string) {
	r.t.Helper()
	got := r.files(dir)
	for path := range want {
		if got[path] != want[path] {
			r.t.Fatalf("%s differs from what it was", path)
		}
	}
	if len(got) != len(want) {
		r.t.Fatalf("%d files below %s, want %d", len(got), dir, len(want))
	}
}

// drop lets the oldest files of the log go. Until follow the queues know nothing of it.
func (r *rotting) drop(files int) {
	r.t.Helper()
	if err := r.Log().Sync(); err != nil {
		r.t.Fatal(err)
	}
	for _, end := range r.Log().Starts()[1 : files+1] {
		if err := r.Log().DropOldest(end); err != nil {
			r.t.Fatal(err)
		}
	}
}

// follow lets the queues begin where the log does.
func (r *rotting) follow() {
	r.expiry.wakeUp()
	time.Sleep(time.Minute)
}

// smallQueues has files of ten units, so that queues have several.
func smallQueues() Config {
	cfg := testConfig()
	cfg.MappedFileSizeConsumeQueue = 10 * consumequeue.UnitBytes
	cfg.CleanResourceInterval = 1000 * time.Hour // see rotting.drop
	return cfg
}

// threeQueues fills three queues of two topics, with transactions and batches among the messages.
func threeQueues(messages int) func(send func(...msg)) {
	return func(send func(...msg)) {
		for i := range messages {
			switch body := fmt.Sprint("message ", i); {
			case i%7 == 3:
				send(msg{topic: "A", body: body + " half", sysFlag: message.FlagTransactionPrepared}, msg{topic: "A", body: body, tags: "TagB"})
			case i%3 == 0:
				send(msg{topic: "A", queueID: 1, body: body, sysFlag: message.FlagTransactionCommit, tags: "TagA"})
			default:
				send(msg{topic: fmt.Sprint(string(rune('A' + i%2))), body: body, tags: fmt.Sprint("Tag", i%5), uniqKey: fmt.Sprint("U", i)})
			}
		}
	}
}

// scrubbed does with all records of the log what the scrub does with sound ones, and waits until what it has found is
// mended.
func (r *rotting) scrubbed() {
	r.t.Helper()
	r.derived.pace = func(int) bool { return true }
	for scanner := r.log.Scan(r.log.Min()); ; {
		record, err := scanner.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			r.t.Fatal(err)
		}
		r.checkDerived(record)
	}
	r.endDerived()
	synctest.Wait()
}
