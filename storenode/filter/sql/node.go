package sql

import (
	"strconv"
	"strings"

	"gantry/remoting/message"
)

// node is an operator with its operands, or an operand. print appends it as Parse reads it.
type node interface {
	evaluate(p message.Properties) value
	print(b []byte) []byte
}

// isCondition says whether a node comes to a truth value or to null (BooleanExpression).
func isCondition(n node) bool {
	switch n := n.(type) {
	case constant:
		return n.kind == boolean || n.kind == null
	case property, negative:
		return false
	}
	return true
}

type (
	constant   struct{ value }
	property   string
	flag       struct{ property } // a property where a condition is wanted
	negative   struct{ operand node }
	opposite   struct{ operand node } // NOT
	missing    struct{ operand node } // IS NULL
	equality   struct{ left, right node }
	allOf      []node // AND
	anyOf      []node // OR
	membership struct {
		property
		texts   []string // as they were written
		set     map[string]struct{}
		negated bool
	}
	order struct {
		left, right node
		by          tokenKind
	}
)

func (c constant) print(b []byte) []byte {
	switch c.kind {
	case boolean:
		return append(b, strings.ToUpper(strconv.FormatBool(c.number == 1))...)
	case integer, long:
		return strconv.AppendInt(b, c.number, 10)
	case double:
		return strconv.AppendFloat(b, c.float, 'e', -1, 64)
	case textual:
		return printText(b, string(c.text))
	}
	return append(b, isNull.String()...)
}

func printText(b []byte, text string) []byte {
	b = append(b, '\'')
	b = append(b, strings.ReplaceAll(text, "'", "''")...)
	return append(b, '\'')
}

func (n property) print(b []byte) []byte { return append(b, n...) }

func (n negative) print(b []byte) []byte { return append(n.operand.print(append(b, "(- "...)), ')') }

func (n opposite) print(b []byte) []byte { return append(n.operand.print(append(b, "(NOT "...)), ')') }

func (n missing) print(b []byte) []byte {
	return append(n.operand.print(append(b, '(')), " IS NULL)"...)
}

func (n equality) print(b []byte) []byte { return printAll(b, " = ", n.left, n.right) }

func (n order) print(b []byte) []byte { return printAll(b, " "+n.by.String()+" ", n.left, n.right) }

func (n allOf) print(b []byte) []byte { return printAll(b, " AND ", n...) }

func (n anyOf) print(b []byte) []byte { return printAll(b, " OR ", n...) }

func printAll(b []byte, between string, operands ...node) []byte {
	b = append(b, '(')
	for i, o := range operands {
		if i > 0 {
			b = append(b, between...)
		}
		b = o.print(b)
	}
	return append(b, ')')
}

func (n membership) print(b []byte) []byte {
	b = append(append(b, '('), n.property...)
	if n.negated {
		b = append(b, " NOT"...)
	}
	b = append(b, " IN ("...)
	for i, text := range n.texts {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = printText(b, text)
	}
	return append(b, "))"...)
}
