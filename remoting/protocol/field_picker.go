package protocol

import "gantry/remoting"

// fieldPicker reads a long header in one pass over its fields: the pass notes
// each field's value, then the values are read in Java's order, so that of
// several faults the same one is reported. It allocates nothing but errors
// (BenchmarkSendMessageDecode, BenchmarkPullMessageDecode).
type fieldPicker struct {
	names  []string              // by index; what errors name
	values [maxFieldCount][]byte // by index, nil where absent; the last of a name counts
	err    error                 // the first failure, a *remoting.FieldError
}

// maxFieldCount is that of the longest header. The array stands in the picker
// because a slice of it would move it to the heap.
const maxFieldCount = sendFieldCount

// pick notes the value of field i; an empty one is present.
func (p *fieldPicker) pick(i int, value []byte) {
	if value == nil {
		value = []byte{}
	}
	p.values[i] = value
}

func (p *fieldPicker) has(i int) bool { return p.values[i] != nil }

func (p *fieldPicker) optBytes(i int) []byte { return p.values[i] }

func (p *fieldPicker) bytes(i int) []byte {
	if p.values[i] == nil {
		p.fail(i, 64)
	}
	return p.values[i]
}

func (p *fieldPicker) optBool(i int) bool {
	v := p.values[i]
	return len(v) == 4 && (v[0]|0x20) == 't' && (v[1]|0x20) == 'r' && (v[2]|0x20) == 'u' && (v[3]|0x20) == 'e'
}

func (p *fieldPicker) optInt32(i int, absent int32) int32 {
	if !p.has(i) {
		return absent
	}
	return p.int32(i)
}

func (p *fieldPicker) int32(i int) int32 {
	n, ok := shortDecimal(p.values[i])
	if !ok || n != int64(int32(n)) {
		n = p.fail(i, 32)
	}
	return int32(n)
}

func (p *fieldPicker) int64(i int) int64 {
	n, ok := shortDecimal(p.values[i])
	if !ok {
		n = p.fail(i, 64)
	}
	return n
}

// fail has remoting read what is missing, or not plainly a number, so that the
// rules and the error's text have one home.
func (p *fieldPicker) fail(i, bits int) (n int64) {
	var f remoting.Fields
	if p.has(i) {
		f = remoting.Fields{{Key: []byte(p.names[i]), Value: p.values[i]}}
	}
	r := f.Reader()
	if bits == 32 {
		n = int64(r.Int32(p.names[i]))
	} else {
		n = r.Int64(p.names[i])
	}
	if p.err == nil {
		p.err = r.Err()
	}
	return n
}

// shortDecimal reads what nearly every number is: at most 18 digits behind an
// optional minus.
func shortDecimal(b []byte) (n int64, ok bool) {
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	for _, c := range b {
		if c -= '0'; c > 9 {
			return 0, false
		}
		n = n*10 + int64(c)
	}
	if negative {
		n = -n
	}
	return n, true
}
