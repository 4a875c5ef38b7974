package message

import "testing"

func BenchmarkAppendRecord(b *testing.B) {
	m := sample()
	m.Body = make([]byte, 1024)
	var buf []byte
	b.ReportAllocs()
	b.SetBytes(int64(RecordSize(&m)))
	for b.Loop() {
		var err error
		if buf, err = AppendRecord(buf[:0], &m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	m := sample()
	m.Body = make([]byte, 1024)
	raw, _ := AppendRecord(nil, &m)
	var got Message
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, err := got.Decode(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func TestRecordsCostNoAllocation(t *testing.T) {
	m := sample()
	buf := make([]byte, 0, RecordSize(&m))
	raw, _ := AppendRecord(nil, &m)
	got := Message{Topic: m.Topic}
	for name, f := range map[string]func() error{
		"AppendRecord": func() (err error) { buf, err = AppendRecord(buf[:0], &m); return err },
		"Decode":       func() error { _, err := got.Decode(raw); return err },
		"ParseRecord":  func() error { _, err := ParseRecord(raw); return err },
	} {
		allocs := testing.AllocsPerRun(100, func() {
			if err := f(); err != nil {
				t.Fatal(err)
			}
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations", name, allocs)
		}
	}
}
