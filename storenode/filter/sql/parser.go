package sql

import "fmt"

// parser reads an expression by the grammar of SelectorParser, in its order: what is wrong first is what it says. The
// first error stays; from there on no token is seen, so that every loop ends.
type parser struct {
	lexer
	seen    [2]token // tokens looked at but not taken
	ahead   int      // how many
	nesting int
	err     *Error

	// Behind a + the Java parser looks ahead over the whole operand before it reads it: an error of its grammar comes
	// before one of its meaning, which is kept back in deferred until the operand is read.
	plusses  int
	deferred *Error
}

// part is a node with what is known while it is built.
type part struct {
	node  node
	depth int
	at    int
}

func (p *parser) fail(e *Error) {
	if p.err == nil {
		p.err = e
	}
}

// refuse is for what the grammar allows and the meaning does not.
func (p *parser) refuse(kind Kind, at int, format string, args ...any) {
	e := &Error{kind, at, fmt.Sprintf(format, args...)}
	if p.plusses == 0 {
		p.fail(e)
	} else if p.deferred == nil {
		p.deferred = e
	}
}

// look returns a token that is n behind the next one, without taking it.
func (p *parser) look(n int) token {
	for p.ahead <= n && p.err == nil {
		t, err := p.next()
		if err != nil {
			p.fail(err)
			break
		}
		p.seen[p.ahead] = t
		p.ahead++
	}
	if p.err != nil {
		return token{}
	}
	return p.seen[n]
}

func (p *parser) take() token {
	t := p.look(0)
	if p.err == nil {
		p.seen[0] = p.seen[1]
		p.ahead--
	}
	return t
}

func (p *parser) expect(want tokenKind) token {
	if p.look(0).kind != want {
		p.unexpected(p.look(0), want.String())
	}
	return p.take()
}

func (p *parser) unexpected(t token, want string) {
	found := shown(t.text)
	if t.kind == endOfText {
		found = "the end"
	}
	p.fail(&Error{Grammar, t.at, fmt.Sprintf("%s where %s is expected", found, want)})
}

func (p *parser) orExpression() part {
	return p.chain(or, p.andExpression, func(all []node) node { return anyOf(all) })
}

func (p *parser) andExpression() part {
	return p.chain(and, p.equality, func(all []node) node { return allOf(all) })
}

// chain reads operands with the same operator between them.
func (p *parser) chain(operator tokenKind, operand func() part, join func([]node) node) part {
	first := operand()
	if p.look(0).kind != operator {
		return first
	}
	var all []node
	joined := part{at: first.at}
	add := func(o part) {
		all = append(all, p.boolean(o).node)
		joined.depth = max(joined.depth, o.depth)
	}
	for p.look(0).kind == operator {
		p.take()
		next := operand()
		if all == nil {
			add(first)
		}
		add(next)
	}
	return p.over(join(all), joined)
}

func (p *parser) equality() part {
	left := p.comparison()
	for {
		switch p.look(0).kind {
		case equals:
			p.take()
			left = p.equal(left, p.comparison())
		case differs:
			p.take()
			left = p.negation(p.equal(left, p.comparison()))
		case is:
			left = p.nullTest(left)
		default:
			return left
		}
	}
}

func (p *parser) nullTest(left part) part {
	p.take()
	negated := p.look(0).kind == not
	if negated {
		p.take()
	}
	p.expect(isNull)
	test := p.over(missing{left.node}, left)
	if negated {
		return p.negation(test)
	}
	return test
}

func (p *parser) comparison() part {
	left := p.unary()
	for {
		next := p.look(0)
		switch next.kind {
		case greater, greaterOrEqual, less, lessOrEqual:
			p.take()
			left = p.compared(left, next.kind, p.unary())
		case not:
			left = p.negated(left)
		case between:
			left = p.within(left, false)
		case in:
			left = p.among(left, false)
		default:
			return left
		}
	}
}

// negated reads NOT BETWEEN and NOT IN.
func (p *parser) negated(left part) part {
	switch second := p.look(1); second.kind {
	case between:
		p.take()
		return p.within(left, true)
	case in:
		p.take()
		return p.among(left, true)
	default:
		p.unexpected(second, "BETWEEN or IN")
		return left
	}
}

func (p *parser) within(left part, negated bool) part {
	p.take()
	low := p.unary()
	p.expect(and)
	high := p.unary()
	if negated {
		return p.notBetween(left, low, high)
	}
	return p.between(left, low, high)
}

func (p *parser) among(left part, negated bool) part {
	p.take()
	p.expect(opening)
	texts := []string{unquote(p.expect(quoted).text)}
	for p.look(0).kind == comma {
		p.take()
		texts = append(texts, unquote(p.expect(quoted).text))
	}
	p.expect(closing)
	return p.member(left, texts, negated)
}

func (p *parser) unary() part {
	if p.nesting++; p.nesting > MaxNesting {
		p.fail(&Error{Bound, p.look(0).at, fmt.Sprintf("more than %d parentheses and signs within each other", MaxNesting)})
	}
	defer func() { p.nesting-- }()
	switch p.look(0).kind {
	case plus:
		p.take()
		return p.unchanged()
	case minus:
		p.take()
		operand := p.unary()
		return p.over(negative{operand.node}, operand)
	case not:
		p.take()
		return p.negation(p.boolean(p.unary()))
	default:
		return p.primary()
	}
}

// unchanged reads the operand of a +.
func (p *parser) unchanged() part {
	p.plusses++
	operand := p.unary()
	p.plusses--
	if p.plusses == 0 && p.deferred != nil {
		p.fail(p.deferred)
	}
	return operand
}

func (p *parser) primary() part {
	t := p.look(0)
	if t.kind == opening {
		p.take()
		inner := p.orExpression()
		p.expect(closing)
		return inner
	}
	read := operands[t.kind]
	if read == nil {
		p.unexpected(t, "an operand")
		return part{node: constant{}}
	}
	p.take()
	n, err := read(t.text)
	if err != nil {
		p.refuse(err.Kind, t.at, "%s", err.Reason)
	}
	return part{node: n, at: t.at}
}
