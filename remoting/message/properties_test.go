package message

import (
	"fmt"
	"strings"
	"testing"
)

// pairs writes a property string the way a reader likes it.
func pairs(p Properties) string {
	var out []string
	p.Range(func(name, value []byte) bool {
		out = append(out, fmt.Sprintf("%s=%s", name, value))
		return true
	})
	return strings.Join(out, ",")
}

func TestParsingAsJavaDoes(t *testing.T) {
	for _, row := range []struct{ raw, want string }{
		{"", ""},
		{"a\x01b\x02", "a=b"},
		{"a\x01b", "a=b"},
		{"a\x01b\x02c\x01d", "a=b,c=d"},
		{"\x01b\x02c\x01d\x02", "c=d"},
		{"a\x01\x02c\x01d\x02", "c=d"},
		{"novalue\x02c\x01d\x02", "c=d"},
		{"\x02\x02c\x01d\x02\x02", "c=d"},
		{"a\x01b\x01c\x02", "a=b\x01c"},
		{"标签\x01值😀\x02", "标签=值😀"},
	} {
		if got := pairs(Properties(row.raw)); got != row.want {
			t.Errorf("%q: %q, want %q", row.raw, got, row.want)
		}
	}
}

func TestGetTakesTheLastOfEqualNames(t *testing.T) {
	p := Properties("k\x01one\x02kk\x01two\x02k\x01three")
	if got := string(p.Get("k")); got != "three" {
		t.Errorf("k is %q", got)
	}
	if p.Get("x") != nil || p.Has("x") || !p.Has("kk") {
		t.Errorf("x %q, has x %v, has kk %v", p.Get("x"), p.Has("x"), p.Has("kk"))
	}
}

func TestSetEndsThePairBeforeIt(t *testing.T) {
	for _, raw := range []string{"a\x01b", "a\x01b\x02"} {
		if got := string(Properties(raw).Set("c", "d")); got != "a\x01b\x02c\x01d\x02" {
			t.Errorf("%q with c: %q", raw, got)
		}
	}
	if got := pairs(Properties("a\x01b\x02a\x01c\x02z\x01y").Set("a", "new")); got != "z=y,a=new" {
		t.Errorf("replaced: %q", got)
	}
	if got := pairs(Properties("a\x01b\x02z\x01y").Set("a", "")); got != "z=y" {
		t.Errorf("set to nothing: %q", got)
	}
}

func TestSettersLeaveTheirReceiverAlone(t *testing.T) {
	m := sample()
	raw, _ := AppendRecord(nil, &m)
	before := string(raw)
	r, err := ParseRecord(append(raw, "next record"...)[:len(raw)])
	if err != nil {
		t.Fatal(err)
	}
	p := r.Properties()
	p.Set("TAGS", "other").Set("new", "value")
	p.Delete("KEYS")
	if string(r) != before || string(p) != string(m.Properties) {
		t.Fatalf("record changed to %q", r)
	}
}

func TestAppendPropertiesJoinsLikeJava(t *testing.T) {
	for _, row := range []struct{ p, more, want string }{
		{"", "", ""},
		{"a\x01b", "", "a\x01b"},
		{"", "c\x01d", "c\x01d"},
		{"a\x01b", "c\x01d", "a\x01b\x02c\x01d"},
		{"a\x01b\x02", "c\x01d", "a\x01b\x02c\x01d"},
	} {
		if got := string(Properties(row.p).AppendProperties(Properties(row.more))); got != row.want {
			t.Errorf("%q + %q: %q, want %q", row.p, row.more, got, row.want)
		}
	}
}

func TestGetAllocatesNothing(t *testing.T) {
	p := Properties("KEYS\x01k\x02UNIQ_KEY\x017F0000010001\x02TAGS\x01TagA")
	if n := testing.AllocsPerRun(100, func() { p.Get(PropertyTags) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzProperties(f *testing.F) {
	f.Add("a\x01b\x02c\x01d", "c", "new")
	f.Add("\x01\x02\x01a\x02", "", "")
	f.Fuzz(func(t *testing.T, raw, name, value string) {
		p := Properties(raw)
		first := pairs(p)
		if got := pairs(p.Delete("no such name at all\x01")); got != first {
			t.Fatalf("deleting nothing: %q, was %q", got, first)
		}
		if strings.ContainsAny(name+value, "\x01\x02") || name == "" || value == "" {
			return
		}
		set := p.Set(name, value)
		if got := string(set.Get(name)); got != value {
			t.Fatalf("%q with %q=%q gives %q", raw, name, value, got)
		}
		if set.Delete(name).Has(name) || p.Delete(name).Has(name) {
			t.Fatalf("%q still has %q", raw, name)
		}
		if string(p) != raw {
			t.Fatalf("%q became %q", raw, p)
		}
	})
}
