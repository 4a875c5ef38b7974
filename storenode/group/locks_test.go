package group

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func queues(ids ...int32) []Queue {
	var list []Queue
	for _, id := range ids {
		list = append(list, Queue{"T", "broker-a", id})
	}
	return list
}

func TestAQueueIsLockedByOneClientOfAGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLocks(100)
		step := func(what string, got, want []Queue) {
			t.Helper()
			if !slices.Equal(got, want) {
				t.Errorf("%s: got %v, want %v", what, got, want)
			}
		}
		step("free", l.Lock("g", "a", queues(0, 1)), queues(0, 1))
		step("taken by another", l.Lock("g", "b", queues(0, 1, 2)), queues(2))
		step("another group", l.Lock("h", "b", queues(0)), queues(0))
		time.Sleep(40 * time.Second)
		step("own", l.Lock("g", "a", queues(0)), queues(0))
		time.Sleep(20 * time.Second)
		step("not expired at 60 s", l.Lock("g", "b", queues(0, 1)), nil)
		time.Sleep(time.Millisecond)
		step("expired behind 60 s", l.Lock("g", "b", queues(0, 1)), queues(1))
		l.Unlock("g", "b", queues(0, 1, 7))
		step("unlocked by its owner", l.Lock("g", "c", queues(0, 1)), queues(1))
		time.Sleep(2 * time.Minute)
		step("own and expired", l.Lock("g", "a", queues(0)), queues(0))
	})
}

func TestLocksAreBoundedAndExpiredOnesMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLocks(2)
		if got := l.Lock("g", "a", queues(0, 1, 2)); !slices.Equal(got, queues(0, 1)) {
			t.Errorf("got %v", got)
		}
		time.Sleep(LockLife + time.Millisecond)
		if got := l.Lock("h", "b", queues(2)); !slices.Equal(got, queues(2)) {
			t.Errorf("got %v", got)
		}
		if l.count != 1 || len(l.groups) != 1 {
			t.Errorf("%d locks in %d groups", l.count, len(l.groups))
		}
	})
}
