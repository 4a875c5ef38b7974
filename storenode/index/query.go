package index

import (
	"encoding/binary"
	"fmt"

	"gantry/storenode/commitlog"
)

// Result is what a query found.
type Result struct {
	Offsets             []commitlog.Offset // newest first; keys with the same hash are among them
	LastUpdateTimestamp int64              // storeTimestamp of the newest record indexed, ms
	LastUpdateOffset    commitlog.Offset   // and its place
}

// Query returns at most limit records of the topic with the key, stored from begin to end (ms, the seconds of which
// count). A file that cannot be read is an error; what was found before is returned with it.
func (x *Index) Query(topic, key string, limit int, begin, end int64) (Result, error) {
	files, result := x.snapshot()
	defer x.release(files)
	hash := keyHash([]byte(topic + "#" + key))
	for i := len(files) - 1; i >= 0; i-- {
		f := files[i]
		if f.header.matches(begin, end) {
			if err := x.search(f, i == len(files)-1, hash, limit, begin, end, &result); err != nil {
				return result, fmt.Errorf("query index %s: %w", f.path, err)
			}
		}
		if f.header.beginTimestamp < begin || len(result.Offsets) >= limit {
			break
		}
	}
	return result, nil
}

// fileView is a file with the header it had when the query began.
type fileView struct {
	*file
	header header
}

func (x *Index) snapshot() ([]fileView, Result) {
	x.mu.Lock()
	defer x.mu.Unlock()
	views := make([]fileView, len(x.files))
	for i, f := range x.files {
		f.queries++
		views[i] = fileView{f, f.header}
	}
	var result Result
	if n := len(views); n > 0 {
		result.LastUpdateTimestamp, result.LastUpdateOffset = views[n-1].header.endTimestamp, views[n-1].header.endOffset
	}
	return views, result
}

// search follows the chain of the hash's slot.
func (x *Index) search(f fileView, newest bool, hash int32, limit int, begin, end int64, result *Result) error {
	var b [itemBytes]byte
	if err := x.read(f.file, newest, b[:slotBytes], f.slotPos(hash)); err != nil {
		return err
	}
	number := int32(binary.BigEndian.Uint32(b[:]))
	for steps := int32(0); number > 0 && number <= f.header.count && steps < f.header.count && len(result.Offsets) < limit; steps++ {
		if number >= f.items {
			return nil
		}
		if err := x.read(f.file, newest, b[:], f.itemPos(number)); err != nil {
			return err
		}
		found := decodeItem(b[:])
		if found.timeDiff < 0 {
			return nil
		}
		stored := f.header.beginTimestamp + int64(found.timeDiff)*1000
		if found.hash == hash && stored >= begin && stored <= end {
			result.Offsets = append(result.Offsets, found.offset)
		}
		if found.previous == number || stored < begin {
			return nil
		}
		number = found.previous
	}
	return nil
}

// read reads from the file. The newest is written through its mapping meanwhile: mu is held for one small read.
func (x *Index) read(f *file, newest bool, b []byte, at int64) error {
	if newest {
		x.mu.Lock()
		defer x.mu.Unlock()
	}
	_, err := f.file.ReadAt(b, at)
	return err
}
