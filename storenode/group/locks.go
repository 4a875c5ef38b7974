package group

import (
	"sync"
	"time"
)

// LockLife is how long a lock lives without being taken again (rocketmq.broker.rebalance.lockMaxLiveTime).
const LockLife = 60 * time.Second

// Queue is a message queue as clients name it (MessageQueue).
type Queue struct {
	Topic      string `json:"topic"`
	BrokerName string `json:"brokerName"`
	QueueID    int32  `json:"queueId"`
}

// Locks says which client of a group may consume a queue in order (RebalanceLockManager). It is not kept on disk:
// after a restart all queues are free. Its methods may be called concurrently.
type Locks struct {
	maxLocks int

	mu     sync.Mutex // guards groups and count
	groups map[string]map[Queue]lock
	count  int
}

type lock struct {
	clientID string
	taken    time.Time
}

func (l lock) expired(now time.Time) bool { return now.Sub(l.taken) > LockLife }

// NewLocks makes a table of at most maxLocks locks.
func NewLocks(maxLocks int) *Locks {
	return &Locks{maxLocks: maxLocks, groups: map[string]map[Queue]lock{}}
}

// Lock takes each queue that is free, the client's own or expired, and returns those the client now holds. A queue
// for which the table has no room is not among them.
func (l *Locks) Lock(group, clientID string, queues []Queue) []Queue {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	held := make([]Queue, 0, len(queues))
	for _, q := range queues {
		if l.take(group, q, lock{clientID, now}) {
			held = append(held, q)
		}
	}
	return held
}

func (l *Locks) take(group string, q Queue, wanted lock) bool {
	old, taken := l.groups[group][q]
	switch {
	case taken && old.clientID != wanted.clientID && !old.expired(wanted.taken):
		return false
	case !taken && l.count >= l.maxLocks:
		l.dropExpired(wanted.taken)
		if l.count >= l.maxLocks {
			return false
		}
	}
	if l.groups[group] == nil {
		l.groups[group] = map[Queue]lock{}
	}
	if !taken {
		l.count++
	}
	l.groups[group][q] = wanted
	return true
}

// Unlock gives up those of the queues that the client holds.
func (l *Locks) Unlock(group, clientID string, queues []Queue) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, q := range queues {
		if held, taken := l.groups[group][q]; taken && held.clientID == clientID {
			l.drop(group, q)
		}
	}
}

func (l *Locks) dropExpired(now time.Time) {
	for group, locks := range l.groups {
		for q, held := range locks {
			if held.expired(now) {
				l.drop(group, q)
			}
		}
	}
}

func (l *Locks) drop(group string, q Queue) {
	delete(l.groups[group], q)
	l.count--
	if len(l.groups[group]) == 0 {
		delete(l.groups, group)
	}
}
