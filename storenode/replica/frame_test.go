package replica

import (
	"bytes"
	"encoding/hex"
	"testing"

	"gantry/storenode/commitlog"
)

// The bytes are those of HAConnection and HAClient 4.9.7.
func TestFramesAndReportsOnTheWire(t *testing.T) {
	for want, got := range map[string][]byte{
		"000000000080000000008000": frameHead{offset: 8 << 20, size: 32 << 10}.append(nil),
		"000000000000000100000000": frameHead{offset: 1}.append(nil),
		"0000000000800000":         appendReport(nil, 8<<20),
	} {
		if hex.EncodeToString(got) != want {
			t.Errorf("%x, want %s", got, want)
		}
	}
}

func FuzzStream(f *testing.F) {
	cut, _ := framesOf([]byte("some bytes of a log"), 1, 7, nil)
	f.Add(append(bytes.Join(cut, nil), frameHead{offset: 20}.append(nil)...), uint8(5))
	f.Fuzz(func(t *testing.T, b []byte, piece uint8) {
		var got []byte
		in := &stream{next: 1, heard: func(commitlog.Offset, bool) {}}
		put := func(b []byte) { got = append(got, b...) }
		whole := &stream{next: 1, heard: in.heard}
		var all []byte
		wholeErr := whole.decode(b, func(b []byte) { all = append(all, b...) })
		var err error
		for rest := b; len(rest) > 0 && err == nil; {
			n := min(len(rest), int(piece)+1)
			err = in.decode(rest[:n], put)
			rest = rest[n:]
		}
		if !bytes.Equal(got, all) || (err == nil) != (wholeErr == nil) || in.next != whole.next {
			t.Errorf("in pieces %d bytes and %v, at once %d and %v", len(got), err, len(all), wholeErr)
		}
	})
}
