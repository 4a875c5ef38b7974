package commitlog

import (
	"errors"
	"testing"

	"gantry/storenode/vfs"
)

// FuzzParseSums holds a head that parses to what it says: encoded again it is the same, and its table has the length the
// file's size asks for.
func FuzzParseSums(f *testing.F) {
	table := appendBlockSums(nil, make([]byte, 3*BlockBytes+1))
	f.Add(appendSums(nil, Sums{Start: 1 << 30, FileBytes: 3*BlockBytes + 1, TableCRC: blockSum(table)}, table))
	f.Add(make([]byte, SumsHeaderBytes))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseSums(b)
		if err != nil {
			if !errors.Is(err, ErrSums) {
				t.Error(err)
			}
			return
		}
		if got := appendSums(nil, s, nil); string(got) != string(b[:SumsHeaderBytes]) {
			t.Errorf("%x becomes %x", b[:SumsHeaderBytes], got)
		}
		if rest := int64(len(b)) - SumsHeaderBytes; s.Blocks()*BlockBytes < s.FileBytes || rest == s.Size()-SumsHeaderBytes && s.CheckTable(b[SumsHeaderBytes:]) != nil != (blockSum(b[SumsHeaderBytes:]) != s.TableCRC) {
			t.Errorf("%+v with %d bytes behind it", s, rest)
		}
	})
}

// BenchmarkReadChecked reads what a pull of 32 messages of 1 KiB reads.
func BenchmarkReadChecked(b *testing.B) {
	cfg := testConfig(vfs.OS{}, b.TempDir())
	cfg.SumsDir, cfg.MappedFileSizeCommitLog = b.TempDir(), 4<<20
	l, err := Open(cfg)
	if err != nil {
		b.Fatal(err)
	}
	l.Start()
	for len(l.Starts()) < 2 {
		if err := appendWait(b, l, &Request{Topic: "A", Records: record(b, "A", string(make([]byte, 1024)))}); err != nil {
			b.Fatal(err)
		}
	}
	if err := errors.Join(l.Sync(), l.Seal(0, func(int) error { return nil }, func(err *CorruptError) { b.Error(err) })); err != nil {
		b.Fatal(err)
	}
	p := make([]byte, 32*1116)
	for name, read := range map[string]func([]byte, Offset) (int, []Offset, error){
		"unchecked": func(p []byte, at Offset) (int, []Offset, error) { n, err := l.ReadAt(p, at); return n, nil, err },
		"checked":   l.ReadChecked,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(p)))
			for at := Offset(0); b.Loop(); at = (at + 1116) % (3 << 20) {
				if n, bad, err := read(p, at); n < len(p) || len(bad) > 0 || err != nil {
					b.Fatal(n, bad, err)
				}
			}
		})
	}
	if err := errors.Join(l.Stop(), l.Close()); err != nil {
		b.Fatal(err)
	}
}
