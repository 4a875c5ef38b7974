package bench

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"

	"gantry/remoting"
)

// template is an answer made once in both header kinds, into which only the
// opaque is put: the cheapest answer there is (BenchmarkNullSend).
type template struct {
	binary        []byte
	before, after []byte // JSON around the opaque
}

// Places in a frame.
const (
	lengthBytes    = 4
	headBytes      = 8
	binaryOpaqueAt = headBytes + 5
)

func newTemplate(r *remoting.Response) template {
	t := template{binary: remoting.AppendResponse(nil, remoting.ROCKETMQ, 0, r)}
	json := remoting.AppendResponse(nil, remoting.JSON, 0, r)
	var found bool
	if t.before, t.after, found = bytes.Cut(json, []byte(`"opaque":0`)); !found {
		panic(fmt.Sprintf("BUG: no opaque in %q", json))
	}
	t.before = append(t.before[:len(t.before):len(t.before)], `"opaque":`...)
	return t
}

// append appends the answer to a request of that kind and opaque; the template
// must have no body.
func (t *template) append(dst []byte, kind remoting.HeaderKind, opaque int32) []byte {
	start := len(dst)
	if kind == remoting.ROCKETMQ {
		dst = append(dst, t.binary...)
		binary.BigEndian.PutUint32(dst[start+binaryOpaqueAt:], uint32(opaque))
		return dst
	}
	dst = append(dst, t.before...)
	dst = strconv.AppendInt(dst, int64(opaque), 10)
	dst = append(dst, t.after...)
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-lengthBytes))
	binary.BigEndian.PutUint32(dst[start+lengthBytes:], uint32(len(dst)-start-headBytes))
	return dst
}
