package store

import (
	"math/bits"
	"sync"
)

// bufferPool lends buffers by size: powers of two from 4 KiB to 8 MiB. What is larger is made and dropped.
type bufferPool struct {
	classes [maxClass - minClass + 1]sync.Pool
}

const (
	minClass = 12
	maxClass = 23
)

// buffer is on loan until given back.
type buffer struct {
	bytes []byte
	class int
}

func (p *bufferPool) get(size int) *buffer {
	class := max(minClass, bits.Len(uint(size-1)))
	if class > maxClass {
		return &buffer{bytes: make([]byte, size), class: class}
	}
	b, _ := p.classes[class-minClass].Get().(*buffer)
	if b == nil {
		b = &buffer{bytes: make([]byte, 1<<class), class: class}
	}
	b.bytes = b.bytes[:size]
	return b
}

func (p *bufferPool) put(b *buffer) {
	if b.class <= maxClass {
		p.classes[b.class-minClass].Put(b)
	}
}
