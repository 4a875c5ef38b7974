package message

import "bytes"

const (
	nameEnd  = 0x01 // between name and value
	valueEnd = 0x02 // behind each value; the last may lack it
)

// Properties is the raw property string of a message: name 0x01 value 0x02 and so on, the last 0x02 often missing.
// Pairs with an empty name or value do not exist, as for Java; of equal names the last one counts.
//
// The methods never change the bytes of their receiver. Set may use spare capacity behind them; slices from Record and
// Decode have none.
type Properties []byte

// next cuts the first pair off p; rest is empty behind the last one. ok is false for a pair Java drops.
func (p Properties) next() (name, value []byte, rest Properties, ok bool) {
	pair := []byte(p)
	if end := bytes.IndexByte(p, valueEnd); end >= 0 {
		pair, rest = p[:end:end], p[end+1:]
	}
	sep := bytes.IndexByte(pair, nameEnd)
	if sep <= 0 || sep == len(pair)-1 {
		return nil, nil, rest, false
	}
	return pair[:sep:sep], pair[sep+1:], rest, true
}

// Range calls f with each pair in order until f returns false. Name and value borrow p.
func (p Properties) Range(f func(name, value []byte) bool) {
	for len(p) > 0 {
		name, value, rest, ok := p.next()
		if ok && !f(name, value) {
			return
		}
		p = rest
	}
}

// Lookup returns the value of name, borrowed from p, and whether there is one.
func (p Properties) Lookup(name string) (value []byte, found bool) {
	for len(p) > 0 {
		n, v, rest, ok := p.next()
		if ok && string(n) == name {
			value, found = v, true
		}
		p = rest
	}
	return value, found
}

// Get returns the value of name, borrowed from p; nil where there is none.
func (p Properties) Get(name string) []byte {
	value, _ := p.Lookup(name)
	return value
}

// Has says whether there is a value of name.
func (p Properties) Has(name string) bool {
	_, found := p.Lookup(name)
	return found
}

// Set returns p with name set to value. An empty value deletes, as a pair without value does not exist.
func (p Properties) Set(name, value string) Properties {
	if p.Has(name) {
		p = p.Delete(name)
	}
	return p.append(name, value)
}

// AppendPair adds one pair behind the others without looking whether the name is there. What it is built on must end
// with a whole pair, as everything built with it does.
func AppendPair[N, V ~string | ~[]byte](p Properties, name N, value V) Properties {
	p = append(p, name...)
	p = append(p, nameEnd)
	p = append(p, value...)
	return append(p, valueEnd)
}

// append adds one pair, first ending the pair before it.
func (p Properties) append(name, value string) Properties {
	if name == "" || value == "" {
		return p
	}
	if len(p) > 0 && p[len(p)-1] != valueEnd {
		p = append(p, valueEnd)
	}
	p = append(p, name...)
	p = append(p, nameEnd)
	p = append(p, value...)
	return append(p, valueEnd)
}

// Delete returns p without name: p itself where there was none, else a fresh string of the other pairs.
func (p Properties) Delete(name string) Properties {
	if !p.Has(name) {
		return p
	}
	kept := make(Properties, 0, len(p)+1)
	for rest := p; len(rest) > 0; {
		n, v, after, ok := rest.next()
		if ok && string(n) != name {
			kept = append(kept, n...)
			kept = append(kept, nameEnd)
			kept = append(kept, v...)
			kept = append(kept, valueEnd)
		}
		rest = after
	}
	return kept
}

// Clone returns a copy with room for extra more bytes.
func (p Properties) Clone(extra int) Properties {
	return append(make(Properties, 0, len(p)+extra), p...)
}
