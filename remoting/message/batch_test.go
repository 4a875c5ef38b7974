package message

import (
	"encoding/hex"
	"errors"
	"testing"
)

func TestBatchBytes(t *testing.T) {
	got, err := AppendInner(nil, Inner{Flag: 5, Body: []byte("ab"), Properties: Properties("k\x01v")})
	if err != nil {
		t.Fatal(err)
	}
	want := "0000001b" + "00000000" + "00000000" + "00000005" + "00000002" + "6162" + "0003" + "6b0176"
	if hex.EncodeToString(got) != want {
		t.Fatalf("inner message %x, want %s", got, want)
	}
}

func TestSplitBatchReturnsTheMessages(t *testing.T) {
	var body []byte
	for _, text := range []string{"one", "", "three"} {
		body, _ = AppendInner(body, Inner{Flag: int32(len(text)), Body: []byte(text), Properties: Properties("k\x01" + text)})
	}
	var got []string
	for inner, err := range SplitBatch(body) {
		if err != nil {
			t.Fatal(err)
		}
		if int(inner.Flag) != len(inner.Body) {
			t.Errorf("flag %d beside body %q", inner.Flag, inner.Body)
		}
		got = append(got, string(inner.Body)+string(inner.Properties.Get("k")))
	}
	if len(got) != 3 || got[0] != "oneone" || got[1] != "" || got[2] != "threethree" {
		t.Fatalf("messages %q", got)
	}
}

func TestACutBatchIsAnError(t *testing.T) {
	var body []byte
	body, _ = AppendInner(body, Inner{Body: []byte("first"), Properties: Properties("a\x01b")})
	whole := len(body)
	body, _ = AppendInner(body, Inner{Body: []byte("second"), Properties: Properties("a\x01b")})
	for n := range body {
		var last error
		count := 0
		for _, err := range SplitBatch(body[:n]) {
			if last = err; err == nil {
				count++
			}
		}
		if n == 0 || n == whole {
			if last != nil || count != n/max(whole, 1) {
				t.Errorf("first %d bytes: %d messages, %v", n, count, last)
			}
			continue
		}
		if !errors.Is(last, ErrBatch) {
			t.Errorf("first %d bytes: %v, want ErrBatch", n, last)
		}
	}
}

func FuzzSplitBatch(f *testing.F) {
	body, _ := AppendInner(nil, Inner{Flag: 1, Body: []byte("body"), Properties: Properties("a\x01b")})
	f.Add(append(body, body...))
	f.Add(make([]byte, 22))
	f.Fuzz(func(t *testing.T, b []byte) {
		var again []byte
		for inner, err := range SplitBatch(b) {
			if err != nil {
				return
			}
			if again, err = AppendInner(again, inner); err != nil {
				t.Fatal(err)
			}
		}
		if len(again) != len(b) {
			t.Fatalf("%d bytes became %d", len(b), len(again))
		}
	})
}
