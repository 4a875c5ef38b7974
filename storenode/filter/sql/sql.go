// Package sql reads and evaluates the SQL92 expressions by which a group may choose messages (SelectorParser and the
// expressions of rocketmq-filter 4.9.7). Parse reads one, once; Evaluate looks at a message's properties.
//
// The grammar, the conversions and the three-valued logic are RocketMQ's with their quirks: what follows a complete
// expression is not read; strings are compared as numbers or not at all but by = and <>; a missing property equals
// another one; a comparison that cannot convert fails, and with it the evaluation. testdata holds the verdicts of the real
// evaluator. The package knows no subscriptions, and of a message its properties only.
package sql

import (
	"gantry/remoting/message"
)

// What an expression may be at most, so that neither reading nor evaluating it takes much stack or time. The Java broker
// has no such bounds but its stack's.
const (
	MaxBytes   = 256 << 10
	MaxDepth   = 256  // operators within operators; AND and OR of many operands count once
	MaxNesting = 1024 // parentheses and signs within each other
)

// Expression is a condition on properties, ready to evaluate. It does not change and may be used concurrently.
type Expression struct{ root node }

// Parse reads an expression. Error: *Error.
func Parse(text string) (*Expression, error) {
	if len(text) > MaxBytes {
		return nil, &Error{Kind: Bound, At: MaxBytes, Reason: "the expression is longer than 256 KiB"}
	}
	p := parser{lexer: lexer{text: text}}
	root := p.boolean(p.orExpression())
	if p.err != nil {
		return nil, p.err
	}
	return &Expression{root.node}, nil
}

// String prints the expression so that Parse reads the same again.
func (e *Expression) String() string { return string(e.root.print(nil)) }

// Verdict is what an expression says of a message. Only True is a match.
type Verdict uint8

const (
	False   Verdict = iota
	True            // the message is wanted
	Unknown         // null: a property that counts is missing

	// Failures. The Java evaluator throws, and its broker passes the message over.
	NotANumber    // a text compared with a number is none
	NotComparable // of two texts compared by < or > one is no number
	NotText       // a truth value on the left is compared with a text on the right
)

// Evaluate decides about a message. It allocates nothing.
func (e *Expression) Evaluate(p message.Properties) Verdict {
	v := e.root.evaluate(p)
	if v.kind == null {
		return Unknown
	}
	return Verdict(v.number)
}

// Matches says whether the message is wanted.
func (e *Expression) Matches(p message.Properties) bool { return e.Evaluate(p) == True }
