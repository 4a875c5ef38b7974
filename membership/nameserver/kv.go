package nameserver

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"time"
)

// NamespaceOrderTopicConfig holds, per topic, the fixed queues of an ordered
// topic, "broker-a:4;broker-b:4" (Java's NamesrvUtil).
const NamespaceOrderTopicConfig = "ORDER_TOPIC_CONFIG"

var errKVFull = errors.New("no room for another KV configuration item")

// kvTable is the KV configuration in memory (Java's KVConfigManager). Its items
// have versions, so that name servers that tell each other theirs agree; what was
// deleted is kept in mind as such, lest another brings it back.
type kvTable struct {
	items, bytes int // bounds

	mu     sync.RWMutex // guards all below
	spaces map[string]map[string]kvItem
	known  int // items, deleted ones among them
	size   int // their bytes
}

// kvItem is one item as name servers tell it.
type kvItem struct {
	Namespace, Key, Value string

	Version int64 // ms of Unix time, or one more than the version it replaced
	Deleted bool
}

func (i kvItem) bytes() int { return len(i.Namespace) + len(i.Key) + len(i.Value) }

func newKVTable(items, bytes int) *kvTable {
	return &kvTable{items: items, bytes: bytes, spaces: map[string]map[string]kvItem{}}
}

// put sets an item; errKVFull where the bounds leave it no room.
func (t *kvTable) put(namespace, key, value string, now time.Time) error {
	return t.set(kvItem{Namespace: namespace, Key: key, Value: value}, now)
}

// remove forgets an item's value. As in Java a namespace once used stays, empty.
func (t *kvTable) remove(namespace, key string, now time.Time) {
	if _, ok := t.get(namespace, key); ok {
		_ = t.set(kvItem{Namespace: namespace, Key: key, Deleted: true}, now) // it takes less room than before
	}
}

func (t *kvTable) set(item kvItem, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	item.Version = max(now.UnixMilli(), t.spaces[item.Namespace][item.Key].Version+1)
	return t.store(item)
}

// store puts an item in the place of what is known of it.
func (t *kvTable) store(item kvItem) error {
	before, known := t.spaces[item.Namespace][item.Key]
	for t.size+item.bytes()-before.bytes() > t.bytes || (!known && t.known >= t.items) {
		if !t.forgetOldestDeleted() {
			return errKVFull
		}
		before, known = t.spaces[item.Namespace][item.Key]
	}
	if t.spaces[item.Namespace] == nil {
		t.spaces[item.Namespace] = map[string]kvItem{}
	}
	t.spaces[item.Namespace][item.Key] = item
	t.size += item.bytes() - before.bytes()
	if !known {
		t.known++
	}
	return nil
}

// forgetOldestDeleted makes room; false where nothing deleted is left.
func (t *kvTable) forgetOldestDeleted() bool {
	deleted := slices.DeleteFunc(t.all(), func(i kvItem) bool { return !i.Deleted })
	if len(deleted) == 0 {
		return false
	}
	oldest := slices.MinFunc(deleted, func(a, b kvItem) int { return cmp.Compare(a.Version, b.Version) })
	delete(t.spaces[oldest.Namespace], oldest.Key)
	t.known--
	t.size -= oldest.bytes()
	return true
}

func (t *kvTable) get(namespace, key string) (value string, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	item, known := t.spaces[namespace][key]
	return item.Value, known && !item.Deleted
}

// list copies a namespace; false where it was never used.
func (t *kvTable) list(namespace string) (map[string]string, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	space, ok := t.spaces[namespace]
	values := map[string]string{}
	for key, item := range space {
		if !item.Deleted {
			values[key] = item.Value
		}
	}
	return values, ok
}

// account is every item, deleted ones among them, as merge takes them.
func (t *kvTable) account() []kvItem {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.all()
}

func (t *kvTable) all() []kvItem {
	items := make([]kvItem, 0, t.known)
	for _, space := range t.spaces {
		for _, item := range space {
			items = append(items, item)
		}
	}
	return items
}

// merge takes over the items that are newer than what is known of them. Where two
// name servers have changed one at the same millisecond both keep the same.
func (t *kvTable) merge(told []kvItem) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, item := range told {
		if known, ok := t.spaces[item.Namespace][item.Key]; ok && known.compare(item) >= 0 {
			continue
		}
		if err := t.store(item); err != nil {
			return err
		}
	}
	return nil
}

func (i kvItem) compare(other kvItem) int {
	deleted := func(i kvItem) int { return map[bool]int{true: 1}[i.Deleted] }
	return cmp.Or(cmp.Compare(i.Version, other.Version), cmp.Compare(deleted(i), deleted(other)), cmp.Compare(i.Value, other.Value))
}
