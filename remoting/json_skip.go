package remoting

// What Summarize, and Decode for unknown keys, need not read. Each of these
// passes over exactly what its counterpart in json.go reads.

// skip passes over any value, however deep, without recursion.
func (s *jsonScanner) skip() {
	depth := 0
	for !s.bad {
		switch s.next() {
		case '{', '[':
			depth++
			s.at++
		case '}', ']':
			if s.at++; depth == 0 {
				s.fail()
			}
			depth--
		case '"':
			s.skipString()
		case ',', ':':
			if s.at++; depth == 0 {
				s.fail()
			}
		case 0:
			s.fail()
		default:
			s.literal()
		}
		if depth <= 0 {
			return
		}
	}
}

// skipScalar passes over what scalar reads, and fails where it fails.
func (s *jsonScanner) skipScalar() {
	switch s.next() {
	case '"':
		s.skipString()
	case '{', '[':
		s.skip()
	default:
		s.literal()
	}
}

// skipFields passes over what jsonFields reads, and fails where it fails.
func (s *jsonScanner) skipFields() {
	if s.next() != '{' {
		s.skip()
		return
	}
	if s.at++; s.next() == '}' {
		s.at++
		return
	}
	for !s.bad {
		s.skipPlainFields()
		s.string()
		s.expect(':')
		s.skipScalar()
		if s.next() != ',' {
			break
		}
		s.at++
	}
	s.expect('}')
}

// skipPlainFields passes over members as every client writes them, "k":"v", with
// nothing escaped; skipFields takes the others (BenchmarkSummarize).
func (s *jsonScanner) skipPlainFields() {
	text := s.text
	for s.at < len(text) && text[s.at] == '"' {
		i := stringEnd(text, s.at+1)
		if i+2 >= len(text) || text[i] != '"' || text[i+1] != ':' || text[i+2] != '"' {
			return
		}
		i = stringEnd(text, i+3)
		if i+1 >= len(text) || text[i] != '"' || text[i+1] != ',' {
			return
		}
		s.at = i + 2
	}
}

func (s *jsonScanner) skipString() {
	for i := stringEnd(s.text, s.at+1); i < len(s.text); i = specialIndex(s.text, i) {
		if s.text[i] == '"' {
			s.at = i + 1
			return
		}
		if i = s.skipEscape(i + 1); s.bad {
			return
		}
	}
	s.fail()
}

// skipEscape passes over what escape reads.
func (s *jsonScanner) skipEscape(i int) int {
	if i < len(s.text) && jsonEscapes[s.text[i]] != 0 {
		return i + 1
	}
	if _, ok := s.hex4(i); !ok {
		s.fail()
	}
	return i + 5
}
