package commitlog

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"gantry/remoting/message"
	"gantry/storenode/vfs"
)

// pieces reads what a log holds, cut into requests for another copy of it: up to most bytes each, one file each.
func pieces(t *testing.T, l *Log, from Offset, most int64) []*Request {
	t.Helper()
	var all []*Request
	for from < l.End() {
		b := make([]byte, l.room(from))
		n, err := l.ReadAt(b, from)
		if err != nil {
			t.Fatal(err)
		}
		r := &Request{Offset: from}
		for b = b[:n]; len(b) > 0; {
			piece, err := l.NextPiece(b, from)
			if err != nil {
				t.Fatal(err)
			}
			r.Records = append(r.Records, b[:piece.Bytes]...)
			b, from = b[piece.Bytes:], from+Offset(piece.Bytes)
			if int64(len(r.Records)) >= most {
				break
			}
		}
		all = append(all, r)
	}
	return all
}

func copyWait(t *testing.T, l *Log, r *Request) error {
	t.Helper()
	done := make(chan error, 1)
	r.Done = func(r *Request) { done <- r.Err }
	if err := l.AppendCopy(r); err != nil {
		return err
	}
	return <-done
}

func copyAll(t *testing.T, from, to *Log, most int64) {
	t.Helper()
	for _, r := range pieces(t, from, to.End(), most) {
		if err := copyWait(t, to, r); err != nil {
			t.Fatal(err)
		}
	}
}

func mustEqual(t *testing.T, a, b *Log) {
	t.Helper()
	if a.Min() != b.Min() || a.End() != b.End() {
		t.Fatalf("[%d, %d) copied as [%d, %d)", a.Min(), a.End(), b.Min(), b.End())
	}
	for at := a.Min(); at < a.End(); {
		one, two := make([]byte, 1000), make([]byte, 1000)
		n, err := a.ReadAt(one, at)
		m, err2 := b.ReadAt(two, at)
		if err != nil || err2 != nil || n != m || !bytes.Equal(one, two) {
			t.Fatalf("the logs differ behind %d: %d bytes %v, %d bytes %v", at, n, err, m, err2)
		}
		at += Offset(n)
	}
}

func fillWith(t *testing.T, l *Log, records int) {
	t.Helper()
	for i := range records {
		send(t, l, "A", strings.Repeat("x", 10+i*37%700), false)
	}
}

func TestACopyHasTheSameBytesInTheSameFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		master, _ := open(t, testConfig(vfs.NewMem(), "/m"))
		fillWith(t, master, 60)
		for round, most := range []int64{1, 500, 4096} {
			system := vfs.NewMem()
			l, _ := open(t, testConfig(system, "/s"))
			copyAll(t, master, l, most)
			mustEqual(t, master, l)
			last, _, _ := master.LastRecord()
			if got, ok, err := l.LastRecord(); got > last || !ok || err != nil {
				t.Errorf("the last record is at %d, %v, %v, the master's at %d", got, ok, err, last)
			}
			if l.LastStoreTimestamp() != master.LastStoreTimestamp() {
				t.Errorf("the newest record is of %d, the master's of %d", l.LastStoreTimestamp(), master.LastStoreTimestamp())
			}
			system.Halt()
			if err := l.Stop(); err == nil {
				t.Error("a halted file system synced")
			}
			again, found := open(t, testConfig(system.AfterKill(), "/s"))
			if len(found) != 60+round {
				t.Errorf("%d records after a kill", len(found))
			}
			mustEqual(t, master, again)
			if got, ok, err := again.LastRecord(); got != last || !ok || err != nil {
				t.Errorf("the last record is at %d, %v, %v, the master's at %d", got, ok, err, last)
			}
			fillWith(t, master, 1)
			copyAll(t, master, again, most)
			mustEqual(t, master, again)
			shut(t, again)
			shut(t, master)
			master, _ = open(t, master.cfg)
		}
		shut(t, master)
	})
}

func TestACopyBeginsWhereItsMasterDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		master, _ := open(t, testConfig(vfs.NewMem(), "/m"))
		fillWith(t, master, 60)
		if err := master.Sync(); err != nil {
			t.Fatal(err)
		}
		if err := master.DropOldest(4096); err != nil {
			t.Fatal(err)
		}
		system := vfs.NewMem()
		l, _ := open(t, testConfig(system, "/s"))
		if err := l.BeginAt(5000); !errors.Is(err, ErrFileSize) {
			t.Errorf("a log began inside a file: %v", err)
		}
		for _, at := range []Offset{3 * 4096, master.Min(), master.Min()} { // another master begins elsewhere
			if err := l.BeginAt(at); err != nil || l.Min() != at || l.End() != at {
				t.Fatalf("a log that begins at %d: [%d, %d), %v", at, l.Min(), l.End(), err)
			}
		}
		shut(t, l)
		l, _ = open(t, testConfig(system, "/s"))
		if l.Min() != master.Min() || l.End() != master.Min() {
			t.Fatalf("an empty copy is [%d, %d) after a restart", l.Min(), l.End())
		}
		copyAll(t, master, l, 4096)
		mustEqual(t, master, l)
		if err := l.BeginAt(0); !errors.Is(err, ErrNotEmpty) {
			t.Errorf("a log with records begins anew: %v", err)
		}
		shut(t, l)
		shut(t, master)
	})
}

func TestWhatIsNoPieceOfThisLogIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		master, _ := open(t, testConfig(vfs.NewMem(), "/m"))
		fillWith(t, master, 30)
		l, _ := open(t, testConfig(vfs.NewMem(), "/s"))
		larger := testConfig(vfs.NewMem(), "/s")
		larger.MappedFileSizeCommitLog = 8192
		wide, _ := open(t, larger)
		smaller := testConfig(vfs.NewMem(), "/s")
		smaller.MappedFileSizeCommitLog = 2048
		narrow, _ := open(t, smaller)
		all := pieces(t, master, 0, 4096)

		damaged := &Request{Records: bytes.Clone(all[0].Records)}
		damaged.Records[100]++
		var corrupt *CorruptError
		if err := copyWait(t, l, damaged); !errors.As(err, &corrupt) || corrupt.Offset != 0 {
			t.Errorf("a damaged body: %v", err)
		}
		half := &Request{Records: all[0].Records[:300]}
		if err := copyWait(t, l, half); !errors.Is(err, ErrMalformed) {
			t.Errorf("half a record: %v", err)
		}
		moved := &Request{Records: all[1].Records, Offset: 0}
		if err := copyWait(t, l, moved); !errors.Is(err, message.ErrMalformed) {
			t.Errorf("records of another place: %v", err)
		}
		if err := copyWait(t, l, &Request{Records: all[1].Records, Offset: all[1].Offset}); !errors.Is(err, ErrNotAtEnd) {
			t.Errorf("records from behind the end: %v", err)
		}
		for _, other := range []*Log{wide, narrow} {
			if err := copyWait(t, other, &Request{Records: all[0].Records}); !errors.Is(err, ErrFileSize) {
				t.Errorf("files of %d bytes: %v", other.FileBytes(), err)
			}
		}
		copyAll(t, master, l, 4096)
		mustEqual(t, master, l)
		for _, l := range []*Log{l, wide, narrow, master} {
			shut(t, l)
		}
	})
}

func TestTheRestOfAFileBehindItsBlankIsCopiedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := open(t, testConfig(vfs.NewMem(), "/s"))
		blank := make([]byte, 4096)
		copy(blank, []byte{0, 0, 16, 0, 0xCB, 0xD4, 0x31, 0x94})
		copy(blank[200:], "what a Java broker had there before it cut its log")
		if err := copyWait(t, l, &Request{Records: blank}); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 4096)
		if n, err := l.ReadAt(got, 0); n != 4096 || err != nil || !bytes.Equal(got, blank) {
			t.Errorf("%d bytes, %v, the same: %v", n, err, bytes.Equal(got, blank))
		}
		if _, ok, err := l.LastRecord(); ok || err != nil {
			t.Errorf("a log of a blank has a record: %v", err)
		}
		shut(t, l)
	})
}

func TestAFailedWriteOfACopyIsTriedAgainAtTheSamePlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		master, _ := open(t, testConfig(vfs.NewMem(), "/m"))
		fillWith(t, master, 20)
		system := vfs.NewMem()
		cfg := testConfig(system, "/s")
		cfg.RetryAfterFailure = 0
		l, _ := open(t, cfg)
		fails := 3
		system.SetHook(func(op vfs.Op) error {
			if op.Kind != "write" || fails == 0 {
				return nil
			}
			fails--
			return &vfs.ShortWrite{Bytes: op.Bytes / 2, Err: errors.New("no room")}
		})
		for _, r := range pieces(t, master, 0, 700) {
			for {
				err := copyWait(t, l, r)
				if err == nil {
					break
				}
				var write *WriteError
				if !errors.As(err, &write) || l.End() != r.Offset {
					t.Fatalf("%v, the end is %d", err, l.End())
				}
			}
		}
		mustEqual(t, master, l)
		shut(t, l)
		shut(t, master)
	})
}

func FuzzNextPiece(f *testing.F) {
	l, err := Open(testConfig(vfs.NewMem(), "/s"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(record(f, "A", "body"), int64(0))
	f.Add([]byte{0, 0, 16, 0, 0xCB, 0xD4, 0x31, 0x94}, int64(4096))
	f.Fuzz(func(t *testing.T, b []byte, at int64) {
		if at < 0 || at > 1<<50 {
			return
		}
		piece, err := l.NextPiece(b, Offset(at))
		if piece.Bytes < 0 || piece.Bytes > l.room(Offset(at)) || err != nil && piece.Bytes != 0 {
			t.Errorf("%+v, %v: %d bytes are left", piece, err, l.room(Offset(at)))
		}
		r := &Request{Records: b, Offset: Offset(at)}
		if l.prepareCopy(r) == nil && r.copiedUntil-r.Offset != Offset(len(b)) {
			t.Errorf("%d bytes end at %d, from %d on", len(b), r.copiedUntil, at)
		}
	})
}
