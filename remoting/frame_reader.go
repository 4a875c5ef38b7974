package remoting

import (
	"encoding/binary"
	"fmt"
	"io"
)

// FrameReader cuts a byte stream into frames, each behind a prefix of fixed
// length (none on a client's connection, an envelope between proxy and node).
// What Next returns is borrowed until the next call. One goroutine at a time.
type FrameReader struct {
	source     io.Reader
	prefix     int
	maxFrame   int
	buf        []byte
	start, end int
}

// readBufferBytes is what one read may bring: the frames of many small requests.
const readBufferBytes = 64 << 10

// firstGrowthBytes is what a length alone makes room for.
const firstGrowthBytes = 1 << 20

// NewFrameReader reads frames of at most maxFrame bytes, the length prefix not
// counted.
func NewFrameReader(source io.Reader, maxFrame int) *FrameReader {
	return &FrameReader{source: source, maxFrame: maxFrame, buf: make([]byte, 4<<10)}
}

// SetPrefix changes how many bytes stand before each frame from the next on.
func (r *FrameReader) SetPrefix(bytes int) { r.prefix = bytes }

// Next returns the next prefix and whole frame. io.EOF means the stream ended
// between frames; errors of the stream's content are *FrameError.
func (r *FrameReader) Next() (prefix, frame []byte, err error) {
	for {
		need, err := r.need()
		if err != nil {
			return nil, nil, err
		}
		if have := r.end - r.start; have >= need && need > r.prefix+lengthSize {
			at := r.start
			r.start += need
			return r.buf[at : at+r.prefix], r.buf[at+r.prefix : at+need : at+need], nil
		}
		if err := r.fill(need); err != nil {
			return nil, nil, err
		}
	}
}

// Buffered reports whether Next would return without reading.
func (r *FrameReader) Buffered() bool {
	need, err := r.need()
	return err != nil || (need > r.prefix+lengthSize && r.end-r.start >= need)
}

// Begun reports whether part of a frame has come and Next would read the rest.
func (r *FrameReader) Begun() bool { return r.end > r.start && !r.Buffered() }

// need is how many bytes from start the next frame takes; while its length is
// not there yet, how many reach to behind the length.
func (r *FrameReader) need() (int, error) {
	head := r.prefix + lengthSize
	if r.end-r.start < head {
		return head, nil
	}
	n := int64(binary.BigEndian.Uint32(r.buf[r.start+r.prefix:]))
	if n > int64(r.maxFrame) || n < frameHeadSize-lengthSize {
		return 0, &FrameError{Reason: fmt.Sprintf("length %d is not between %d and %d", n, frameHeadSize-lengthSize, r.maxFrame)}
	}
	return head + int(n), nil
}

func (r *FrameReader) fill(need int) error {
	r.makeRoom(need)
	n, err := r.source.Read(r.buf[r.end:])
	r.end += n
	if n > 0 {
		return nil
	}
	if err == io.EOF && r.end > r.start {
		return io.ErrUnexpectedEOF
	}
	return err
}

// makeRoom lets need bytes from start fit, grows the buffer of a busy stream and
// gives an idle large one back.
func (r *FrameReader) makeRoom(need int) {
	have, size := r.end-r.start, len(r.buf)
	switch {
	case need > size: // four bytes may promise a large frame: memory follows what has come
		size = min(need, max(firstGrowthBytes, 4*have))
	case r.end == size && size < readBufferBytes: // the last read filled it
		size = min(2*size, readBufferBytes)
	case have == 0 && size > readBufferBytes:
		size = readBufferBytes
	}
	if size == len(r.buf) && r.start == 0 {
		return
	}
	old := r.buf[r.start:r.end]
	if size != len(r.buf) {
		r.buf = make([]byte, size)
	}
	copy(r.buf, old)
	r.start, r.end = 0, have
}
