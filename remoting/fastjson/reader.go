package fastjson

// reader walks src once and appends its standard form to out.
type reader struct {
	src   []byte
	pos   int
	out   []byte
	depth int

	mark       int // once out is this long, markSource takes pos; -1: never
	markSource int
}

func (r *reader) fail(reason string) error { return &SyntaxError{Offset: r.pos, Reason: reason} }

// document is one value with nothing but space behind it.
func (r *reader) document() error {
	r.markSource = -1
	if err := r.value(); err != nil {
		return err
	}
	if r.skipSpace(); r.pos < len(r.src) {
		return r.fail("text behind the value")
	}
	return nil
}

func (r *reader) value() error {
	r.skipSpace()
	if r.pos >= len(r.src) {
		return r.fail("the text ends")
	}
	var err error
	switch c := r.src[r.pos]; {
	case c == '{':
		err = r.nested(r.object)
	case c == '[':
		err = r.nested(r.list)
	case c == '"' || c == '\'':
		err = r.text()
	case c == '-' || c == '+' || isDigit(c):
		err = r.number()
	default:
		err = r.word()
	}
	if r.mark >= 0 && r.markSource < 0 && len(r.out) >= r.mark {
		r.markSource = r.pos
	}
	return err
}

func (r *reader) nested(read func() error) error {
	if r.depth++; r.depth > maxDepth {
		return r.fail("nested too deeply")
	}
	r.pos++
	err := read()
	r.depth--
	return err
}

func (r *reader) object() error {
	r.out = append(r.out, '{')
	for first := true; ; first = false {
		if r.skipCommas(); r.take('}') {
			r.out = append(r.out, '}')
			return nil
		}
		if !first {
			r.out = append(r.out, ',')
		}
		if err := r.key(); err != nil {
			return err
		}
		if r.skipSpace(); !r.take(':') {
			return r.fail("no colon behind a key")
		}
		r.out = append(r.out, ':')
		if err := r.value(); err != nil {
			return err
		}
		if err := r.separated('}'); err != nil {
			return err
		}
	}
}

func (r *reader) list() error {
	r.out = append(r.out, '[')
	for first := true; ; first = false {
		if r.skipCommas(); r.take(']') {
			r.out = append(r.out, ']')
			return nil
		}
		if !first {
			r.out = append(r.out, ',')
		}
		if err := r.value(); err != nil {
			return err
		}
		if err := r.separated(']'); err != nil {
			return err
		}
	}
}

// separated wants a comma or the end of the object or list next, and consumes neither.
func (r *reader) separated(end byte) error {
	r.skipSpace()
	if r.pos < len(r.src) && (r.src[r.pos] == ',' || r.src[r.pos] == end) {
		return nil
	}
	return r.fail("neither a comma nor " + string(rune(end)))
}

// key is a text, an object or list as a text of itself, or a bare word or number.
func (r *reader) key() error {
	if r.pos >= len(r.src) {
		return r.fail("the text ends")
	}
	switch c := r.src[r.pos]; {
	case c == '"' || c == '\'':
		return r.text()
	case c == '{' || c == '[':
		return r.valueAsText()
	}
	from := r.pos
	for r.pos < len(r.src) && isBare(r.src[r.pos]) {
		r.pos++
	}
	if from == r.pos {
		return r.fail("no key")
	}
	r.out = append(r.out, '"')
	r.out = append(r.out, r.src[from:r.pos]...)
	r.out = append(r.out, '"')
	return nil
}

// valueAsText moves the standard form of the value that follows into quotes.
func (r *reader) valueAsText() error {
	mark := r.mark
	r.mark = -1 // what is written here is rewritten below
	from := len(r.out)
	err := r.value()
	r.mark = mark
	if err != nil {
		return err
	}
	inner := string(r.out[from:])
	r.out = append(r.out[:from], '"')
	for i := 0; i < len(inner); i++ {
		if c := inner[i]; c == '"' || c == '\\' {
			r.out = append(r.out, '\\')
		}
		r.out = append(r.out, inner[i])
	}
	r.out = append(r.out, '"')
	return nil
}

func (r *reader) take(c byte) bool {
	if r.pos < len(r.src) && r.src[r.pos] == c {
		r.pos++
		return true
	}
	return false
}

func (r *reader) skipSpace() {
	for r.pos < len(r.src) && isSpace(r.src[r.pos]) {
		r.pos++
	}
}

func (r *reader) skipCommas() {
	for r.pos < len(r.src) && (r.src[r.pos] == ',' || isSpace(r.src[r.pos])) {
		r.pos++
	}
}
