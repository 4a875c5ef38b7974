package main

import "strings"

// byHand are expressions in which RocketMQ's grammar or evaluator is known to do, or may be thought to do, the unexpected.
var byHand = []string{
	// what follows a complete expression is not read, but for one token
	"a = 1 b", "a = 1 b #", "a = 1 #", "a = 1 1 = 2", "a = 1 ) OR TRUE", "a IS NULL xyz !!!", "TRUE;", "TRUE 'x", "TRUE , FALSE", "a (b)", "a 5 = 5", "TRUE TRUE",
	"a LIKE 'x%'", "a CONTAINS 'x'", "a STARTSWITH 'x'", "a ENDSWITH 'x'", "a NOT LIKE 'x'", "a + 1 = 2", "a - 1 = 2", "a * 2 = 4", "a / 2 = 1", "a % 2 = 0", "a == 1", "a != 1",
	"a = 1 && b = 2", "a = 1 || b = 2", "a = \"x\"", "a XOR b", "a IS TRUE", "a IS NOT", "a IS", "IS NULL", "NOT", "a NOT", "a NOT NULL", "a NOT b", "a BETWEEN", "a BETWEEN 1",
	"a BETWEEN 1 AND", "a BETWEEN 1 OR 2", "a BETWEEN 1, 2", "a NOT BETWEEN 5 AND 1", "a BETWEEN 5 AND 1", "a BETWEEN 1 AND 5 AND b = 1", "a BETWEEN 1 AND 5 OR TRUE",
	"a BETWEEN b AND c", "a BETWEEN 1 AND b", "a BETWEEN b AND 1", "a BETWEEN -5 AND 5", "a BETWEEN 5 AND -5", "a BETWEEN -(5) AND 5", "a BETWEEN (1) AND (5)", "a BETWEEN 1.5 AND 2",
	"a BETWEEN 2 AND 1.5", "a BETWEEN 2147483648 AND 1", "a BETWEEN 1 AND 2147483648", "a BETWEEN 1 AND 9223372036854775807", "a BETWEEN NULL AND 5", "a BETWEEN 1 AND NULL",
	"a BETWEEN 'a' AND 'b'", "a BETWEEN 'b' AND 'a'", "a BETWEEN '1' AND 5", "a BETWEEN 1 AND '5'", "a BETWEEN 1 AND 'x'", "a BETWEEN 'x' AND 1", "a BETWEEN TRUE AND FALSE",
	"a BETWEEN FALSE AND TRUE", "a BETWEEN TRUE AND 'x'", "a BETWEEN 'x' AND TRUE", "a BETWEEN 'true' AND TRUE", "a BETWEEN 1 AND TRUE", "a BETWEEN TRUE AND 1", "'x' BETWEEN 1 AND 2",
	"(a = b) BETWEEN 1 AND 2", "a BETWEEN (a = b) AND 2", "a BETWEEN 1 AND (a = b)", "a BETWEEN 1 AND 5 BETWEEN 1 AND 2", "NOT a BETWEEN 1 AND 5", "a > 1 BETWEEN 1 AND 5",
	// IN
	"a IN ()", "a IN ('x'", "a IN ('x',)", "a IN 'x'", "a IN (1)", "a IN (1, 2)", "a IN (b)", "a IN ('5', 5)", "a IN ('')", "'a' IN ('a')", "5 IN ('5')", "(a) IN ('5')", "+a IN ('5')",
	"-a IN ('5')", "NOT a IN ('5')", "a IN ('5') = TRUE", "a IN ('5') IN ('5')", "a NOT IN ()", "a NOT IN ('abc', 'ABC')", "a IN ('it''s')", "a IN ('5') AND b", "NULL IN ('x')", "TRUE IN ('true')",
	"a IN ('标签', 'täg', '🦀')", "a in ('a','b','c','d','e','5') or b not in ('a','b','c','d','e','5')", "a IN ('x'')", "a IN ('x'', 'y')",
	// numbers
	"a = 0", "a = 00", "a = 007", "a = 0x1F", "a = 0X10", "a = 017", "a = 5L", "a = 5l", "a = 0L", "a = 5LL", "a = 5la", "a = 2147483647", "a = 2147483648", "a = -2147483648", "a = -2147483649",
	"a = 9223372036854775807", "a = 9223372036854775808", "a = -9223372036854775808", "a = -9223372036854775807", "a = 99999999999999999999", "a = 99999999999999999999L", "a = 1.", "a = .5",
	"a = 1.5", "a = 1.5.2", "a = 1..2", "a = .", "a = .e5", "a = 1e3", "a = 1E+3", "a = 1e-3", "a = 1e", "a = 1e+", "a = 1.e3", "a = 1.5e", "a = 0.0", "a = -0.0", "a = 0e0", "a = 0.", "a = .0", "a = 00.5",
	"a = 1e400", "a = 1e-400", "a = 4.9e-324", "a = 2e-324", "a = 3e-324", "a = 1.7976931348623157e308", "a = 1.7976931348623159e308", "a = 1.5f", "a = 1.5d", "a = NaN", "a = Infinity", "a > NaN",
	"a = 9007199254740993", "a = 9007199254740993.0", "9007199254740993 = 9007199254740992.0", "5 = 5.0", "5 = 5L", "5 <> 5.0", "5 > 4.9", "2147483648 > 2147483647", "2147483648 = 2147483648.0",
	"1 = 1", "1 < 2", "2 < 1", "-1 < 1", "- 1 = -1", "--1 = 1", "- -1 = 1", "-+1 = -1", "+-1 = -1", "+ + 1 = 1", "1 = 1 = TRUE", "1 = 1 = 1", "TRUE = 1 = 1", "-'5' = 5", "-TRUE = 5", "-NULL = 5", "-a = -5", "-a IS NULL", "-5 IS NULL",
	// truth values and null
	"TRUE", "FALSE", "NULL", "true", "False", "nUlL", "NOT TRUE", "NOT NULL", "NOT FALSE", "NOT 5", "NOT 'x'", "NOT -a", "NOT a", "NOT NOT a", "5", "'x'", "-5", "-a", "1.5", "+a", "+5", "(a)", "((a))", "()", "", " ", "\n",
	"NULL = NULL", "a = NULL", "NULL = a", "a <> NULL", "NULL <> NULL", "NULL IS NULL", "NULL IS NOT NULL", "TRUE IS NULL", "5 IS NULL", "'x' IS NOT NULL", "a IS NULL", "a IS NOT NULL", "a is null", "a IS NULL IS NULL",
	"a IS NULL IS NOT NULL", "(a = b) IS NULL", "(a > b) IS NULL", "(a > 5) IS NOT NULL", "NOT (a IS NULL)", "TRUE = TRUE", "TRUE = FALSE", "TRUE <> FALSE", "TRUE = 'true'", "'true' = TRUE", "'x' = FALSE", "TRUE = 1", "1 = TRUE",
	"TRUE > FALSE", "a > TRUE", "TRUE = a", "a = TRUE", "FALSE = a", "a = FALSE", "a <> TRUE", "(a > 1) = TRUE", "TRUE = (a > 1)", "(a > 1) = 'x'", "'x' = (a > 1)", "(a > 1) = 5", "5 = (a > 1)", "(a > 1) = b", "b = (a > 1)", "(a = b) = (b = c)",
	"a = b", "a <> b", "a = b = c", "a = b = TRUE", "a = a", "zzz = yyy", "zzz <> yyy", "zzz = 'x'", "'x' = zzz", "zzz > 5", "5 > zzz", "zzz > yyy", "zzz IS NULL", "NOT zzz", "zzz", "zzz AND TRUE", "zzz OR TRUE", "zzz AND FALSE", "zzz OR FALSE",
	"TRUE AND NULL", "FALSE AND NULL", "NULL AND TRUE", "NULL AND FALSE", "NULL AND NULL", "TRUE OR NULL", "FALSE OR NULL", "NULL OR TRUE", "NULL OR FALSE", "NULL OR NULL", "NOT (NULL OR FALSE)", "5 AND TRUE", "TRUE AND 5", "'x' OR TRUE", "TRUE OR 'x'",
	// comparisons of texts
	"a > '5'", "'5' > a", "a > 'abc'", "'a' < 'b'", "a > b", "a >= b", "a < b", "a <= b", "b > a", "a > a", "a >= a", "a = 'abc'", "a = 'ABC'", "A = 'abc'", "a <> 'abc'", "a = '5'", "'5' = a", "a = 5", "5 = a", "a = '5.0'", "a = 5.0", "a <> 5",
	"'5' = 5", "5 = '5'", "'x' = 5", "5 = 'x'", "'x' = 'x'", "'x' = 'y'", "'x' <> 'y'", "'5' > 4", "4 < '5'", "5 > 4", "a > -5", "a > -b", "-a > b", "-a > -b", "a > (b)", "a > +b", "(a = b) > 1", "1 > (a = b)", "a > 1 > 2", "a > 1 = TRUE", "1 < a < 5",
	// precedence
	"a = 1 OR b = 2 AND c = 3", "(a = 1 OR b = 2) AND c = 3", "NOT a = 1", "NOT (a = 1)", "NOT a = 1 AND b = 2", "NOT a > 1", "NOT (a > 1)", "NOT a IS NULL", "a = 1 AND NOT b = 2", "a = b > c", "a > b = c", "a = b IS NULL", "a IS NULL = b IS NULL",
	"a = 1 AND b = 2 AND c = 3 OR a = 5", "a > 1 AND a < 10 OR a IS NULL", "TRUE OR a > 'x'", "FALSE AND a > 'x'", "TRUE OR (a = 5)", "(a = 5) OR TRUE", "FALSE AND (a = 5)", "(a = 5) AND FALSE", "NULL OR (a = 5)", "a = 'x' OR a = 5 OR TRUE",
	// strings, comments, blanks
	"a = 'it''s'", "a = ''", "a = ''''", "a = 'x", "a = 'x''", "a = 'x'' b", "a = x'", "a = '''", "a = 'a' 'b'", "a = 'x\ny'", "a = '\t'", "a = 'täg'", "a = '标签'", "a = '🦀'", "a = täg", "a = 'a\\'b'", "a = '--'", "a = '/*'", "täg = 1", "a\u00a0= 1", "a\v= 1",
	"a=1", "a= 1", "a\t=\n1\r\n", "\fa = 1", "-- note\na = 1", "a = 1 -- note", "a = 1 -- note\n", "a -- note\r= 1", "a -- note\r\n= 1", "a = --\n1", "a = -- 1", "-- note", "--\n", "/* note */ a = 1", "a /* x */ = /**/ 1", "a = 1 /* note", "/* a */", "/**", "/*/ a = 1",
	"/***/ a = 1", "/* * / ** */ a = 1", "a /* /* */ = 1", "a = 1 /* x */ OR TRUE", "a/**/IN/**/('5')", "/ a", "a = 1 /", "a @ b", "a ! b", "a [1]", "a { }", "a ~ b", "a = ?", "a = :x", "a.b = 1", "a . b", "$y = 1", "_x = 1", "$ = 1", "_ = 1", "a$b_1 IS NULL", "1a = 1", "a1 IS NULL",
	"a and b", "a And b", "a aNd b", "NOTa", "NOT(a)", "a ANDb", "a=1OR b=2", "a=1 OR(b=2)", "BETWEEN = 1", "in = 1", "TRUEx", "xTRUE IS NULL", "NULLx IS NULL", "IS IS NULL", "tags IS NULL", "TAGS IS NOT NULL AND TAGS IN ('abc', 'hangzhou')",
	// signs look ahead over their operand
	"+(1 AND a)", "+(1 AND a AND )", "+(1 AND a AND #)", "+(a > 'x' AND )", "+(a > 'x' AND #)", "+(a > 'x') #", "+(a > 'x')", "+(5 IN ('x')) = TRUE", "+(5 IN ('x')", "+", "+)", "-", "-(", "+(a NOT b)", "+99999999999999999999 = 1", "+(99999999999999999999 = )", "+ +(1 AND a) #", "-(1 AND a AND #)",
	"(a", "a)", "((a = 1)", "(a = 1))", ")", "(", "a = (1", "a = (b = 1", "(a =) 1", "= 1", "a =", "a = = 1", "a > = 1", "a >= 1", "a => 1", "a < > 1", "a <> 1", "a <= 1", "a =< 1", "a >> 1", "AND", "a AND", "AND a", "a OR", "a AND OR b", "a NOT AND b", "NOT AND",
	strings.Repeat("(", 60) + "a = 1" + strings.Repeat(")", 60), strings.Repeat("NOT ", 51) + "a", strings.Repeat("- ", 40) + "5 = 5", strings.Repeat("+", 40) + "5 = 5", strings.Repeat("(", 30) + "a = 1" + strings.Repeat(")", 29),
	"a = 1" + strings.Repeat(" OR a = 2", 200), "TRUE" + strings.Repeat(" AND TRUE", 200), "a" + strings.Repeat(" IS NULL", 40), "a" + strings.Repeat(" = b", 40),
	"a IN ('0'" + strings.Repeat(", '5'", 300) + ")",
}
