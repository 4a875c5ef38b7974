package remoting

import (
	"encoding/binary"
	"strconv"
)

// AppendRequest appends a whole frame for r with the given opaque.
func AppendRequest(dst []byte, opaque int32, r *Request) []byte {
	var flag int32
	if r.Oneway {
		flag = FlagOneway
	}
	return appendFrame(dst, head{kindFor(r.Kind, r.Code), r.Code, opaque, flag, ""}, r.Header, r.Body)
}

// AppendResponse appends a whole frame that answers a request of that opaque
// and header kind.
func AppendResponse(dst []byte, kind HeaderKind, opaque int32, r *Response) []byte {
	return appendFrame(dst, head{kindFor(kind, r.Code), r.Code, opaque, FlagResponse, r.Remark}, r.Header, r.Body)
}

// kindFor is JSON for a code beyond the 16 bits that the ROCKETMQ header has.
func kindFor(kind HeaderKind, code int32) HeaderKind {
	if code != int32(int16(code)) {
		return JSON
	}
	return kind
}

type head struct {
	kind   HeaderKind
	code   int32
	opaque int32
	flag   int32
	remark string
}

func appendFrame(dst []byte, h head, header Header, body []byte) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0, byte(h.kind), 0, 0, 0)
	if h.kind == JSON {
		dst = appendJSONHead(dst, h, header)
	} else {
		dst = appendBinaryHead(dst, h, header)
	}
	headerLength := len(dst) - start - frameHeadSize
	dst = append(dst, body...)
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-lengthSize))
	binary.BigEndian.PutUint32(dst[start+lengthSize:], uint32(h.kind)<<24|uint32(headerLength))
	return dst
}

func appendJSONHead(dst []byte, h head, header Header) []byte {
	dst = append(dst, `{"code":`...)
	dst = strconv.AppendInt(dst, int64(h.code), 10)
	if header != nil {
		dst = append(dst, `,"extFields":{`...)
		w := FieldWriter{dst: dst, kind: JSON}
		header.Encode(&w)
		dst = append(w.dst, '}')
	}
	dst = append(dst, `,"flag":`...)
	dst = strconv.AppendInt(dst, int64(h.flag), 10)
	dst = append(dst, `,"language":"GO","opaque":`...)
	dst = strconv.AppendInt(dst, int64(h.opaque), 10)
	if h.remark != "" {
		dst = append(dst, `,"remark":`...)
		dst = appendJSONString(dst, h.remark)
	}
	dst = append(dst, `,"serializeTypeCurrentRPC":"JSON","version":`...)
	dst = strconv.AppendInt(dst, Version, 10)
	return append(dst, '}')
}

func appendBinaryHead(dst []byte, h head, header Header) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(h.code))
	dst = append(dst, byte(GO))
	dst = binary.BigEndian.AppendUint16(dst, Version)
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.opaque))
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.flag))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(h.remark)))
	dst = append(dst, h.remark...)
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	if header == nil {
		return dst
	}
	w := FieldWriter{dst: dst, kind: ROCKETMQ}
	header.Encode(&w)
	binary.BigEndian.PutUint32(w.dst[at:], uint32(len(w.dst)-at-4))
	return w.dst
}
