package remoting_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"gantry/remoting"
)

const maxFrame = 1 << 20

// someFrames are frames of many sizes in one stream, each behind a prefix.
func someFrames(prefix string) (stream []byte, frames [][]byte) {
	for _, size := range []int{0, 1, 100, 4000, 4096, 70_000, 3, 200_000, 0} {
		f := frameOf(remoting.JSON, `{"code":1}`, strings.Repeat("b", size))
		stream = append(append(stream, prefix...), f...)
		frames = append(frames, f)
	}
	return stream, frames
}

func wantFrames(t *testing.T, r *remoting.FrameReader, prefix string, frames [][]byte) {
	t.Helper()
	for i, want := range frames {
		p, f, err := r.Next()
		if err != nil || string(p) != prefix || !bytes.Equal(f, want) {
			t.Fatalf("frame %d: %d bytes behind %q, %v, want %d", i, len(f), p, err, len(want))
		}
	}
	if _, _, err := r.Next(); err != io.EOF {
		t.Errorf("behind the last frame: %v, want EOF", err)
	}
}

func TestFramesComeWholeHoweverTheStreamIsCut(t *testing.T) {
	readers := map[string]func(io.Reader) io.Reader{
		"all at once":        func(r io.Reader) io.Reader { return r },
		"byte by byte":       iotest.OneByteReader,
		"in halves":          iotest.HalfReader,
		"with the last read": iotest.DataErrReader,
	}
	for name, cut := range readers {
		for _, prefix := range []string{"", "24 bytes of an envelope."} {
			t.Run(name, func(t *testing.T) {
				stream, frames := someFrames(prefix)
				r := remoting.NewFrameReader(cut(bytes.NewReader(stream)), maxFrame)
				r.SetPrefix(len(prefix))
				wantFrames(t, r, prefix, frames)
			})
		}
	}
}

func TestThePrefixCanBeginInTheMiddleOfAStream(t *testing.T) {
	hello, request := frameOf(remoting.JSON, `{"code":1}`, ""), frameOf(remoting.JSON, `{"code":2}`, "body")
	stream := append(append(bytes.Clone(hello), "prefix"...), request...)
	r := remoting.NewFrameReader(bytes.NewReader(stream), maxFrame)
	if p, f, err := r.Next(); err != nil || len(p) != 0 || !bytes.Equal(f, hello) {
		t.Fatalf("first frame %q behind %q, %v", f, p, err)
	}
	r.SetPrefix(6)
	wantFrames(t, r, "prefix", [][]byte{request})
}

func TestBufferedTellsWhatNeedsNoRead(t *testing.T) {
	one := frameOf(remoting.JSON, `{"code":1}`, "")
	r := remoting.NewFrameReader(bytes.NewReader(append(append(bytes.Clone(one), one...), one[:9]...)), maxFrame)
	if r.Buffered() {
		t.Error("something is buffered before the first read")
	}
	for i, want := range []bool{true, false} {
		if _, _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		if r.Buffered() != want {
			t.Errorf("buffered after frame %d: %v", i, !want)
		}
	}
}

func TestATornStreamIsNoCleanEnd(t *testing.T) {
	whole := frameOf(remoting.JSON, `{"code":1}`, "body")
	for n := 1; n < len(whole); n++ {
		r := remoting.NewFrameReader(bytes.NewReader(whole[:n]), maxFrame)
		if _, _, err := r.Next(); err != io.ErrUnexpectedEOF {
			t.Errorf("cut after %d bytes: %v", n, err)
		}
	}
}

func TestALengthOutOfBoundsIsABadFrame(t *testing.T) {
	for name, start := range map[string]string{
		"oversize":           "\x00\x10\x00\x01\x00\x00\x00\x00",
		"negative":           "\xff\xff\xff\xff",
		"less than its head": "\x00\x00\x00\x03\x00\x00\x00",
		"text":               "GET / HTTP/1.1\r\n",
	} {
		r := remoting.NewFrameReader(strings.NewReader(start), maxFrame)
		var bad *remoting.FrameError
		if _, _, err := r.Next(); !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
	largest := frameOf(remoting.JSON, "", strings.Repeat("b", maxFrame-4))
	if _, f, err := remoting.NewFrameReader(bytes.NewReader(largest), maxFrame).Next(); err != nil || len(f) != len(largest) {
		t.Errorf("the largest frame: %d bytes, %v", len(f), err)
	}
}

// greedy notes how much room its reader offers.
type greedy struct{ offered int }

func (g *greedy) Read(p []byte) (int, error) {
	g.offered = max(g.offered, len(p))
	if g.offered == len(p) && len(p) > 1<<16 {
		return 0, io.EOF
	}
	return copy(p, "\x00\xff\xff\xff\x00\x00\x00\x00"), nil
}

func TestALengthAloneTakesLittleMemory(t *testing.T) {
	g := &greedy{}
	r := remoting.NewFrameReader(g, 16<<20)
	r.Next()
	if g.offered > 2<<20 {
		t.Errorf("eight bytes made room for %d", g.offered)
	}
}
