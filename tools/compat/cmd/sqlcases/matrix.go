package main

import (
	"iter"
	"strings"
)

// operands has one of each kind that an operator can meet.
var operands = []string{
	"a", "b", "A", "(a)", "+a", "-a", "- -a", "5", "-5", "2147483648", "9007199254740993", "1.5", "-1.5", "3.0", "'5'", "'abc'", "''", "'it''s'",
	"TRUE", "FALSE", "NULL", "(a = b)", "(a > 1)", "(a IS NULL)", "(c IN ('abc', '5'))", "(NOT a)", "(a AND b)", "-(a = 5)", "+'5'", "+TRUE",
}

var (
	binary = []string{"=", "<>", ">", ">=", "<", "<=", "AND", "OR"}
	// of one operand: § stands for it
	unary = []string{"§", "NOT §", "NOT NOT §", "-§", "+§", "(§)", "§ IS NULL", "§ IS NOT NULL", "§ IN ('5', 'abc')", "§ NOT IN ('5')", "§ BETWEEN 1 AND 5",
		"§ NOT BETWEEN 1 AND 5", "5 BETWEEN § AND 10", "5 BETWEEN 1 AND §", "5 NOT BETWEEN § AND §", "a BETWEEN § AND §", "§ IN ('1','2','3','4','5','abc','abc')",
		"NOT § IS NULL", "§ = b IS NULL", "TRUE AND §", "§ AND FALSE", "FALSE OR §", "§ OR TRUE", "NULL OR §", "NULL AND §", "§ = (a > 1)", "§ > 1 > 2"}
)

// matrix yields each operator with each kind of operand on each side.
func matrix() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, form := range unary {
			for _, operand := range operands {
				if !yield(strings.ReplaceAll(form, "§", operand)) {
					return
				}
			}
		}
		for _, operator := range binary {
			for _, left := range operands {
				for _, right := range operands {
					if !yield(left + " " + operator + " " + right) {
						return
					}
				}
			}
		}
	}
}
