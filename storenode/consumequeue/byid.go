package consumequeue

// ByID keeps a value for each queue of one topic; the zero value of T stands for none. Small numbers, which nearly all
// queues have, are found without hashing. The zero value is empty.
type ByID[T comparable] struct {
	low  []T
	high map[int32]T
}

// lowIDs is how many numbers count as small.
const lowIDs = 1024

// Get returns the queue's value. It may be called on nil.
func (b *ByID[T]) Get(queueID int32) (value T) {
	switch {
	case b == nil:
		return value
	case queueID >= 0 && int(queueID) < len(b.low):
		return b.low[queueID]
	}
	return b.high[queueID]
}

// Set keeps value for the queue.
func (b *ByID[T]) Set(queueID int32, value T) {
	var none T
	switch {
	case queueID >= 0 && queueID < lowIDs:
		for int(queueID) >= len(b.low) {
			b.low = append(b.low, none)
		}
		b.low[queueID] = value
	case value == none:
		delete(b.high, queueID)
	case b.high == nil:
		b.high = map[int32]T{queueID: value}
	default:
		b.high[queueID] = value
	}
}

// All goes through what is kept, in no order.
func (b *ByID[T]) All(yield func(T) bool) {
	if b == nil {
		return
	}
	var none T
	for _, value := range b.low {
		if value != none && !yield(value) {
			return
		}
	}
	for _, value := range b.high {
		if !yield(value) {
			return
		}
	}
}

// Empty says that nothing is kept.
func (b *ByID[T]) Empty() bool {
	for range b.All {
		return false
	}
	return true
}
