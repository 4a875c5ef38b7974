package remoting_test

import (
	"encoding/binary"
	"testing"

	"gantry/remoting"
)

const java310 = `{"code":310,"extFields":{"a":"benchmark_producer","b":"BenchmarkTest","c":"TBW102","d":"4","e":"3","f":"0","g":"1763663000000","h":"0","i":"UNIQ_KEY\u0001C0A80002051B18B4AAC20C8A3A0C0001\u0002WAIT\u0001true","j":"0","k":"false","l":"0","m":"false","n":"broker-a"},"flag":0,"language":"JAVA","opaque":1027,"serializeTypeCurrentRPC":"JSON","version":409}`

// frameOf lays a header of any text and a body out as a frame.
func frameOf(kind remoting.HeaderKind, header, body string) []byte {
	frame := binary.BigEndian.AppendUint32(nil, uint32(4+len(header)+len(body)))
	frame = binary.BigEndian.AppendUint32(frame, uint32(kind)<<24|uint32(len(header)))
	return append(append(frame, header...), body...)
}

func BenchmarkDecode(b *testing.B) {
	frame := frameOf(remoting.JSON, java310, string(make([]byte, 1024)))
	var d remoting.Decoder
	var c remoting.Command
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Decode(frame, &c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSummarize(b *testing.B) {
	frame := frameOf(remoting.JSON, java310, string(make([]byte, 1024)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := remoting.Summarize(frame); err != nil {
			b.Fatal(err)
		}
	}
}
