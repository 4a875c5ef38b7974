package index

import (
	"encoding/binary"
	"errors"
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
// count). A file that contradicts itself is reported and left out from there on. One that cannot be read is an error; what
// was found before is returned with it.
func (x *Index) Query(topic, key string, limit int, begin, end int64) (Result, error) {
	files, undone, result := x.snapshot()
	defer x.release(files)
	hash := keyHash([]byte(topic + "#" + key))
	for i := len(files) - 1; i >= 0; i-- {
		f := files[i]
		if f.header.matches(begin, end) {
			err := x.unless(undone, x.search(&f, i == len(files)-1, hash, limit, begin, end, &result))
			if found := (*DamageError)(nil); errors.As(err, &found) {
				found.undone = undone
				x.cfg.OnDamage(found)
			} else if err != nil {
				return result, err
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

func (x *Index) snapshot() (views []fileView, undone int, result Result) {
	x.mu.Lock()
	defer x.mu.Unlock()
	views = make([]fileView, len(x.files))
	for i, f := range x.files {
		f.queries++
		views[i] = fileView{f, f.header}
	}
	if n := len(views); n > 0 {
		result.LastUpdateTimestamp, result.LastUpdateOffset = views[n-1].header.endTimestamp, views[n-1].header.endOffset
	}
	return views, x.undone, result
}

// search follows the chain of the hash's slot.
func (x *Index) search(f *fileView, newest bool, hash int32, limit int, begin, end int64, result *Result) error {
	slot := f.slotPos(hash)
	number, err := x.newestItem(f, slot)
	if err != nil {
		return err
	}
	var b [itemBytes]byte
	for steps := int32(0); number > 0 && number < f.header.count && steps < f.header.count && len(result.Offsets) < limit; steps++ {
		if err := x.read(f.file, newest, b[:], f.itemPos(number)); err != nil {
			return err
		}
		found := decodeItem(b[:])
		if err := f.inspectLink(number, found, slot); err != nil {
			return err
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

// newestItem reads where the slot leads to, with the header of the same moment: it may lead to an item that was added since
// the query began.
func (x *Index) newestItem(f *fileView, slot int64) (number int32, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var b [slotBytes]byte
	_, err = f.file.file.ReadAt(b[:], slot)
	f.header = f.file.header
	return int32(binary.BigEndian.Uint32(b[:])), f.unreadable(slot, err)
}

// inspectLink says what is wrong with an item that the chain of a slot has led to. number was counted: the item does not
// change any more.
func (f *fileView) inspectLink(number int32, i item, slot int64) error {
	err := i.inspect(number, &f.header)
	if err == nil && f.slotPos(i.hash) != slot {
		err = fmt.Errorf("%w: item %d of hash %d is in the chain of another slot", ErrContradiction, number, i.hash)
	}
	if err != nil {
		return f.damaged(f.itemPos(number), err)
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
	return f.unreadable(at, err)
}
