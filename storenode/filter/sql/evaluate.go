package sql

import "gantry/remoting/message"

// holds says per operator which results of a comparison are true.
var holds = [...]func(order int) bool{
	greater:        func(order int) bool { return order > 0 },
	greaterOrEqual: func(order int) bool { return order >= 0 },
	less:           func(order int) bool { return order < 0 },
	lessOrEqual:    func(order int) bool { return order <= 0 },
}

func (c constant) evaluate(message.Properties) value { return c.value }

func (n property) evaluate(p message.Properties) value {
	if text, found := p.Lookup(string(n)); found {
		return value{kind: textual, text: text}
	}
	return value{}
}

// evaluate of a flag: the texts of properties are no truth values.
func (n flag) evaluate(p message.Properties) value {
	if p.Has(string(n.property)) {
		return truth(false)
	}
	return value{}
}

func (n negative) evaluate(p message.Properties) value {
	v := n.operand.evaluate(p)
	switch {
	case v.isNumber():
		v.number, v.float = -v.number, -v.float
		return v
	case v.kind == failure:
		return v
	}
	return value{}
}

func (n opposite) evaluate(p message.Properties) value {
	v := n.operand.evaluate(p)
	if v.kind == boolean {
		v.number = 1 - v.number
	}
	return v
}

func (n missing) evaluate(p message.Properties) value {
	v := n.operand.evaluate(p)
	if v.kind == failure {
		return v
	}
	return truth(v.kind == null)
}

// evaluate of an equality: nothing on both sides is equal; nothing on the left alone is unknown, on the right alone it is
// a difference.
func (n equality) evaluate(p message.Properties) value {
	l := n.left.evaluate(p)
	if l.kind == failure {
		return l
	}
	r := n.right.evaluate(p)
	switch {
	case r.kind == failure:
		return r
	case l.kind == null && r.kind == null:
		return truth(true)
	case l.kind == null:
		return value{}
	case r.kind == null:
		return truth(false)
	}
	order, why := compare(l, r)
	if why != 0 {
		return failed(why)
	}
	return truth(order == 0)
}

func (n order) evaluate(p message.Properties) value {
	l := n.left.evaluate(p)
	if l.kind == null || l.kind == failure {
		return l
	}
	r := n.right.evaluate(p)
	if r.kind == null || r.kind == failure {
		return r
	}
	var order int
	var why Verdict
	if l.kind == textual && r.kind == textual {
		order, why = compareTexts(l.text, r.text)
	} else {
		order, why = compare(l, r)
	}
	if why != 0 {
		return failed(why)
	}
	return truth(holds[n.by](order))
}

// evaluate of AND ends at the first false or failure.
func (n allOf) evaluate(p message.Properties) value { return decide(n, p, 0) }

// evaluate of OR ends at the first true or failure.
func (n anyOf) evaluate(p message.Properties) value { return decide(n, p, 1) }

// decide looks for the first operand that is the decisive truth value; without one the result is null where an operand
// was, else the other truth value.
func decide(operands []node, p message.Properties, decisive int64) value {
	result := value{kind: boolean, number: 1 - decisive}
	for _, o := range operands {
		switch v := o.evaluate(p); {
		case v.kind == failure, v.kind == boolean && v.number == decisive:
			return v
		case v.kind == null:
			result = value{}
		}
	}
	return result
}

func (n membership) evaluate(p message.Properties) value {
	text, found := p.Lookup(string(n.property))
	if !found {
		return value{}
	}
	_, in := n.set[string(text)]
	return truth(in != n.negated)
}
