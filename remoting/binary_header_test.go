package remoting_test

import (
	"errors"
	"testing"

	"gantry/remoting"
)

// A header as Java writes it: code 310, JAVA, version 409, opaque 7, flag 2,
// remark "hi", fields a="1", b="" and c="é".
const rocketHeader = "\x01\x36\x00\x01\x99\x00\x00\x00\x07\x00\x00\x00\x02" +
	"\x00\x00\x00\x02hi" +
	"\x00\x00\x00\x18" + "\x00\x01a\x00\x00\x00\x011" + "\x00\x01b\x00\x00\x00\x00" + "\x00\x01c\x00\x00\x00\x02\xc3\xa9"

func TestAROCKETMQHeaderAsJavaWritesIt(t *testing.T) {
	frame := frameOf(remoting.ROCKETMQ, rocketHeader, "body")
	c := decode(t, frame)
	if c.Code != 310 || c.Language != remoting.JAVA || c.Version != 409 || c.Opaque != 7 || !c.IsOneway() || c.IsResponse() {
		t.Errorf("decoded %+v", c)
	}
	if c.Remark != "hi" || string(c.Body) != "body" || c.Kind != remoting.ROCKETMQ {
		t.Errorf("decoded %+v", c)
	}
	wantFields(t, c, "a", "1", "c", "é") // an empty value is null to Java
	s, err := remoting.Summarize(frame)
	if err != nil || s != (remoting.Summary{Code: 310, Opaque: 7, Flag: 2, Kind: remoting.ROCKETMQ}) {
		t.Errorf("summary %+v, %v", s, err)
	}
}

func TestAROCKETMQHeaderCutAnywhereIsABadFrame(t *testing.T) {
	for n := range len(rocketHeader) {
		frame := frameOf(remoting.ROCKETMQ, rocketHeader[:n], "")
		var d remoting.Decoder
		var c remoting.Command
		var bad *remoting.FrameError
		if err := d.Decode(frame, &c); !errors.As(err, &bad) {
			t.Errorf("%d bytes decoded: %v", n, err)
		}
		if _, err := remoting.Summarize(frame); !errors.As(err, &bad) {
			t.Errorf("%d bytes summarized: %v", n, err)
		}
	}
}

func TestWhatGantryWritesInROCKETMQ(t *testing.T) {
	got := remoting.AppendRequest(nil, 9, &remoting.Request{Code: 11, Kind: remoting.ROCKETMQ, Header: pairs{"q", "0"}})
	want := frameOf(remoting.ROCKETMQ, "\x00\x0b\x09\x01\x97\x00\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x08\x00\x01q\x00\x00\x00\x010", "")
	if string(got) != string(want) {
		t.Errorf("wrote %q\nwant  %q", got, want)
	}
}

func TestACodeBeyond16BitsTravelsInJSON(t *testing.T) {
	answer := decode(t, remoting.AppendResponse(nil, remoting.ROCKETMQ, 1, &remoting.Response{Code: 200050}))
	if answer.Kind != remoting.JSON || answer.Code != 200050 {
		t.Errorf("answer of kind %d with code %d", answer.Kind, answer.Code)
	}
	request := decode(t, remoting.AppendRequest(nil, 1, &remoting.Request{Code: 200050, Kind: remoting.ROCKETMQ}))
	if request.Kind != remoting.JSON || request.Code != 200050 {
		t.Errorf("request of kind %d with code %d", request.Kind, request.Code)
	}
	negative := decode(t, remoting.AppendResponse(nil, remoting.ROCKETMQ, 1, &remoting.Response{Code: -1}))
	if negative.Kind != remoting.ROCKETMQ || negative.Code != -1 {
		t.Errorf("answer of kind %d with code %d", negative.Kind, negative.Code)
	}
}
