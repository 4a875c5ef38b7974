package nameserver

import (
	"errors"
	"maps"
	"sync"
)

// NamespaceOrderTopicConfig holds, per topic, the fixed queues of an ordered
// topic, "broker-a:4;broker-b:4" (Java's NamesrvUtil).
const NamespaceOrderTopicConfig = "ORDER_TOPIC_CONFIG"

var errKVFull = errors.New("no room for another KV configuration item")

// kvTable is the KV configuration in memory (Java's KVConfigManager).
type kvTable struct {
	max int

	mu      sync.RWMutex // guards all below
	entries int
	spaces  map[string]map[string]string
}

func newKVTable(max int) *kvTable {
	return &kvTable{max: max, spaces: map[string]map[string]string{}}
}

func (t *kvTable) put(namespace, key, value string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	space := t.spaces[namespace]
	if _, known := space[key]; !known {
		if t.entries >= t.max || (space == nil && len(t.spaces) >= t.max) {
			return errKVFull
		}
		t.entries++
	}
	if space == nil {
		space = map[string]string{}
		t.spaces[namespace] = space
	}
	space[key] = value
	return nil
}

func (t *kvTable) get(namespace, key string) (value string, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	value, ok = t.spaces[namespace][key]
	return value, ok
}

// remove forgets an item. As in Java a namespace once used stays, empty.
func (t *kvTable) remove(namespace, key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.spaces[namespace][key]; known {
		delete(t.spaces[namespace], key)
		t.entries--
	}
}

// list copies a namespace; false where it was never used.
func (t *kvTable) list(namespace string) (map[string]string, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	space, ok := t.spaces[namespace]
	return maps.Clone(space), ok
}
