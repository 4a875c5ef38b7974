package properties_test

import (
	"errors"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"gantry/remoting/properties"
)

// javaCases are the lines of testdata/java.txt: a text and what Java made of it.
func javaCases(t testing.TB) (texts, results []string) {
	t.Helper()
	recorded, err := os.ReadFile("testdata/java.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(recorded)) {
		quoted, result, ok := strings.Cut(strings.TrimSpace(line), " → ")
		if !ok {
			continue
		}
		text, err := strconv.Unquote(quoted)
		if err != nil {
			t.Fatalf("%s: %v", quoted, err)
		}
		texts, results = append(texts, text), append(results, result)
	}
	return texts, results
}

// show writes entries as testdata/java.txt does; of a key the last one counts.
func show(entries []properties.Entry) string {
	var words []string
	for i, e := range entries {
		if value, _ := properties.Get(entries[i:], e.Key); value == e.Value {
			words = append(words, strconv.Quote(e.Key), strconv.Quote(e.Value))
		}
	}
	return strings.Join(words, " ")
}

func TestTextIsReadAsJavaReadsIt(t *testing.T) {
	texts, results := javaCases(t)
	for i, text := range texts {
		got := "refused"
		if entries, err := properties.Parse([]byte(text)); err == nil {
			got = show(entries)
		}
		if got != results[i] {
			t.Errorf("%q: got %s, want %s", text, got, results[i])
		}
	}
	if len(texts) < 50 {
		t.Errorf("only %d cases", len(texts))
	}
}

func TestEntriesHaveTheirFirstLine(t *testing.T) {
	entries, err := properties.Parse([]byte("# one\na=1\r\n\r\nb=\\\n  2\\\n  3\n! six\n\n  c 8\n a : 9"))
	want := []properties.Entry{{Key: "a", Value: "1", Line: 2}, {Key: "b", Value: "23", Line: 4}, {Key: "c", Value: "8", Line: 9}, {Key: "a", Value: "9", Line: 10}}
	if err != nil || !reflect.DeepEqual(entries, want) {
		t.Errorf("got %+v, %v", entries, err)
	}
	if value, ok := properties.Get(entries, "a"); !ok || value != "9" {
		t.Errorf("the last one counts: got %q, %t", value, ok)
	}
	if _, ok := properties.Get(entries, "d"); ok {
		t.Error("d was found")
	}
}

func TestBrokenEscapeNamesItsLine(t *testing.T) {
	_, err := properties.Parse([]byte("a=1\nb=\\u12x4 rest"))
	var syntax *properties.SyntaxError
	if !errors.As(err, &syntax) || syntax.Line != 2 {
		t.Fatalf("got %v", err)
	}
	if want := `line 2: "\\u12x4 rest" is not \u and four hexadecimal digits`; err.Error() != want {
		t.Errorf("got %s", err)
	}
}

func TestTextMayBeUTF8OrLatin1(t *testing.T) {
	for text, want := range map[string]string{
		"\ufeffa=é": `"a" "é"`, // as Windows editors save it
		"a=\xe9":    `"a" "é"`,
	} {
		if entries, err := properties.Parse([]byte(text)); err != nil || show(entries) != want {
			t.Errorf("%q: got %s, %v", text, show(entries), err)
		}
	}
}

func TestWrittenTextIsPlainWherePossible(t *testing.T) {
	for want, e := range map[string]properties.Entry{
		"brokerName=broker-a\n":                {Key: "brokerName", Value: "broker-a"},
		"namesrvAddr=a:9876;b:9876\n":          {Key: "namesrvAddr", Value: "a:9876;b:9876"},
		"a=b # c = d!\n":                       {Key: "a", Value: "b # c = d!"},
		"a=\\  b\n":                            {Key: "a", Value: "  b"},
		"a\\ b\\=\\:\\#=\n":                    {Key: "a b=:#"},
		`dir=C:\\store\t` + "\n":               {Key: "dir", Value: "C:\\store\t"},
		`name=\u00E9\u4E2D\uD83D\uDE00` + "\n": {Key: "name", Value: "é中😀"},
	} {
		if got := string(properties.Append(nil, []properties.Entry{e})); got != want {
			t.Errorf("%+v: got %s, want %s", e, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	texts, _ := javaCases(f)
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, err := properties.Parse(text)
		if err != nil {
			return
		}
		for i := range entries {
			if i > 0 && entries[i].Line <= entries[i-1].Line {
				t.Fatalf("line %d behind line %d", entries[i].Line, entries[i-1].Line)
			}
		}
		written := properties.Append(nil, entries)
		again, err := properties.Parse(written)
		if err != nil || len(again) != len(entries) {
			t.Fatalf("%q became %q: %+v, %v", text, written, again, err)
		}
		for i, e := range again {
			if e.Key != entries[i].Key || e.Value != entries[i].Value {
				t.Fatalf("%q became %q: %+v", text, written, e)
			}
		}
		properties.Bind(entries, properties.Options{Lookup: func(name string) (string, bool) { return name, len(name)%2 == 0 }}, &store{}, &node{})
	})
}
