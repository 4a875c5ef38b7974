package sql

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// operands reads the tokens that are an operand by themselves.
var operands = [minus + 1]func(text string) (node, *Error){
	isTrue:     func(string) (node, *Error) { return constant{truth(true)}, nil },
	isFalse:    func(string) (node, *Error) { return constant{truth(false)}, nil },
	isNull:     func(string) (node, *Error) { return constant{}, nil },
	identifier: func(name string) (node, *Error) { return property(name), nil },
	quoted: func(text string) (node, *Error) {
		return constant{value{kind: textual, text: []byte(unquote(text))}}, nil
	},
	decimal:  wholeNumber,
	floating: floatingNumber,
}

// wholeNumber makes an Integer where there is room in one, else a Long.
func wholeNumber(text string) (node, *Error) {
	n, err := strconv.ParseInt(strings.TrimRight(text, "lL"), 10, 64)
	if err != nil {
		return constant{}, &Error{Kind: Number, Reason: shown(text) + " does not fit into 64 bits"}
	}
	if int64(int32(n)) == n {
		return constant{value{kind: integer, number: n}}, nil
	}
	return constant{value{kind: long, number: n}}, nil
}

// floatingNumber refuses 0.0 and whatever is rounded to it, as the Java parser takes the smallest positive number for
// the lower bound.
func floatingNumber(text string) (node, *Error) {
	f, _ := strconv.ParseFloat(text, 64)
	if f == 0 || math.IsInf(f, 0) {
		return constant{}, &Error{Kind: Operand, Reason: shown(text) + " is out of range: RocketMQ takes no 0.0 and nothing above 1.8e308"}
	}
	return constant{value{kind: double, float: f}}, nil
}

// unquote returns what a string token stands for. It is "" after an error.
func unquote(text string) string {
	if len(text) < 2 {
		return ""
	}
	return strings.ReplaceAll(text[1:len(text)-1], "''", "'")
}

// over puts a node above the deepest of parts and checks that this is not too deep.
func (p *parser) over(n node, operands ...part) part {
	made := part{node: n, at: operands[0].at}
	for _, o := range operands {
		made.depth = max(made.depth, o.depth+1)
	}
	if made.depth > MaxDepth {
		p.fail(&Error{Bound, made.at, fmt.Sprintf("more than %d operators within each other", MaxDepth)})
	}
	return made
}

// boolean makes a condition of a part. A property is one, though never true: its values are texts.
func (p *parser) boolean(operand part) part {
	if name, ok := operand.node.(property); ok {
		return p.over(flag{name}, operand)
	}
	if !isCondition(operand.node) {
		p.refuse(Grammar, operand.at, "%s is no condition", shown(string(operand.node.print(nil))))
	}
	return operand
}

func (p *parser) negation(operand part) part { return p.over(opposite{operand.node}, operand) }

func (p *parser) equal(left, right part) part {
	for _, o := range []part{left, right} {
		if c, ok := o.node.(constant); ok && c.kind == null {
			p.refuse(Operand, o.at, "NULL is compared by IS NULL only")
		}
	}
	l, leftConstant := left.node.(constant)
	r, rightConstant := right.node.(constant)
	if leftConstant && rightConstant && l.kind == boolean && r.kind != boolean {
		p.refuse(Operand, right.at, "a truth value is compared with truth values only")
	}
	return p.over(equality{left.node, right.node}, left, right)
}

// ordered says whether > and the like take the operand.
func (p *parser) ordered(operand part) {
	c, isConstant := operand.node.(constant)
	switch {
	case isConstant && !c.isNumber():
		p.refuse(Operand, operand.at, "%s has no order: only numbers and properties do", shown(string(c.print(nil))))
	case !isConstant && isCondition(operand.node):
		p.refuse(Operand, operand.at, "a condition has no order: only numbers and properties do")
	}
}

func (p *parser) compared(left part, by tokenKind, right part) part {
	p.ordered(left)
	p.ordered(right)
	return p.over(order{left.node, right.node, by}, left, right)
}

func (p *parser) between(operand, low, high part) part {
	l, lowConstant := low.node.(constant)
	h, highConstant := high.node.(constant)
	if lowConstant && highConstant {
		p.bounds(l, h, low.at)
	}
	from, to := p.compared(operand, greaterOrEqual, low), p.compared(operand, lessOrEqual, high)
	return p.over(allOf{from.node, to.node}, from, to)
}

// bounds refuses constants that nothing lies between.
func (p *parser) bounds(low, high constant, at int) {
	if low.kind == null || high.kind == null {
		p.refuse(Operand, at, "NULL is no bound of BETWEEN")
		return
	}
	switch order, failed := compare(high.value, low.value); {
	case failed == NotText:
		p.refuse(Mixed, at, "bounds of BETWEEN that cannot be compared")
	case failed != 0 || order < 0:
		p.refuse(Operand, at, "the lower bound of BETWEEN is not below the upper one")
	}
}

func (p *parser) notBetween(operand, low, high part) part {
	below, above := p.compared(operand, less, low), p.compared(operand, greater, high)
	return p.over(anyOf{below.node, above.node}, below, above)
}

func (p *parser) member(operand part, texts []string, negated bool) part {
	name, ok := operand.node.(property)
	if !ok {
		p.refuse(Operand, operand.at, "IN is for properties only")
	}
	set := make(map[string]struct{}, len(texts))
	for _, text := range texts {
		set[text] = struct{}{}
	}
	return p.over(membership{name, texts, set, negated}, operand)
}
