package protocol

import "gantry/remoting"

// fieldPicker reads a long header in one pass over its fields: the pass notes
// where each field lies, then the fields are read in Java's order, so that of
// several faults the same one is reported. It allocates nothing
// (BenchmarkSendMessageDecode, BenchmarkPullMessageDecode).
type fieldPicker struct {
	names []string          // by index; what errors name
	at    []remoting.Fields // by index: the one field, or nil; the last of a name counts
	err   error
}

func (p *fieldPicker) done(r *remoting.FieldReader) {
	if p.err == nil {
		p.err = r.Err()
	}
}

func (p *fieldPicker) bytes(i int) []byte {
	if len(p.at[i]) > 0 {
		return p.at[i][0].Value
	}
	r := remoting.Fields(nil).Reader()
	r.Bytes(p.names[i])
	p.done(&r)
	return nil
}

func (p *fieldPicker) optBytes(i int) []byte {
	if len(p.at[i]) > 0 {
		return p.at[i][0].Value
	}
	return nil
}

func (p *fieldPicker) int32(i int) int32 {
	r := p.at[i].Reader()
	n := r.Int32(p.names[i])
	p.done(&r)
	return n
}

func (p *fieldPicker) optInt32(i int, absent int32) int32 {
	r := p.at[i].Reader()
	n := r.OptInt32(p.names[i], absent)
	p.done(&r)
	return n
}

func (p *fieldPicker) int64(i int) int64 {
	r := p.at[i].Reader()
	n := r.Int64(p.names[i])
	p.done(&r)
	return n
}

func (p *fieldPicker) optBool(i int) bool {
	r := p.at[i].Reader()
	return r.OptBool(p.names[i])
}

func (p *fieldPicker) has(i int) bool { return len(p.at[i]) > 0 }
