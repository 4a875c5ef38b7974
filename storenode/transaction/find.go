package transaction

import (
	"fmt"
	"slices"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/topic"
)

const (
	// keyHits bounds what the index may tell of one key.
	keyHits = 1024
	// unindexedBytes is how much of the log's end is read for a transaction that was asked about, where there is no index.
	unindexedBytes = 256 << 20
	// clockSlack is how far a producer's clock may be ahead of ours before its messages' times are not believed.
	clockSlack = 60_000 // ms
)

// found is what the log holds of one transaction.
type found struct {
	half      *half
	copies    map[int64]bool // its half messages, by queue offset
	committed bool           // the message is in its topic, or waits there
	discarded bool           // it is in TRANS_CHECK_MAX_TIME_TOPIC
}

func newFound(h *half) *found { return &found{half: h, copies: map[int64]bool{h.QueueOffset: true}} }

// opens are its half messages that have not ended. The ledger's user locks.
func (f *found) opens(l *ledger) (opens []int64) {
	for q := range f.copies {
		if l.of(q) == open {
			opens = append(opens, q)
		}
	}
	return opens
}

// ended says that a copy has an operation record: so the transaction has ended, whatever copies a crash has left open.
func (f *found) ended(l *ledger) bool {
	for q := range f.copies {
		if l.of(q) == ended {
			return true
		}
	}
	return false
}

// topics are where records of the transaction may lie.
func (f *found) topics() []string {
	return append(f.half.committedTo(), topic.TransHalfTopic, topic.TransCheckMaxTimeTopic)
}

// committedTo are the topics where the message may lie once it is committed: its own, and where it waits before.
func (h *half) committedTo() []string {
	topics := []string{h.realTopic}
	if h.level > 0 {
		topics = append(topics, topic.ScheduleTopic)
	}
	if h.timed {
		topics = append(topics, topic.TimerTopic)
	}
	return topics
}

// note takes a record in, if it is the transaction's.
func (f *found) note(r message.Record) {
	if !f.half.sameAs(r) {
		return
	}
	switch name := string(r.Topic()); {
	case name == topic.TransHalfTopic:
		f.copies[r.QueueOffset()] = true
	case name == topic.TransCheckMaxTimeTopic:
		f.discarded = true
	case message.TransactionType(r.SysFlag()) == message.FlagTransactionCommit && slices.Contains(f.half.committedTo(), name):
		f.committed = true
	}
}

// since is a time (ms) before which there is no record of the transaction: its first half message's, or 0.
func (f *found) since() int64 {
	switch h := f.half; {
	case !h.copied:
		return h.StoreTimestamp
	case h.BornTimestamp <= h.StoreTimestamp:
		return h.BornTimestamp - clockSlack
	}
	return 0
}

// find looks for all records of some transactions: in the index, and behind what it has by reading.
func (s *Service) find(all []*found) error {
	indexed, end := s.config.Store.Indexed(), s.config.Store.End()
	from := end
	for _, f := range all {
		if f.half.uniq == "" {
			continue // nothing to look for
		}
		if err := s.findIndexed(f); err != nil {
			return err
		}
		begin, err := s.unindexed(f, indexed, end)
		if err != nil {
			return err
		}
		from = min(from, begin)
	}
	return s.findUnindexed(all, from, end)
}

func (s *Service) findIndexed(f *found) error {
	for _, name := range f.topics() {
		places, err := s.config.Store.PlacesByKey(name, f.half.uniq, keyHits, f.since())
		if err != nil {
			return err
		}
		if len(places) == keyHits {
			return fmt.Errorf("more than %d messages of topic %s have the UNIQ_KEY %q", keyHits, name, f.half.uniq)
		}
		for _, at := range places {
			if record, err := s.config.Store.RecordAt(at); err == nil {
				f.note(record)
			}
		}
	}
	return nil
}

// unindexed is where what the index does not have of a transaction begins. Without an index no more than unindexedBytes
// are read for one that has been put again.
func (s *Service) unindexed(f *found, indexed, end commitlog.Offset) (commitlog.Offset, error) {
	if !f.half.copied {
		return max(indexed, commitlog.Offset(f.half.PhysicalOffset)), nil
	}
	if end-indexed <= unindexedBytes {
		return indexed, nil
	}
	since, err := s.config.Store.Since(f.since())
	if !s.config.Indexed {
		since = max(since, end-unindexedBytes)
	}
	return max(indexed, since), err
}

func (s *Service) findUnindexed(all []*found, from, end commitlog.Offset) error {
	byKey := map[string][]*found{}
	for _, f := range all {
		byKey[f.half.uniq] = append(byKey[f.half.uniq], f)
	}
	delete(byKey, "")
	if len(byKey) == 0 || from >= end {
		return nil
	}
	return s.config.Store.Visit(from, end, func(r message.Record) error {
		for _, f := range byKey[string(r.Properties().Get(message.PropertyUniqKey))] {
			f.note(r)
		}
		return nil
	})
}
