package vfs

import (
	"io"
	"io/fs"
	"time"
)

const memPageBytes = 4096

// memNode is one file's content: pages by number, a missing one all zeros, or, once mapped, one flat slice.
type memNode struct {
	size     int64
	pages    map[int64][]byte
	flat     []byte // set for good by the first Map
	modified time.Time

	syncedSize int64
	synced     map[int64][]byte // never changed in place
	dirty      map[int64]bool   // pages written since the last sync
}

func newMemNode(size int64) *memNode {
	return &memNode{size: size, pages: map[int64][]byte{}, synced: map[int64][]byte{}, dirty: map[int64]bool{}}
}

// page returns the current content of a page for reading; nil is zeros.
func (n *memNode) page(number int64) []byte {
	if n.flat == nil {
		return n.pages[number]
	}
	from := number * memPageBytes
	if from >= int64(len(n.flat)) {
		return nil
	}
	return n.flat[from:min(from+memPageBytes, int64(len(n.flat)))]
}

func (n *memNode) read(p []byte, offset int64) int {
	done := 0
	for done < len(p) && offset < n.size {
		within := offset % memPageBytes
		chunk := p[done:min(int64(len(p)), int64(done)+memPageBytes-within, int64(done)+n.size-offset)]
		clear(chunk)
		if page := n.page(offset / memPageBytes); int64(len(page)) > within {
			copy(chunk, page[within:])
		}
		done += len(chunk)
		offset += int64(len(chunk))
	}
	return done
}

func (n *memNode) write(p []byte, offset int64) {
	n.modified = time.Now()
	n.size = max(n.size, offset+int64(len(p)))
	if n.flat != nil {
		copy(n.flat[min(offset, int64(len(n.flat))):], p)
		return
	}
	for len(p) > 0 {
		number, within := offset/memPageBytes, offset%memPageBytes
		page := n.pages[number]
		if page == nil {
			page = make([]byte, memPageBytes)
			n.pages[number] = page
		}
		done := copy(page[within:], p)
		n.dirty[number] = true
		p = p[done:]
		offset += int64(done)
	}
}

func (n *memNode) truncate(size int64) {
	n.modified = time.Now()
	if size < n.size {
		n.zeroFrom(size)
	}
	n.size = size
}

func (n *memNode) zeroFrom(offset int64) {
	if n.flat != nil {
		clear(n.flat[min(offset, int64(len(n.flat))):])
		return
	}
	for number, page := range n.pages {
		switch from := offset - number*memPageBytes; {
		case from <= 0:
			delete(n.pages, number)
			n.dirty[number] = true
		case from < memPageBytes:
			clear(page[from:])
			n.dirty[number] = true
		}
	}
}

// hasDataFrom answers by page, as a file system does.
func (n *memNode) hasDataFrom(offset int64) bool {
	if n.flat != nil {
		return offset < n.size
	}
	for number := range n.pages {
		if (number+1)*memPageBytes > offset && number*memPageBytes < n.size {
			return true
		}
	}
	return false
}

func (n *memNode) sync() {
	for _, number := range n.unsynced() {
		n.synced[number] = append([]byte(nil), n.page(number)...)
	}
	clear(n.dirty)
	n.syncedSize = n.size
}

// makeFlat moves the content to one slice of the file's size, for mapping.
func (n *memNode) makeFlat() {
	if n.flat != nil {
		return
	}
	flat := make([]byte, n.size)
	for number, page := range n.pages {
		if from := number * memPageBytes; from < n.size {
			copy(flat[from:], page)
		}
	}
	n.flat, n.pages = flat, nil
}

type memFile struct {
	fs   *Mem
	path string
	node *memNode
}

func (f *memFile) ReadAt(p []byte, offset int64) (int, error) {
	if err := f.fs.begin(Op{Kind: "read", Path: f.path, Offset: offset, Bytes: len(p)}); err != nil {
		return 0, err
	}
	defer f.fs.mu.Unlock()
	n := f.node.read(p, offset)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) WriteAt(p []byte, offset int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	err := f.fs.refusal(Op{Kind: "write", Path: f.path, Offset: offset, Bytes: len(p)})
	if err != nil {
		p = p[:shortOf(err, len(p))]
	}
	f.node.write(p, offset)
	return len(p), err
}

func (f *memFile) ReadNow(p []byte, offset int64) (int, error) {
	if f.fs.late(Op{Kind: "read", Path: f.path, Offset: offset, Bytes: len(p)}) > 0 {
		return 0, ErrWouldWait
	}
	if n, err := f.ReadAt(p, offset); n < len(p) || err != nil {
		return 0, ErrWouldWait
	}
	return len(p), nil
}

// shortOf is how much of a failing write still happens.
func shortOf(err error, length int) int {
	if path, ok := err.(*fs.PathError); ok {
		if short, ok := path.Err.(*ShortWrite); ok {
			return min(short.Bytes, length)
		}
	}
	return 0
}

func (f *memFile) Close() error { return nil }

func (f *memFile) Size() (int64, error) {
	if err := f.fs.begin(Op{Kind: "stat", Path: f.path}); err != nil {
		return 0, err
	}
	defer f.fs.mu.Unlock()
	return f.node.size, nil
}

func (f *memFile) Truncate(size int64) error {
	if err := f.fs.begin(Op{Kind: "truncate", Path: f.path, Offset: size}); err != nil {
		return err
	}
	defer f.fs.mu.Unlock()
	f.node.truncate(size)
	return nil
}

func (f *memFile) Sync() error {
	if err := f.fs.begin(Op{Kind: "sync", Path: f.path}); err != nil {
		return err
	}
	defer f.fs.mu.Unlock()
	f.node.sync()
	return nil
}

func (f *memFile) DataFrom(offset int64) (bool, error) {
	if err := f.fs.begin(Op{Kind: "read", Path: f.path, Offset: offset}); err != nil {
		return false, err
	}
	defer f.fs.mu.Unlock()
	return f.node.hasDataFrom(offset), nil
}

func (f *memFile) DropCache(offset, length int64) error {
	if err := f.fs.begin(Op{Kind: "dropcache", Path: f.path, Offset: offset, Bytes: int(length)}); err != nil {
		return err
	}
	defer f.fs.mu.Unlock()
	return nil
}

func (f *memFile) Map(length int) (Mapping, error) {
	if err := f.fs.begin(Op{Kind: "map", Path: f.path, Bytes: length}); err != nil {
		return nil, err
	}
	defer f.fs.mu.Unlock()
	f.node.makeFlat()
	return &memMapping{file: f, bytes: f.node.flat[:length:length]}, nil
}

type memMapping struct {
	file  *memFile
	bytes []byte
}

func (m *memMapping) Bytes() []byte         { return m.bytes }
func (m *memMapping) Sync() error           { return m.file.Sync() }
func (m *memMapping) Forget(int, int) error { return nil }
func (m *memMapping) Close() error          { m.bytes = nil; return nil }
