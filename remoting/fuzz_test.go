package remoting_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"gantry/remoting"
	"gantry/remoting/remotingtest"
)

func addFrames(f *testing.F) {
	f.Add(frameOf(remoting.JSON, java310, "body"))
	f.Add(frameOf(remoting.JSON, `{"code":7,"x":{"a":[1,{"b":"}]"}]},"remark":"\uD83D\uDE00","extFields":{"a":null,"b":{},"c":"\u0001"}}`, ""))
	f.Add(frameOf(remoting.ROCKETMQ, rocketHeader, "body"))
	f.Add(frameOf(2, "", ""))
	for _, frame := range remotingtest.Frames(f) {
		f.Add(frame)
	}
}

// FuzzDecode: no frame makes the decoder panic, what it accepts it accepts again
// after its own writing, and Summarize agrees with it in every respect.
func FuzzDecode(f *testing.F) {
	addFrames(f)
	f.Fuzz(func(t *testing.T, frame []byte) {
		var d remoting.Decoder
		var c remoting.Command
		err := d.Decode(frame, &c)
		s, summaryErr := remoting.Summarize(frame)
		if (err == nil) != (summaryErr == nil) {
			t.Fatalf("decoding ends with %v, summarizing with %v", err, summaryErr)
		}
		if err != nil {
			var bad *remoting.FrameError
			if !errors.As(err, &bad) || !errors.As(summaryErr, &bad) {
				t.Fatalf("errors %v and %v are no frame errors", err, summaryErr)
			}
			return
		}
		if want := (remoting.Summary{Code: c.Code, Opaque: c.Opaque, Flag: c.Flag, Kind: c.Kind}); s != want {
			t.Fatalf("summary %+v, command %+v", s, want)
		}
		again(t, &c)
	})
}

// again writes a decoded command as an answer and reads that.
func again(t *testing.T, c *remoting.Command) {
	var d remoting.Decoder
	var back remoting.Command
	header := make(pairs, 0, 2*len(c.Ext))
	for _, f := range c.Ext {
		header = append(header, "k", string(f.Value))
	}
	frame := remoting.AppendResponse(nil, c.Kind, c.Opaque, &remoting.Response{Code: c.Code, Remark: c.Remark, Header: header, Body: c.Body})
	if err := d.Decode(frame, &back); err != nil {
		t.Fatalf("our own frame %q: %v", frame, err)
	}
	if back.Code != c.Code || back.Opaque != c.Opaque || back.Remark != c.Remark || !bytes.Equal(back.Body, c.Body) || len(back.Ext) != len(c.Ext) {
		t.Fatalf("wrote %+v, read %+v", c, back)
	}
	for i, f := range c.Ext {
		if !bytes.Equal(f.Value, back.Ext[i].Value) {
			t.Fatalf("value %q came back as %q", f.Value, back.Ext[i].Value)
		}
	}
}

// chunks cuts a stream where the fuzzer says.
type chunks struct {
	stream, sizes []byte
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.stream) == 0 {
		return 0, io.EOF
	}
	n := len(c.stream)
	if len(c.sizes) > 0 {
		n, c.sizes = min(n, 1+int(c.sizes[0])), c.sizes[1:]
	}
	n = copy(p, c.stream[:n])
	c.stream = c.stream[n:]
	return n, nil
}

// FuzzFrameReader: how a stream is cut into reads changes nothing of what comes
// out, and everything that came out is the stream's beginning.
func FuzzFrameReader(f *testing.F) {
	stream, _ := someFrames("")
	f.Add(stream[:5000], []byte{0, 1, 2, 255}, byte(0))
	f.Add(append([]byte("prefix"), frameOf(remoting.JSON, java310, "")...), []byte{5, 1}, byte(6))
	f.Add([]byte("\x00\x00\x00\x03"), []byte{}, byte(0))
	f.Fuzz(func(t *testing.T, stream, sizes []byte, prefix byte) {
		whole, wholeErr := readAll(&chunks{stream: stream}, int(prefix))
		cut, cutErr := readAll(&chunks{stream: stream, sizes: sizes}, int(prefix))
		if !bytes.Equal(whole, cut) || wholeErr.Error() != cutErr.Error() {
			t.Fatalf("at once %d bytes and %v, in chunks %d bytes and %v", len(whole), wholeErr, len(cut), cutErr)
		}
		if !bytes.HasPrefix(stream, whole) {
			t.Fatal("the frames are not the stream's beginning")
		}
		if wholeErr == io.EOF && len(whole) != len(stream) {
			t.Fatalf("a clean end after %d of %d bytes", len(whole), len(stream))
		}
	})
}

func readAll(source io.Reader, prefix int) (all []byte, err error) {
	r := remoting.NewFrameReader(source, 1<<16)
	r.SetPrefix(prefix)
	for {
		p, f, err := r.Next()
		if err != nil {
			return all, err
		}
		all = append(append(all, p...), f...)
	}
}
