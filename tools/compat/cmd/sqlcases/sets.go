package main

import (
	"math/rand/v2"
	"strings"
)

const propertySets = 512

// generator makes cases up.
type generator struct{ rand *rand.Rand }

func pick[T any](g *generator, from []T) T { return from[g.rand.IntN(len(from))] }

func (g *generator) chance(percent int) bool { return g.rand.IntN(100) < percent }

// names are the properties that sets have and expressions ask for; some differ in case alone, some are never there.
var names = []string{"a", "b", "c", "A", "B", "_x", "$y", "TAGS", "region", "n1"}

var (
	wholes = []string{"0", "1", "-1", "2", "3", "5", "+5", "10", "100", "007", "2147483647", "2147483648", "-2147483648", "-2147483649",
		"9223372036854775807", "-9223372036854775808", "9223372036854775808", "99999999999999999999", "9007199254740993", "-0"}
	fractions = []string{"1.5", ".5", "5.", "-2.5", "1e3", "1E3", "1e+3", "1e-3", "1e400", "1e-400", "0.0", "-0.0", "1f", "1D", "1.5F", "0x1p3", "0x1F", "0X1.8P1",
		"0x.8p1", "0x1p", "NaN", "-NaN", "Infinity", "-Infinity", "+Infinity", "inf", "nan", "1e", "1e+", "4.9E-324", "1.7976931348623157E308", "3.0", "10.0",
		"9007199254740992.0", "1_000", "1.5.2", "0x1p3f", "1ff", "1e99999999999", "100000000000000000000000000000000000001"}
	texts = []string{"abc", "ABC", "true", "TRUE", "True", "false", "yes", "it's", "a b", " 5", "5 ", "\t5\n", " 1.5 ", "５", "٥", "１.５", "täg", "标签", "🦀", "null", "x'y",
		"5L", "-", "+", " ", "--", "hangzhou", "a || b", "\\", "'", "''", "\u00a05", "1 2", "\x035\x04", "𝟓", "tRuE", "ſ"}
)

// set is one property set as a line has it. Its values are of one kind mostly, so that comparisons do not all fail.
func (g *generator) set() string {
	kinds := [][]string{wholes, wholes, fractions, texts, texts}
	kind := pick(g, kinds)
	var b strings.Builder
	for _, name := range names {
		if g.chance(30) {
			continue
		}
		values := kind
		if g.chance(25) {
			values = pick(g, kinds)
		}
		value := pick(g, values)
		b.WriteString("\t" + name + "=" + escape.Replace(value))
	}
	return b.String()
}
