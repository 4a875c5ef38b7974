package properties_test

import (
	"testing"

	"gantry/remoting/properties"
)

func TestOnlyTheLinesOfWhatChangesAreRewritten(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"# mine\na=1\n\nb = 2\n", "# mine\na=9\n\nb = 2\n"},
		{"a=1\na=2\nb=3", "a=1\na=9\nb=3"},
		{"b=3", "b=3\na=9\n"},
		{"", "a=9\n"},
		{"b=1\\\n  2\na=1\\\n  2\\\n  3\nc=4\n", "b=1\\\n  2\na=9\nc=4\n"},
		{"x\xe9=1\r\na=1\r\nb=2\r\n", "x\xe9=1\r\na=9\r\nb=2\r\n"},
		{"a=1", "a=9"},
		{"  a : 1\n", "a=9\n"},
		{"b=3\\", "b=3\\\n\na=9\n"},
		{"b=3\\\n \\\n", "b=3\\\n \\\n\na=9\n"},
		{"b=3\\\n\n", "b=3\\\n\na=9\n"},
		{"b=3\\\r", "b=3\\\r\ra=9\n"},
		{"b=3\\\r\n", "b=3\\\r\n\na=9\n"},
		{"a=1\\", "a=9"},
		{"a=\xe9\nb=\xc3\xa9\\\xc3\xa9\n", "a=9\nb=\\u00C3\\u00A9\\u00C3\\u00A9\n"},
		{"a=\xe9\nb=\xe9\xc3\xa9\n", "a=9\nb=\xe9\xc3\xa9\n"},
		{"# b\\", "# b\\\na=9\n"},
	} {
		got, err := properties.Rewrite([]byte(test.text), []properties.Entry{{Key: "a", Value: "8"}, {Key: "a", Value: "9"}})
		if err != nil || string(got) != test.want {
			t.Errorf("%q became %q, %v, want %q", test.text, got, err, test.want)
		}
	}
	if _, err := properties.Rewrite([]byte("k\\u00=1"), nil); err == nil {
		t.Error("a broken escape is taken")
	}
}

func FuzzRewrite(f *testing.F) {
	f.Add([]byte("a=1\nb=\\\n 2"))
	f.Fuzz(func(t *testing.T, text []byte) {
		before, err := properties.Parse(text)
		if err != nil {
			return
		}
		written, err := properties.Rewrite(text, []properties.Entry{{Key: "b", Value: "9"}})
		if err != nil {
			t.Fatal(err)
		}
		after, err := properties.Parse(written)
		if value, _ := properties.Get(after, "b"); err != nil || value != "9" {
			t.Fatalf("%q became %q: %v", text, written, err)
		}
		for _, e := range before {
			old, _ := properties.Get(before, e.Key)
			if now, _ := properties.Get(after, e.Key); e.Key != "b" && now != old {
				t.Fatalf("%q became %q: %s was %q, is %q", text, written, e.Key, old, now)
			}
		}
	})
}
