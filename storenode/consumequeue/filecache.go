package consumequeue

import (
	"container/list"
	"errors"
	"sync"

	"gantry/storenode/vfs"
)

// fileKey names a file of a queue by the byte offset it begins at.
type fileKey struct {
	queue *Queue
	start int64
}

// cachedFile is an open file with the number of its users.
type cachedFile struct {
	vfs.File
	key     fileKey
	refs    int
	dropped bool // close it with the last user
	place   *list.Element
}

// fileCache keeps the files used last open. Files in use do not count against the bound, so it never waits.
type fileCache struct {
	fs    vfs.FS
	limit int

	mu    sync.Mutex // guards the rest; held while a file is opened, which is the only input or output under it
	files map[fileKey]*cachedFile
	order list.List // the one used last in front
}

func newFileCache(fs vfs.FS, limit int) *fileCache {
	return &fileCache{fs: fs, limit: limit, files: map[fileKey]*cachedFile{}}
}

// acquire opens the file or finds it open; give it back with release.
func (c *fileCache) acquire(key fileKey) (*cachedFile, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.useLocked(key); f != nil {
		return f, nil
	}
	file, err := c.fs.Open(key.queue.path(key.start))
	if err != nil {
		return nil, err
	}
	return c.addLocked(key, file), nil
}

// acquireOpen is acquire for who may not wait; nil where the file is not open, or another is being opened now.
func (c *fileCache) acquireOpen(key fileKey) *cachedFile {
	if !c.mu.TryLock() {
		return nil
	}
	defer c.mu.Unlock()
	return c.useLocked(key)
}

func (c *fileCache) useLocked(key fileKey) *cachedFile {
	f := c.files[key]
	if f != nil {
		f.refs++
		c.order.MoveToFront(f.place)
	}
	return f
}

// add puts a file in that was just made.
func (c *fileCache) add(key fileKey, file vfs.File) *cachedFile {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.addLocked(key, file)
}

func (c *fileCache) addLocked(key fileKey, file vfs.File) *cachedFile {
	f := &cachedFile{File: file, key: key, refs: 1}
	f.place = c.order.PushFront(f)
	c.files[key] = f
	for e := c.order.Back(); e != nil && c.order.Len() > c.limit; {
		old := e.Value.(*cachedFile)
		e = e.Prev()
		if old.refs == 0 {
			c.dropLocked(old)
		}
	}
	return f
}

func (c *fileCache) release(f *cachedFile) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.refs--; f.refs == 0 && f.dropped {
		_ = f.Close() // nothing in it depends on closing
	}
}

// drop forgets the file, before it is removed.
func (c *fileCache) drop(key fileKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.files[key]; f != nil {
		c.dropLocked(f)
	}
}

func (c *fileCache) dropLocked(f *cachedFile) {
	delete(c.files, f.key)
	c.order.Remove(f.place)
	f.dropped = true
	if f.refs == 0 {
		_ = f.Close()
	}
}

func (c *fileCache) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.files)
}

func (c *fileCache) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, f := range c.files {
		f.dropped = true
		if f.refs == 0 {
			errs = append(errs, f.Close())
		}
	}
	clear(c.files)
	c.order.Init()
	return errors.Join(errs...)
}
