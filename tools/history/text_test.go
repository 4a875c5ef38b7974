package history

import (
	"errors"
	"strings"
	"testing"
)

func TestEveryEventComesBackFromItsLine(t *testing.T) {
	full := Event{AtMillis: 1732190000123, Client: "p 0", Seq: 17, Key: `a "quoted" key`, CRC: 1<<32 - 1,
		Place: Place{Queue{"%RETRY%g", "broker-a", 3}, 1 << 40}, MsgID: "7F000001", Group: "", Member: "m\n1", Reconsumed: 2, Bound: 9, Text: "größer\x00"}
	for kind := range columns {
		full.Kind = kind
		line := string(full.Append(nil))
		if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") {
			t.Fatalf("%s is written as %q", kind, line)
		}
		e, err := ParseEvent(strings.TrimSuffix(line, "\n"))
		if err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if again := string(e.Append(nil)); again != line {
			t.Errorf("%s is written as %q, and then as %q", kind, line, again)
		}
	}
}

func TestEveryKindOfEventIsTaken(t *testing.T) {
	for kind := range columns {
		if takers[kind] == nil {
			t.Errorf("nobody takes %s", kind)
		}
	}
	if len(takers) != len(columns) {
		t.Errorf("%d kinds are taken, %d can be written", len(takers), len(columns))
	}
}

func TestALineThatIsNoEventIsNamed(t *testing.T) {
	for name, line := range map[string]string{
		"nothing":                    " ",
		"one word":                   "hello",
		"no time":                    "now calm x",
		"an unknown kind":            "1 storm x",
		"too few fields":             "1 hold g m t a",
		"too many fields":            "1 calm x y",
		"an open quote":              `1 calm "x`,
		"text after quote":           `1 calm "x"y`,
		"a word for a number":        "1 hold g m t a zero",
		"a number beyond its bounds": "1 invoke p 0 t k 4294967296",
	} {
		if _, err := ParseEvent(line); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := Check(strings.NewReader("# a comment\n\n0 topic t 0\n0 storm\n"))
	if !errors.Is(err, ErrMalformed) || !strings.HasPrefix(err.Error(), "line 4: ") {
		t.Errorf("the bad line is named by %v", err)
	}
	_, err = Check(strings.NewReader("0 topic t 0\n0 calm " + strings.Repeat("x", maxLineBytes)))
	if err == nil || !strings.HasPrefix(err.Error(), "line 2: ") {
		t.Errorf("the long line is named by %v", err)
	}
}

func FuzzParseEvent(f *testing.F) {
	for line := range strings.Lines(sound) {
		f.Add(strings.TrimSuffix(line, "\n"))
	}
	f.Fuzz(func(t *testing.T, line string) {
		e, err := ParseEvent(line)
		if err != nil {
			return
		}
		written := strings.TrimSuffix(string(e.Append(nil)), "\n")
		again, err := ParseEvent(written)
		if err != nil || again != e {
			t.Errorf("%q is written as %q, which is %+v, %v", line, written, again, err)
		}
		c := NewChecker()
		if c.Add(e) == nil {
			_ = c.Report().String()
		}
	})
}
