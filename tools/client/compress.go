package client

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"gantry/remoting/message"
)

// compressionLevel is that of the Java client.
const compressionLevel = 5

// compressor deflates bodies as the Java client does: zlib, no type bits.
type compressor struct {
	overBytes int       // bodies from here on; negative: none
	writers   sync.Pool // of *zlib.Writer
}

// apply returns the body to be sent and the sysFlag bits that say what it is.
func (c *compressor) apply(body []byte) ([]byte, int32, error) {
	if c.overBytes < 0 || len(body) < c.overBytes {
		return body, 0, nil
	}
	var out bytes.Buffer
	w, ok := c.writers.Get().(*zlib.Writer)
	if !ok {
		w, _ = zlib.NewWriterLevel(nil, compressionLevel)
	}
	defer c.writers.Put(w)
	w.Reset(&out)
	if _, err := w.Write(body); err != nil {
		return nil, 0, fmt.Errorf("compress body: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, 0, fmt.Errorf("compress body: %w", err)
	}
	return out.Bytes(), message.FlagCompressed, nil
}

// maxBodyBytes bounds what a compressed body may become.
const maxBodyBytes = 64 << 20

// plainBody returns the body as the producer gave it to its client.
func plainBody(sysFlag int32, body []byte) ([]byte, error) {
	if sysFlag&message.FlagCompressed == 0 {
		return body, nil
	}
	r, err := decompressor(sysFlag&message.FlagCompressionMask, body)
	if err != nil {
		return nil, fmt.Errorf("decompress body: %w", err)
	}
	defer r.Close()
	plain, err := io.ReadAll(io.LimitReader(r, maxBodyBytes+1))
	if err != nil {
		return nil, fmt.Errorf("decompress body: %w", err)
	}
	if len(plain) > maxBodyBytes {
		return nil, fmt.Errorf("decompress body: it has more than %d bytes", maxBodyBytes)
	}
	return plain, nil
}

func decompressor(kind int32, body []byte) (io.ReadCloser, error) {
	switch kind {
	case 0, message.FlagCompressionZlib:
		return zlib.NewReader(bytes.NewReader(body))
	case message.FlagCompressionZstd:
		r, err := zstd.NewReader(bytes.NewReader(body), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBodyBytes))
		if err != nil {
			return nil, err
		}
		return r.IOReadCloser(), nil
	}
	return nil, fmt.Errorf("compression type %#x is not known to this client", kind)
}
