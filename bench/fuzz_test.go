package bench

import (
	"math"
	"strings"
	"testing"
)

// FuzzSplitWords: no text makes it panic, and words without blanks and quotes
// come back as they were joined.
func FuzzSplitWords(f *testing.F) {
	for _, seed := range []string{"", "a b", `a 'b c' "d"`, "'", `""`, "\t\na"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words, err := splitWords(text)
		if err != nil {
			return
		}
		for _, w := range words {
			if w == "" || strings.ContainsAny(w, "'\" \t\n") {
				return
			}
		}
		again, err := splitWords(strings.Join(words, " "))
		if err != nil || strings.Join(again, "|") != strings.Join(words, "|") {
			t.Errorf("%q, then %q, %v", words, again, err)
		}
	})
}

// FuzzParseStat: nothing that a kernel or a process's name holds makes it panic.
func FuzzParseStat(f *testing.F) {
	f.Add([]byte("42 (a) b (c) S 7 42 42 0 -1 4194560 100 0 0 0 150 50 10 5 20 0 12 0 1000 123456789 250 1 1 1"))
	f.Add([]byte("42 (x) S"))
	f.Add([]byte(")"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if p, err := parseStat(text); err != nil && p != (process{}) {
			t.Errorf("%+v beside %v", p, err)
		}
	})
}

// FuzzLoadLine: whatever a load prints, a figure is a number.
func FuzzLoadLine(f *testing.F) {
	f.Add("Send TPS: 39000 Max RT: 214 Average RT:   1.638 Send Failed: 1 Response Failed: 2")
	f.Add("[Complete] Send Total: 1 Send Failed: 0 Response Failed: 0")
	f.Add("TPS: 99999999999999999999999999 Average RT: 1.2.3")
	f.Fuzz(func(t *testing.T, text string) {
		l := load{usage: func() usage { return usage{} }}
		l.line(text)
		var r Run
		l.end.at = l.begin.at
		l.fill(&r)
		for _, f := range figures() {
			if v := f.of(r); math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s is %v", f.name, v)
			}
		}
	})
}
