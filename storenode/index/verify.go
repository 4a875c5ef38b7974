package index

import (
	"errors"
	"fmt"
	"slices"

	"gantry/storenode/commitlog"
)

// Verifier compares the index with the log, record by record in the log's order, and each file's chains when it is done
// with the file. It is for one goroutine.
//
// One thing it cannot know: of which time the first item of the oldest file counts its seconds, if that is not the first
// file there ever was.
type Verifier struct {
	// Pace is told how many bytes were just read of a file's chains, outside any lock; false ends the work on that file.
	Pace func(bytes int) bool

	index *Index
	key   []byte
	last  commitlog.Offset // of the record checked last

	file   *file            // nil: the place is to be looked for
	undone int              // of the index when the place was right
	next   int32            // item to be compared next
	behind commitlog.Offset // the record of the item before it, 0 where that was not read
	items  itemWindow

	wanted  []wanted   // keys of the record that is compared
	run     []numbered // its items in the file
	before  *file      // the file they began in, if it is another one
	firstIs int        // which of wanted the file's first item is, -1 where it is none
}

// wanted is a key of a record.
type wanted struct {
	hash  int32
	found bool
}

// NewVerifier begins wherever the first record lies.
func (x *Index) NewVerifier() *Verifier {
	return &Verifier{Pace: func(int) bool { return true }, index: x}
}

var (
	errMissing = errors.New("it lacks a key of a record")
	errHeader  = errors.New("its header differs from its items' records")
)

// Check compares the record's keys, those Put was given. The record must be in the index. Records may be left out; after
// a smaller offset than the last one it begins anew. Error: *DamageError, the file system's.
func (v *Verifier) Check(topic, uniqKey, keys []byte, offset commitlog.Offset, storeTimestamp int64) error {
	if offset <= v.last {
		if err := v.End(); err != nil {
			return err
		}
	}
	v.last = offset
	if v.want(topic, uniqKey, keys); len(v.wanted) == 0 {
		return nil
	}
	done, err := v.compare(offset, storeTimestamp)
	for _, f := range done {
		err = errors.Join(err, v.index.checkChains(f, v.Pace))
	}
	return err
}

// End is for the end of the log: it checks the chains of the file that was compared last. Errors: those of Check.
func (v *Verifier) End() error {
	f := v.file
	v.file, v.last = nil, 0
	if f == nil {
		return nil
	}
	return v.index.checkChains(f, v.Pace)
}

func (v *Verifier) want(topic, uniqKey, keys []byte) {
	v.wanted, v.before, v.firstIs = v.wanted[:0], nil, -1
	if len(uniqKey) > 0 {
		v.wantKey(topic, uniqKey)
	}
	for len(keys) > 0 {
		var word []byte
		if word, keys = cutWord(keys); len(word) > 0 {
			v.wantKey(topic, word)
		}
	}
}

func (v *Verifier) wantKey(topic, key []byte) {
	v.key = append(append(append(v.key[:0], topic...), '#'), key...)
	v.wanted = append(v.wanted, wanted{hash: keyHash(v.key)})
}

// compare finds the record's items, which may lie in two files, and says which files it is done with.
func (v *Verifier) compare(offset commitlog.Offset, storeTimestamp int64) (done []*file, err error) {
	x := v.index
	x.mu.Lock()
	defer x.mu.Unlock()
	defer func() { err = foundAt(x.undone, err) }()
	if len(x.files) == 0 || offset < x.files[0].header.beginOffset {
		return nil, nil // its file has expired
	}
	if at := x.findFileLocked(v.file); at < 0 || v.undone != x.undone {
		if err := v.seekLocked(offset); err != nil {
			return nil, err
		}
	}
	for v.file != nil {
		if err := v.runLocked(offset); err != nil {
			return done, err
		}
		if err := v.matchLocked(offset, storeTimestamp); err != nil {
			return done, err
		}
		if v.next < v.file.header.count {
			break
		}
		after := x.findFileLocked(v.file) + 1
		if after == len(x.files) || x.files[after].header.count <= 1 {
			break
		}
		done = append(done, v.file)
		v.before = v.file
		v.enter(x.files[after], 1)
	}
	return done, v.missingLocked(offset)
}

func (x *Index) findFileLocked(f *file) int {
	for i := range x.files {
		if x.files[i] == f {
			return i
		}
	}
	return -1
}

func (v *Verifier) enter(f *file, number int32) {
	v.file, v.next, v.behind, v.undone, v.items = f, number, 0, v.index.undone, itemWindow{file: f, b: v.items.b[:0]}
}

// seekLocked goes to the first item of a record at or behind offset.
func (v *Verifier) seekLocked(offset commitlog.Offset) error {
	v.file = nil
	for _, f := range v.index.files {
		if f.header.count <= 1 || f.header.endOffset < offset {
			continue
		}
		v.enter(f, 1)
		low, high := int32(1), f.header.count
		for low < high {
			middle := low + (high-low)/2
			i, err := readItem(f, middle)
			if err != nil {
				return err
			}
			if i.offset < offset {
				low = middle + 1
			} else {
				high = middle
			}
		}
		v.next = low
		return nil
	}
	return nil
}

func readItem(f *file, number int32) (item, error) {
	var b [itemBytes]byte
	_, err := f.file.ReadAt(b[:], f.itemPos(number))
	return decodeItem(b[:]), f.unreadable(f.itemPos(number), err)
}

// numbered is an item and its number.
type numbered struct {
	item
	number int32
}

// runLocked reads the items of the record at offset in this file and passes over those of earlier records, which nobody
// has asked about.
func (v *Verifier) runLocked(offset commitlog.Offset) error {
	v.run = v.run[:0]
	for ; v.next < v.file.header.count; v.next++ {
		i, err := v.items.at(v.next, v.file.header.count)
		if err != nil {
			return err
		}
		if err := v.inspect(i); err != nil {
			return v.file.damaged(v.file.itemPos(v.next), err)
		}
		if i.offset > offset {
			break
		}
		v.behind = i.offset
		if i.offset == offset {
			v.run = append(v.run, numbered{i, v.next})
		}
	}
	return nil
}

// inspect says what makes no sense in the next item, in the file and behind the item before it.
func (v *Verifier) inspect(i item) error {
	h := &v.file.header
	if err := i.inspect(v.next, h); err != nil {
		return err
	}
	if i.offset < v.behind || v.next == 1 && i.offset != h.beginOffset || v.next == h.count-1 && i.offset != h.endOffset {
		return fmt.Errorf("%w: item %d is of the record at %d, behind %d, in a file of %d to %d", ErrContradiction, v.next, i.offset, v.behind,
			h.beginOffset, h.endOffset)
	}
	return nil
}

// matchLocked finds the key of each item of the run, and compares the file's header with the record where the run holds
// the file's first or last item. A key may be there twice: the Java broker indexes the last record again after a kill.
func (v *Verifier) matchLocked(offset commitlog.Offset, storeTimestamp int64) error {
	f, run := v.file, v.run
	if len(run) == 0 {
		return nil
	}
	first, last := run[0].number, run[len(run)-1].number
	if first == 1 && f.header.beginTimestamp != storeTimestamp || last == f.header.count-1 && !v.endsAt(storeTimestamp) {
		return f.damaged(0, fmt.Errorf("%w: record at %d was stored at %d", errHeader, offset, storeTimestamp))
	}
	if first == 1 && f == v.index.files[0] {
		for i := range len(v.wanted) - len(run) { // the file with its first keys has expired
			v.wanted[i].found = true
		}
	}
	for _, i := range run {
		at, known := v.place(i.hash)
		if !known || !v.timeFits(i, storeTimestamp) {
			return f.damaged(f.itemPos(i.number), fmt.Errorf("%w: item %d is not one of the record at %d", ErrContradiction, i.number, offset))
		}
		v.wanted[at].found = true
		if i.number == 1 {
			v.firstIs = at
		}
	}
	return nil
}

// place is which of the keys has the hash: the first that is not found yet, else any.
func (v *Verifier) place(hash int32) (at int, known bool) {
	for i := range v.wanted {
		if v.wanted[i].hash == hash && (!known || v.wanted[at].found) {
			at, known = i, true
		}
	}
	return at, known
}

// timeFits compares an item's seconds. Those of a file's first item count from the file before's end.
func (v *Verifier) timeFits(i numbered, storeTimestamp int64) bool {
	if i.number > 1 {
		return i.timeDiff == v.file.header.timeDiff(storeTimestamp)
	}
	at := v.index.findFileLocked(v.file)
	if at <= 0 {
		return true
	}
	since := header{beginTimestamp: v.index.files[at-1].header.endTimestamp}
	return i.timeDiff == since.timeDiff(storeTimestamp)
}

// endsAt says that the header's end may be the time of the last item's record. The newest file's is known to the second
// only after a rollback.
func (v *Verifier) endsAt(storeTimestamp int64) bool {
	late := v.file.header.endTimestamp - storeTimestamp
	return late == 0 || late > 0 && late < 1000 && v.file == v.index.files[len(v.index.files)-1]
}

// missingLocked says what is damaged where a key of the record is missing: the file in which the record's items began,
// unless the next one's first item is an earlier key; else the place reached.
func (v *Verifier) missingLocked(offset commitlog.Offset) error {
	missing := slices.IndexFunc(v.wanted, func(w wanted) bool { return !w.found })
	if missing < 0 {
		return nil
	}
	f, number := v.file, v.next
	switch {
	case v.before != nil && (v.firstIs < 0 || v.firstIs > missing):
		f, number = v.before, v.before.header.count
	case f == nil:
		f = v.index.files[len(v.index.files)-1]
		number = f.header.count
	}
	return f.damaged(f.itemPos(max(1, number-1)), fmt.Errorf("%w: hash %d, record at %d", errMissing, v.wanted[missing].hash, offset))
}

// itemWindow reads items in pieces. It holds none that was not counted when it was read, so that they do not change but
// by a rollback.
type itemWindow struct {
	file *file
	from int32
	b    []byte
}

const windowItems = 256

func (w *itemWindow) at(number, count int32) (item, error) {
	if number < w.from || int(number-w.from) >= len(w.b)/itemBytes {
		if cap(w.b) == 0 {
			w.b = make([]byte, 0, windowItems*itemBytes)
		}
		w.from, w.b = number, w.b[:min(windowItems, int(count-number))*itemBytes]
		if _, err := w.file.file.ReadAt(w.b, w.file.itemPos(number)); err != nil {
			w.b = w.b[:0]
			return item{}, w.file.unreadable(w.file.itemPos(number), err)
		}
	}
	return decodeItem(w.b[int(number-w.from)*itemBytes:]), nil
}
