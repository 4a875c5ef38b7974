package index

import (
	"fmt"

	"gantry/storenode/commitlog"
)

// Expire removes the oldest files whose records all lie before minOffset, where the log begins now, though never the
// newest one. A query under way ends with the files it has. It returns how many went. Error: the file system's.
func (x *Index) Expire(minOffset commitlog.Offset) (removed int, err error) {
	x.flushMu.Lock()
	defer x.flushMu.Unlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	for len(x.files) > 1 && x.files[0].header.endOffset < minOffset {
		f := x.files[0]
		x.files = x.files[1:]
		if err := x.removeFileLocked(f); err != nil {
			return removed, fmt.Errorf("expire index: %w", err)
		}
		removed++
	}
	return removed, nil
}

// closeUnread closes an expired file once no query reads it. The caller holds Index.mu.
func (f *file) closeUnread() error {
	if !f.expired || f.queries > 0 {
		return nil
	}
	return f.close()
}

// release ends a query.
func (x *Index) release(views []fileView) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, v := range views {
		v.queries--
		_ = v.closeUnread() // the file is gone; nothing in it depends on closing
	}
}
