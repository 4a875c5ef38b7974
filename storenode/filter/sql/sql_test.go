package sql

import (
	"errors"
	"strings"
	"testing"

	"gantry/remoting/message"
)

func properties(pairs ...string) message.Properties {
	var p message.Properties
	for i := 0; i < len(pairs); i += 2 {
		p = p.Set(pairs[i], pairs[i+1])
	}
	return p
}

// What testdata does not show at a glance.
func TestQuirks(t *testing.T) {
	p := properties("n", "5", "f", "5.5", "s", "abc", "t", "true")
	for expression, want := range map[string]Verdict{
		"n = 5":                      True,
		"n = '5.0'":                  False,      // texts are equal letter by letter
		"f > 5":                      NotANumber, // an Integer is wanted, and 5.5 is none
		"f > 5.0":                    True,
		"f > n":                      True, // two properties are compared as Doubles
		"s > n":                      NotComparable,
		"t":                          False, // a property is a text, not a truth value
		"t = TRUE":                   True,
		"TRUE = t":                   NotText,
		"gone = n":                   Unknown,
		"n = gone":                   False,
		"gone = lost":                True,
		"gone <> lost":               False,
		"gone IS NULL":               True,
		"NOT gone":                   Unknown,
		"s = 5 OR TRUE":              NotANumber,
		"TRUE OR s = 5":              True,
		"n = 5 whatever follows":     True,
		"n = 0x5":                    False, // 0, and what follows is not read
		"n = 5 -- no line ends here": True,  // two signs that are not read
	} {
		e, err := Parse(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
		} else if got := e.Evaluate(p); got != want {
			t.Errorf("%s is %v, want %v", expression, got, want)
		}
	}
}

func TestAnErrorNamesWhatAndWhere(t *testing.T) {
	for expression, want := range map[string]string{
		"a = 'x":                  `not readable at byte 4: no token begins with "'x"`,
		"a = ":                    "not SQL92 at byte 4: the end where an operand is expected",
		"a BETWEEN 1 OR 2":        `not SQL92 at byte 12: "OR" where AND is expected`,
		"a NOT LIKE 'x'":          `not SQL92 at byte 6: "LIKE" where BETWEEN or IN is expected`,
		"b AND 5":                 `not SQL92 at byte 6: "5" is no condition`,
		"a > 'x'":                 `wrong operand at byte 4: "'x'" has no order: only numbers and properties do`,
		"a > (b = 1)":             "wrong operand at byte 5: a condition has no order: only numbers and properties do",
		"a = NULL":                "wrong operand at byte 4: NULL is compared by IS NULL only",
		"'a' IN ('a')":            "wrong operand at byte 0: IN is for properties only",
		"a BETWEEN 2 AND 1":       "wrong operand at byte 10: the lower bound of BETWEEN is not below the upper one",
		"a = 9223372036854775808": `wrong number at byte 4: "9223372036854775808" does not fit into 64 bits`,
		"a = 0.0":                 `wrong operand at byte 4: "0.0" is out of range: RocketMQ takes no 0.0 and nothing above 1.8e308`,
	} {
		_, err := Parse(expression)
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", expression, err, want)
		}
	}
}

func TestSizeAndDepthAreBounded(t *testing.T) {
	within := map[string]string{
		"long":   "a IN ('" + strings.Repeat("x", MaxBytes-9) + "')",
		"many":   "a = 1" + strings.Repeat(" OR a = 1", 20_000),
		"deep":   strings.Repeat("NOT ", MaxDepth-1) + "a",
		"nested": strings.Repeat("(", MaxNesting-1) + "a" + strings.Repeat(")", MaxNesting-1),
	}
	beyond := map[string]string{
		"long":   "a IN ('" + strings.Repeat("x", MaxBytes-8) + "')",
		"deep":   strings.Repeat("NOT ", MaxDepth) + "a",
		"chain":  "a" + strings.Repeat(" IS NULL", MaxDepth+1),
		"nested": strings.Repeat("(", MaxNesting) + "a" + strings.Repeat(")", MaxNesting),
		"signs":  strings.Repeat("+", MaxBytes-1) + "a",
		"minus":  strings.Repeat("-", MaxBytes-1) + "a",
	}
	for name, expression := range within {
		if _, err := Parse(expression); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, expression := range beyond {
		_, err := Parse(expression)
		var bound *Error
		if !errors.As(err, &bound) || bound.Kind != Bound {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestEvaluationAllocatesNothing(t *testing.T) {
	p := properties("n", "5", "f", " 5.5e0 ", "s", "abc", "t", "true")
	for _, expression := range []string{
		"n = 5 AND f > 5.25 OR s IN ('a', 'b', 'c', 'd', 'abc') AND NOT gone IS NULL", "f > n", "n BETWEEN 1 AND 9223372036854775807", "t = TRUE", "s > n", "s = 5", "-n = 5", "n <> s",
	} {
		e, err := Parse(expression)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() { e.Evaluate(p) }); n != 0 {
			t.Errorf("%s: %v allocations", expression, n)
		}
	}
}

// FuzzParse wants no panic, whatever comes, and an expression that prints as itself.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"a = 5 AND b IN ('x', 'it''s')", "NOT (a BETWEEN 1 AND 2.5) OR c IS NOT NULL", "+(1 AND a #)", "-- x\n/* y */ -a <> .5e3", "a = 'x''", "TRUE = (a > b)", "((", "a = 1 b",
	} {
		f.Add(seed)
	}
	p := properties("a", "5", "b", "x", "c", "1.5")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(e.String())
		if err != nil {
			if bound := new(Error); errors.As(err, &bound) && bound.Kind == Bound && len(e.String()) > MaxBytes {
				return
			}
			t.Fatalf("%q prints as %q: %v", text, e, err)
		}
		if again.String() != e.String() || again.Evaluate(p) != e.Evaluate(p) {
			t.Fatalf("%q prints as %q and %q, verdicts %v and %v", text, e, again, e.Evaluate(p), again.Evaluate(p))
		}
	})
}

func BenchmarkEvaluate(b *testing.B) {
	p := properties("UNIQ_KEY", "7F0000010000000000000000", "TAGS", "TagA", "region", "hangzhou", "amount", "150", "price", "9.5", "WAIT", "true")
	for name, expression := range map[string]string{
		"equal": "region = 'hangzhou'", "number": "amount > 100", "float": "price BETWEEN 1.5 AND 10.5", "in": "TAGS IN ('TagA', 'TagB', 'TagC')",
		"typical": "(TAGS IS NOT NULL AND TAGS IN ('TagA', 'TagB')) AND (amount IS NOT NULL AND amount BETWEEN 0 AND 300)",
	} {
		e, err := Parse(expression)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !e.Matches(p) {
					b.Fatal("no match")
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("(TAGS IS NOT NULL AND TAGS IN ('TagA', 'TagB')) AND (amount IS NOT NULL AND amount BETWEEN 0 AND 300)"); err != nil {
			b.Fatal(err)
		}
	}
}
