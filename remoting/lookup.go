package remoting

// Lookup reads one of a whole frame's extFields and nothing else. Where it stands
// twice the last one counts; a value that is null, or empty in a ROCKETMQ header,
// is none. The value is borrowed from the frame where nothing is escaped. Of a
// frame that Summarize refuses nothing is found.
func Lookup(frame []byte, key string) (value []byte, ok bool) {
	kind, header, _, err := split(frame)
	if err != nil {
		return nil, false
	}
	if kind == JSON {
		return lookupJSON(header, key)
	}
	return lookupBinary(header, key)
}

func lookupJSON(header []byte, key string) (value []byte, ok bool) {
	s := jsonScanner{text: header}
	s.document(func(name []byte) {
		if string(name) != "extFields" {
			s.skip()
			return
		}
		value, ok = nil, false // of two extFields the last counts
		if s.next() != '{' {
			s.skip()
			return
		}
		s.object(func(name []byte) {
			if string(name) != key {
				s.skipScalar()
			} else {
				value, ok = s.scalar()
			}
		})
	})
	if s.bad {
		return nil, false
	}
	return value, ok
}

func lookupBinary(header []byte, key string) (value []byte, found bool) {
	_, ext, ok := cutBinary(header)
	for ok && len(ext) > 0 {
		var f Field
		if f, ext, ok = cutField(ext); ok && string(f.Key) == key && len(f.Value) > 0 {
			value, found = f.Value, true
		}
	}
	return value, found && ok
}

// BodyOf is a whole frame's body, borrowed from it; nil where there is none.
func BodyOf(frame []byte) []byte {
	_, _, body, err := split(frame)
	if err != nil || len(body) == 0 {
		return nil
	}
	return body
}
