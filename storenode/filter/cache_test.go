package filter

import (
	"fmt"
	"strings"
	"testing"
)

func TestACacheCompilesOnce(t *testing.T) {
	var c Cache
	s := Subscription{Type: TypeSQL92, Expression: "a IN ('x', 'y') AND b > 5"}
	if _, err := c.Compile(&s, 1<<20); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { c.Compile(&s, 1<<20) }); n != 0 {
		t.Errorf("a known expression costs %v allocations", n)
	}
	broken := Subscription{Type: TypeSQL92, Expression: "a >"}
	_, first := c.Compile(&broken, 1<<20)
	_, again := c.Compile(&broken, 1<<20)
	if first == nil || first != again {
		t.Errorf("got %v, then %v", first, again)
	}
}

func TestACacheIsBounded(t *testing.T) {
	var c Cache
	const room = 100 << 10
	for i := range 1000 {
		s := Subscription{Type: TypeSQL92, Expression: fmt.Sprintf("a = '%d%s'", i, strings.Repeat("x", i))}
		if m, err := c.Compile(&s, room); err != nil || m == nil {
			t.Fatal(err)
		}
		if c.recentBytes > room {
			t.Fatalf("%d bytes after %d expressions", c.recentBytes, i+1)
		}
	}
	if held := len(c.recent) + len(c.before); held == 0 || held > 2*room/entryBytes {
		t.Errorf("%d expressions are held", held)
	}
}
