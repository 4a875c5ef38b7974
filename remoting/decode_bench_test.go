package remoting_test

import (
	"testing"

	"gantry/remoting"
)

const java310 = `{"code":310,"extFields":{"a":"benchmark_producer","b":"BenchmarkTest","c":"TBW102","d":"4","e":"3","f":"0","g":"1763663000000","h":"0","i":"UNIQ_KEY\u0001C0A80002051B18B4AAC20C8A3A0C0001\u0002WAIT\u0001true","j":"0","k":"false","l":"0","m":"false","n":"broker-a"},"flag":0,"language":"JAVA","opaque":1027,"serializeTypeCurrentRPC":"JSON","version":409}`

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

// Each request is decoded where it arrives, and summarized on its way: neither
// may leave work for the garbage collector.
func TestDecodeAndSummarizeAllocateNothing(t *testing.T) {
	frames := map[string][]byte{
		"JSON":     frameOf(remoting.JSON, java310, "body"),
		"ROCKETMQ": remoting.AppendRequest(nil, 1, &remoting.Request{Code: 310, Header: pairs{"a", "group", "b", "topic"}, Kind: remoting.ROCKETMQ}),
	}
	for name, frame := range frames {
		var d remoting.Decoder
		var c remoting.Command
		if n := testing.AllocsPerRun(100, func() { d.Decode(frame, &c) }); n != 0 {
			t.Errorf("decoding a %s header allocates %v times", name, n)
		}
		if n := testing.AllocsPerRun(100, func() { remoting.Summarize(frame) }); n != 0 {
			t.Errorf("summarizing a %s header allocates %v times", name, n)
		}
	}
}
