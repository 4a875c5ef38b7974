package nameserver

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// items writes a namespace as "key=value" words, in order.
func items(t *kvTable, namespace string) string {
	values, ok := t.list(namespace)
	if !ok {
		return "never used"
	}
	return strings.Trim(fmt.Sprint(values), "map[]")
}

func TestNameServersAgreeOnTheLatestOfEachItem(t *testing.T) {
	a, b := newKVTable(10, 1000), newKVTable(10, 1000)
	later := func(n int) time.Time { return start.Add(time.Duration(n) * time.Millisecond) }
	for _, change := range []func() error{
		func() error { return a.put("n", "both", "older", later(1)) },
		func() error { return b.put("n", "both", "newer", later(2)) },
		func() error { return a.put("n", "onlyA", "1", later(3)) },
		func() error { return b.put("n", "gone", "1", later(4)) },
		func() error { return a.merge(b.account()) },
		func() error { a.remove("n", "gone", later(4)); return nil }, // in the millisecond in which it was put
		func() error { return b.merge(a.account()) },
		func() error { return a.merge(b.account()) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
	}
	for name, table := range map[string]*kvTable{"a": a, "b": b} {
		if got, want := items(table, "n"), "both:newer onlyA:1"; got != want {
			t.Errorf("%s has %s, want %s", name, got, want)
		}
	}
}

func TestChangesOfOneMillisecondEndAlikeWhoeverHearsThemFirst(t *testing.T) {
	change := func(f func(*kvTable)) []kvItem {
		table := newKVTable(10, 1000)
		f(table)
		return table.account()
	}
	x := change(func(t *kvTable) { _ = t.put("n", "k", "x", start) })
	y := change(func(t *kvTable) { _ = t.put("n", "k", "y", start) })
	deleted := []kvItem{{Namespace: "n", Key: "k", Version: start.UnixMilli(), Deleted: true}}
	for _, order := range [][][]kvItem{{x, y, deleted}, {deleted, y, x}, {y, deleted, x}} {
		table := newKVTable(10, 1000)
		for _, told := range order {
			if err := table.merge(told); err != nil {
				t.Fatal(err)
			}
		}
		if got := items(table, "n"); got != "" {
			t.Errorf("heard in the order %v it has %s", order, got)
		}
	}
}

func TestKVConfigurationIsBounded(t *testing.T) {
	table := newKVTable(2, 20)
	for _, put := range []struct {
		key, value string
		want       error
	}{{"a", "1", nil}, {"b", "1", nil}, {"c", "1", errKVFull}, {"b", strings.Repeat("x", 20), errKVFull}, {"b", "2", nil}} {
		if err := table.put("n", put.key, put.value, start); err != put.want {
			t.Errorf("put %s=%s: %v, want %v", put.key, put.value, err, put.want)
		}
	}
	table.remove("n", "a", start)
	if err := table.put("n", "c", "1", start); err != nil { // what was deleted makes room
		t.Errorf("after a deletion: %v", err)
	}
	if got, want := items(table, "n"), "b:2 c:1"; got != want {
		t.Errorf("it has %s, want %s", got, want)
	}
	if err := table.merge([]kvItem{{Namespace: "n", Key: "d", Version: 1}}); err != errKVFull {
		t.Errorf("merged beyond the bound: %v", err)
	}
	bytes := 0
	for _, item := range table.account() {
		bytes += item.bytes()
	}
	if table.size != bytes || table.known != 2 {
		t.Errorf("counted %d items of %d bytes, there are 2 of %d", table.known, table.size, bytes)
	}
}
