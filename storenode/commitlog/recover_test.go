package commitlog

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"gantry/remoting/message"
	"gantry/storenode/vfs"
)

func TestACleanLogOpensAsItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := testConfig(mem, "/log")
		l, _ := open(t, cfg)
		var want []string
		for i := range 100 {
			want = append(want, strings.Repeat(fmt.Sprint(i), i%30))
			send(t, l, "A", want[i], false)
		}
		end, last := l.End(), l.LastStoreTimestamp()
		shut(t, l)
		cfg.MappedFileSizeCommitLog = 1 << 20 // the size of the files that exist wins
		l, got := open(t, cfg)
		if !slices.Equal(got, want) || l.End() != end || l.LastStoreTimestamp() != last || l.FileBytes() != 4096 {
			t.Errorf("%d records, end %d of %d, file size %d", len(got), l.End(), end, l.FileBytes())
		}
		send(t, l, "A", "one more", false)
		if got := bodies(t, l); len(got) != 101 || got[100] != "one more" {
			t.Errorf("%d records", len(got))
		}
		shut(t, l)
	})
}

// TestATornLastRecord cuts the last record at every byte and puts several things behind the cut.
func TestATornLastRecord(t *testing.T) {
	const topicAt = 88 + len("torn")
	tails := map[string]func(n int) []byte{
		"zeros":   func(n int) []byte { return make([]byte, n) },
		"garbage": func(n int) []byte { return bytes.Repeat([]byte{0xA7}, n) },
	}
	for name, tail := range tails {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for cut := range recordWithProperties(t, "torn") {
					if name == "garbage" && cut > topicAt {
						break // a record's checksum covers the body alone: other bytes of topic and properties pass
					}
					mem := vfs.NewMem()
					cfg := testConfig(mem, "/log")
					l, _ := open(t, cfg)
					send(t, l, "A", "kept", false)
					end := l.End()
					torn := sendWithProperties(t, l, "torn")
					shut(t, l)
					at, behind := int64(end)+int64(cut), tail(len(torn)-cut+200)
					overwrite(t, mem, "/log/00000000000000000000", at, behind)
					l, got := open(t, cfg)
					if bytes.Equal(torn[cut:], behind[:len(torn)-cut]) { // nothing is torn: the record ended in zeros
						shut(t, l)
						continue
					}
					if len(got) != 1 {
						t.Fatalf("cut at %d: %q", cut, got)
					}
					send(t, l, "A", "next", false)
					if got := bodies(t, l); !slices.Equal(got, []string{"kept", "next"}) {
						t.Fatalf("cut at %d, after one more: %q", cut, got)
					}
					shut(t, l)
				}
			})
		})
	}
}

func overwrite(t *testing.T, mem *vfs.Mem, path string, offset int64, b []byte) {
	t.Helper()
	f, err := mem.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(b, offset); err != nil {
		t.Fatal(err)
	}
}

// TestAnOldRecordBehindTheTornOneStaysDead: the record behind a torn one is whole, and the next append has exactly the
// torn one's size. Were the tail not zeroed, the old record would follow the new one.
func TestAnOldRecordBehindTheTornOneStaysDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := testConfig(mem, "/log")
		l, _ := open(t, cfg)
		torn := send(t, l, "A", "torn", false)
		send(t, l, "A", "dead", false)
		shut(t, l)
		overwrite(t, mem, "/log/00000000000000000000", int64(torn.Offset)+90, []byte("?"))
		l, got := open(t, cfg)
		if len(got) != 0 {
			t.Fatalf("recovered %q", got)
		}
		send(t, l, "A", "next", false)
		shut(t, l)
		l, got = open(t, cfg)
		if !slices.Equal(got, []string{"next"}) {
			t.Errorf("recovered %q", got)
		}
		shut(t, l)
	})
}

func TestAFileMadeButNotYetLongIsHealed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := testConfig(mem, "/log")
		l, _ := open(t, cfg)
		send(t, l, "A", strings.Repeat("x", 3900), false)
		shut(t, l)
		if _, err := mem.Create("/log/00000000000000004096", 0); err != nil {
			t.Fatal(err)
		}
		l, got := open(t, cfg)
		if len(got) != 1 {
			t.Fatalf("recovered %d records", len(got))
		}
		if r := send(t, l, "A", strings.Repeat("y", 3900), false); r.Offset != 4096 {
			t.Errorf("next record at %d", r.Offset)
		}
		shut(t, l)
	})
}

func TestAnEmptyLogAndForeignFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		cfg := testConfig(mem, "/log")
		if err := mem.MkdirAll("/log/folder"); err != nil {
			t.Fatal(err)
		}
		if _, err := mem.Create("/log/notes.txt", 10); err != nil {
			t.Fatal(err)
		}
		l, _ := open(t, cfg)
		if !l.Empty() || l.End() != 0 {
			t.Errorf("end %d", l.End())
		}
		send(t, l, "A", "x", false)
		shut(t, l)
		if _, err := mem.Stat("/log/notes.txt"); errors.Is(err, fs.ErrNotExist) {
			t.Error("a file that is not the log's is gone")
		}
	})
}

// TestPowerLoss sends random messages, stops the machine at a random operation and compares what is left with what was
// acknowledged: with SyncFlush nothing of it may be missing.
func TestPowerLoss(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { powerLoss(t, seed) })
		})
	}
}

func powerLoss(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	mem := vfs.NewMem()
	cfg := testConfig(mem, "/log")
	cfg.FlushDiskType = SyncFlush
	l, _ := open(t, cfg)
	dieAt, count := random.IntN(200), 0
	mem.SetHook(func(op vfs.Op) error {
		if count++; count > dieAt {
			return vfs.ErrHalted
		}
		return nil
	})
	var sent, acked []string
	for i := range 100 {
		body := fmt.Sprint(i, strings.Repeat("x", random.IntN(900)))
		r := &Request{Topic: "A", Records: record(t, "A", body), Wait: random.IntN(4) > 0}
		sent = append(sent, body)
		if err := appendWait(t, l, r); err != nil {
			break
		}
		if r.Wait {
			acked = slices.Clone(sent)
		}
	}
	mem.Halt()
	_ = l.Stop()
	_ = l.Close()
	cfg.FS = mem.AfterPowerLoss(random)
	l, got := open(t, cfg)
	if len(got) < len(acked) || len(got) > len(sent) || !slices.Equal(got, sent[:len(got)]) {
		t.Errorf("acknowledged %d, sent %d, found %d", len(acked), len(sent), len(got))
	}
	shut(t, l)
}

func TestScanningTwiceSeesTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig(vfs.NewMem(), "/log")
		cfg.MappedFileSizeCommitLog = 1 << 20
		l, _ := open(t, cfg)
		big := strings.Repeat("b", scanBytes+1000)
		for _, body := range []string{"small", big, "after", big} {
			send(t, l, "A", body, false)
		}
		if got := bodies(t, l); len(got) != 4 || got[1] != big || got[2] != "after" || got[3] != big {
			t.Errorf("%d records", len(got))
		}
		shut(t, l)
	})
}

func FuzzRecover(f *testing.F) {
	raw := record(f, "A", "body")
	f.Add(raw)
	f.Add(append(slices.Clone(raw), 0, 0, 0, 200, 0xCB, 0xD4, 0x31, 0x94))
	f.Fuzz(func(t *testing.T, content []byte) {
		mem := vfs.NewMem()
		if err := mem.MkdirAll("/log"); err != nil {
			t.Fatal(err)
		}
		file, err := mem.Create("/log/00000000000000000000", 4096)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteAt(content[:min(len(content), 4096)], 0); err != nil {
			t.Fatal(err)
		}
		l, err := Open(testConfig(mem, "/log"))
		if err != nil {
			t.Fatal(err)
		}
		var ends Offset
		if err := l.Recover(0, Trust{CheckBodies: true}, func(r message.Record) error { ends += Offset(len(r)); return nil }); err != nil {
			t.Fatal(err)
		}
		if l.End() < ends || l.End() > 4096 {
			t.Fatalf("end %d behind records up to %d", l.End(), ends)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// A blank lies in two sectors, and a power loss may leave its second part only.
func TestATornBlankIsMended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		system := vfs.NewMem()
		l, _ := open(t, testConfig(system, "/m"))
		for i := range 30 {
			send(t, l, "A", strings.Repeat("x", 100+i), false)
		}
		whole := pieces(t, l, 0, 1<<20)[0].Records
		blank := lastPieceOf(t, l, whole)
		shut(t, l)
		file, err := system.Open("/m/" + fileName(0))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteAt([]byte{0, 0, 0, 3}, int64(blank)); err != nil {
			t.Fatal(err)
		}
		l, found := open(t, testConfig(system, "/m"))
		if len(found) != 30 {
			t.Errorf("%d records", len(found))
		}
		if !bytes.Equal(pieces(t, l, 0, 1<<20)[0].Records, whole) {
			t.Error("the file is another than before")
		}
		shut(t, l)
	})
}

// lastPieceOf is where the last piece of the first file begins.
func lastPieceOf(t *testing.T, l *Log, file []byte) (at int) {
	t.Helper()
	for end := 0; end < len(file); {
		piece, err := l.NextPiece(file[end:], Offset(end))
		if err != nil {
			t.Fatal(err)
		}
		at, end = end, end+int(piece.Bytes)
	}
	return at
}
