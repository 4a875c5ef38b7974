package main

import (
	"slices"
	"strings"
)

// expression makes one of the grammar's, often with blanks and comments where there may be some, or spoils one.
func (g *generator) expression() string {
	if g.chance(5) {
		return g.noise()
	}
	tokens := g.or(3)
	if g.chance(20) {
		for range 1 + g.rand.IntN(2) {
			tokens = g.spoil(tokens)
		}
	}
	return g.join(tokens)
}

// noise is characters that the tokens are made of, in any order.
func (g *generator) noise() string {
	parts := []string{"a", "b", "'", "''", "\"", "-", "--", "/*", "*/", "/", "*", "\n", "\r", " ", "0", "5", "1.5", ".", "e", "E+", "L", "=", "<", ">", "(", ")", ",", "+", "_", "$", "#",
		"标", "🦀", "NOT", "AND", "OR", "IN", "IS", "NULL", "TRUE", "BETWEEN"}
	var b strings.Builder
	for range 1 + g.rand.IntN(12) {
		b.WriteString(pick(g, parts))
	}
	return b.String()
}

// spoil leaves a token out, doubles, replaces or moves one.
func (g *generator) spoil(tokens []string) []string {
	if len(tokens) == 0 {
		return tokens
	}
	at := g.rand.IntN(len(tokens))
	other := pick(g, []string{"(", ")", ",", "=", "<>", ">", "NOT", "AND", "OR", "IN", "IS", "NULL", "BETWEEN", "TRUE", "5", "'x'", "a", "+", "-", "#", "1.5", "'"})
	switch g.rand.IntN(4) {
	case 0:
		return slices.Delete(slices.Clone(tokens), at, at+1)
	case 1:
		return slices.Insert(slices.Clone(tokens), at, tokens[at])
	case 2:
		return slices.Insert(slices.Clone(tokens), at, other)
	}
	spoiled := slices.Clone(tokens)
	spoiled[at] = other
	return spoiled
}

// join writes the tokens with something between them, and keywords in any case.
func (g *generator) join(tokens []string) string {
	blanks := []string{" ", " ", " ", " ", "  ", "\t", "\n", "\r\n", "\f", "/* x */", " -- x\n", "/***/"}
	plain := g.chance(70)
	var b strings.Builder
	for i, t := range tokens {
		switch {
		case i == 0:
		case plain:
			b.WriteByte(' ')
		case !strings.ContainsAny(t, "(),=<>") || g.chance(50):
			b.WriteString(pick(g, blanks))
		}
		if !plain && g.chance(30) && !strings.HasPrefix(t, "'") && !slices.Contains(names, t) {
			t = strings.ToLower(t)
		}
		b.WriteString(t)
	}
	return b.String()
}

func (g *generator) or(depth int) []string {
	tokens := g.and(depth)
	for g.chance(25) {
		tokens = append(append(tokens, "OR"), g.and(depth)...)
	}
	return tokens
}

func (g *generator) and(depth int) []string {
	tokens := g.equality(depth)
	for g.chance(30) {
		tokens = append(append(tokens, "AND"), g.equality(depth)...)
	}
	return tokens
}

func (g *generator) equality(depth int) []string {
	tokens := g.comparison(depth)
	switch g.rand.IntN(10) {
	case 0:
		return append(tokens, "IS", "NULL")
	case 1:
		return append(tokens, "IS", "NOT", "NULL")
	case 2, 3:
		return append(append(tokens, "="), g.comparison(depth)...)
	case 4:
		return append(append(tokens, "<>"), g.comparison(depth)...)
	}
	return tokens
}

func (g *generator) comparison(depth int) []string {
	switch g.rand.IntN(12) {
	case 0:
		return g.condition(depth)
	case 1:
		return g.list(g.rand.IntN(2) == 0)
	case 2:
		return g.within()
	case 3:
		return []string{pick(g, names)}
	case 4:
		return append(append([]string{pick(g, names)}, pick(g, []string{"=", "<>"})), g.literal()...)
	case 5:
		return append(append(g.literal(), pick(g, []string{"=", "<>"})), pick(g, names))
	case 6:
		return g.operand(depth)
	}
	return append(append(g.ordered(), pick(g, []string{">", ">=", "<", "<="})), g.ordered()...)
}

// condition is one in parentheses, negated or a constant.
func (g *generator) condition(depth int) []string {
	switch {
	case depth == 0:
		return []string{pick(g, []string{"TRUE", "FALSE", "NULL"})}
	case g.chance(30):
		return append([]string{"NOT"}, g.condition(depth-1)...)
	}
	return append(append([]string{"("}, g.or(depth-1)...), ")")
}

func (g *generator) list(negated bool) []string {
	tokens := []string{pick(g, names)}
	if negated {
		tokens = append(tokens, "NOT")
	}
	tokens = append(tokens, "IN", "(", g.text())
	for g.chance(70) {
		tokens = append(tokens, ",", g.text())
	}
	return append(tokens, ")")
}

func (g *generator) within() []string {
	tokens := g.ordered()
	if g.chance(40) {
		tokens = append(tokens, "NOT")
	}
	tokens = append(append(tokens, "BETWEEN"), g.ordered()...)
	return append(append(tokens, "AND"), g.ordered()...)
}

// ordered is what < takes, nearly always.
func (g *generator) ordered() []string {
	switch {
	case g.chance(50):
		return []string{pick(g, names)}
	case g.chance(8):
		return g.literal()
	case g.chance(10):
		return []string{"-", pick(g, names)}
	case g.chance(10):
		return []string{"(", pick(g, names), ")"}
	}
	return g.number()
}

func (g *generator) operand(depth int) []string {
	switch {
	case g.chance(20):
		return append([]string{pick(g, []string{"+", "-", "NOT"})}, g.operand(depth)...)
	case g.chance(40):
		return g.literal()
	case g.chance(30):
		return g.condition(depth)
	}
	return []string{pick(g, names)}
}

func (g *generator) literal() []string {
	switch g.rand.IntN(10) {
	case 0:
		return []string{pick(g, []string{"TRUE", "FALSE", "NULL"})}
	case 1, 2, 3, 4:
		return []string{g.text()}
	}
	return g.number()
}

func (g *generator) number() []string {
	from := wholes
	if g.chance(35) {
		from = []string{"1.5", ".5", "5.", "2.5", "1e3", "1E-3", "1e+3", "3.0", "10.0", "0.0", "1e400", "1e-400", "9007199254740992.0", "100.25", "4.9E-324", "5L", "0", "100L"}
	}
	number := pick(g, from)
	if sign := number[:1]; sign == "-" || sign == "+" {
		return []string{sign, number[1:]}
	}
	return []string{number}
}

func (g *generator) text() string {
	value := pick(g, [][]string{wholes, fractions, texts, texts, {"", "x"}}[g.rand.IntN(5)])
	return "'" + strings.ReplaceAll(value, "'", "''") + "'"
}
