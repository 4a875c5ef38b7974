package repeat

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/store"
)

// lookup finds the first attempts of a batch of requests.
type lookup struct {
	store    *store.Store
	deadline time.Time
	since    int64 // storeTimestamp (ms): what is older is no attempt of theirs
	wanted   []*wanted
}

// wanted is a request with what the look-up has found of it.
type wanted struct {
	*pending
	key    string         // topic#UNIQ_KEY: attempts of the same request have the same
	first  message.Record // what its first record would be
	at     commitlog.Offset
	stored []byte // an earlier attempt's records, which lie at at; nil where there is none
	count  int    // of them
	err    error  // *UnknownError
}

// hits bounds what the index may tell of one key. Who gives so many messages the
// same key within the window is told that the outcome is unknown.
const hits = 1024

func newLookup(config Config, batch []*pending, deadline time.Time) *lookup {
	l := &lookup{store: config.Store, deadline: deadline,
		since: config.Store.Log().LastStoreTimestamp() - config.Window.Milliseconds()}
	for _, it := range batch {
		w := &wanted{pending: it}
		l.wanted = append(l.wanted, w)
		var err error
		if w.first, err = message.ParseRecord(it.Append.Records); err != nil {
			panic(fmt.Sprintf("BUG: the records of a request to topic %s are none: %v", it.Append.Topic, err))
		}
		key := w.first.Properties().Get(message.PropertyUniqKey)
		if w.key = keyOf(w.first.Topic(), key); len(key) == 0 {
			w.unknown("the message has no UNIQ_KEY to look for")
		} else if time.Since(it.came) > config.Bound*3/2 {
			w.unknown(errLate.Error())
		}
	}
	return l
}

func keyOf(topic, uniqKey []byte) string { return string(topic) + "#" + string(uniqKey) }

func (w *wanted) unknown(reason string) { w.err = &UnknownError{reason} }

// open says that nothing is known of the request yet.
func (w *wanted) open() bool { return w.err == nil && w.stored == nil }

// fail ends the look-up for all.
func (l *lookup) fail(err error) {
	for _, w := range l.wanted {
		if w.open() {
			w.unknown(err.Error())
		}
	}
}

// run asks the index, and reads what it has not got to yet.
func (l *lookup) run() {
	indexed, end := l.store.Indexed(), l.store.End()
	for _, w := range l.wanted {
		if time.Now().After(l.deadline) {
			l.fail(errLate)
		}
		if w.open() {
			l.ask(w)
		}
	}
	if err := l.readTail(indexed, end); err != nil {
		l.fail(err)
	}
}

// ask looks a request up in the index. Several attempts can have been written,
// by a client that tries again itself; the oldest counts.
func (l *lookup) ask(w *wanted) {
	key := w.first.Properties().Get(message.PropertyUniqKey)
	places, err := l.store.PlacesByKey(string(w.first.Topic()), string(key), hits, l.since)
	if err != nil {
		w.unknown(err.Error())
		return
	}
	for _, at := range slices.Backward(places) {
		record, err := l.store.RecordAt(at)
		switch {
		case errors.Is(err, commitlog.ErrOutOfRange): // expired
		case err != nil:
			w.unknown(err.Error())
			return
		case w.isFirst(record):
			l.take(w, at)
			return
		}
	}
	if len(places) == hits {
		w.unknown(fmt.Sprintf("more than %d messages have its UNIQ_KEY", hits))
	}
}

// isFirst says that record is the first of an earlier attempt.
func (w *wanted) isFirst(record message.Record) bool { return sameMessage(w.first, record) }

// sameMessage compares what makes a message of a client one and the same. Times
// of consumption and the topic behind a delay tell the tries of one message that
// failed, which have all the rest in common.
func sameMessage(a, b message.Record) bool {
	if a.BornTimestamp() != b.BornTimestamp() || a.BornHost() != b.BornHost() || a.ReconsumeTimes() != b.ReconsumeTimes() || !bytes.Equal(a.Topic(), b.Topic()) {
		return false
	}
	p, q := a.Properties(), b.Properties()
	return bytes.Equal(p.Get(message.PropertyUniqKey), q.Get(message.PropertyUniqKey)) &&
		bytes.Equal(p.Get(message.PropertyRealTopic), q.Get(message.PropertyRealTopic))
}

// longTail is what is read quicker than its beginning is found.
const longTail = 8 << 20

// readTail looks through the log from one place to another for requests that are
// open, no further back than the window.
func (l *lookup) readTail(from, to commitlog.Offset) error {
	open := map[string][]*wanted{}
	for _, w := range l.wanted {
		if w.open() {
			open[w.key] = append(open[w.key], w)
		}
	}
	if len(open) == 0 || from >= to {
		return nil
	}
	if to-from > longTail {
		since, err := l.store.Since(l.since)
		if err != nil {
			return err
		}
		from = max(from, since)
	}
	var key []byte
	return l.store.Visit(from, to, func(record message.Record) error {
		key = append(append(append(key[:0], record.Topic()...), '#'), record.Properties().Get(message.PropertyUniqKey)...)
		for _, w := range open[string(key)] {
			if w.open() && w.isFirst(record) {
				l.take(w, commitlog.Offset(record.PhysicalOffset()))
			}
		}
		if time.Now().After(l.deadline) {
			return errLate
		}
		return nil
	})
}

// take reads an earlier attempt, which begins at a place in the log. Of a batch
// all records follow one another; a crash can leave the first of them only.
func (l *lookup) take(w *wanted, at commitlog.Offset) {
	var stored []byte
	count := 0
	for rest, next := w.Append.Records, at; len(rest) > 0; count++ {
		mine, err := message.ParseRecord(rest)
		if err != nil {
			panic(fmt.Sprintf("BUG: the records of a request to topic %s are none: %v", w.Append.Topic, err))
		}
		record, err := l.store.RecordAt(next)
		if err != nil || !sameMessage(mine, record) {
			w.unknown(fmt.Sprintf("a part of its batch is stored at offset %d", at))
			return
		}
		stored = append(stored, record...)
		rest, next = rest[len(mine):], next+commitlog.Offset(len(record))
	}
	w.at, w.stored, w.count = at, stored, count
}

// takeStored makes the request what the earlier attempt was when it was written.
func (w *wanted) takeStored() {
	first, err := message.ParseRecord(w.stored)
	if err != nil {
		panic(fmt.Sprintf("BUG: the record found at %d is none: %v", w.at, err))
	}
	request := w.Append
	request.Records = append(request.Records[:0], w.stored...)
	request.Err, request.Offset, request.Count = nil, w.at, w.count
	request.QueueOffset, request.StoreTimestamp = first.QueueOffset(), first.StoreTimestamp()
	if w.Found != nil {
		w.Found(first)
	}
}
