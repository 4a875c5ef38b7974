package remoting_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"gantry/remoting"
)

// randomText has what is awkward: controls, quotes, backslashes, text beyond
// ASCII, emptiness.
func randomText(r *rand.Rand) string {
	alphabet := []string{"a", "Z", "0", "\x01", "\x02", "\x00", "\n", `"`, `\`, "/", "'", "{", "}", ",", ":", "é", "订", "😀", "\u2028", " "}
	var b strings.Builder
	for range r.IntN(20) {
		b.WriteString(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

func randomHeader(r *rand.Rand) pairs {
	if r.IntN(5) == 0 {
		return nil
	}
	p := pairs{}
	for i := range r.IntN(20) {
		p = append(p, fmt.Sprintf("key%d", i), randomText(r))
	}
	return p
}

// arriving is what of a header arrives: ROCKETMQ has no empty values.
func arriving(kind remoting.HeaderKind, p pairs) []string {
	var kept []string
	for i := 0; i < len(p); i += 2 {
		if kind == remoting.JSON || p[i+1] != "" {
			kept = append(kept, p[i], p[i+1])
		}
	}
	return kept
}

func TestWhatIsSentIsWhatArrives(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		kind := remoting.HeaderKind(r.IntN(2))
		header, body, opaque := randomHeader(r), []byte(randomText(r)), int32(r.Uint32())
		code := int32(int16(r.Uint32()))
		checkRequest(t, opaque, &remoting.Request{Code: code, Oneway: r.IntN(2) == 0, Header: header, Body: body, Kind: kind}, header)
		checkResponse(t, kind, opaque, &remoting.Response{Code: code, Remark: randomText(r), Header: header, Body: body}, header)
	}
}

func checkRequest(t *testing.T, opaque int32, r *remoting.Request, header pairs) {
	t.Helper()
	c := decode(t, remoting.AppendRequest(nil, opaque, r))
	if c.Code != r.Code || c.Opaque != opaque || c.Kind != r.Kind || c.IsOneway() != r.Oneway || c.IsResponse() || !bytes.Equal(c.Body, r.Body) {
		t.Fatalf("sent %+v with opaque %d, arrived %+v", r, opaque, c)
	}
	if c.Language != remoting.GO || c.Version != remoting.Version {
		t.Fatalf("arrived as %v %d", c.Language, c.Version)
	}
	wantFields(t, c, arriving(r.Kind, header)...)
}

func checkResponse(t *testing.T, kind remoting.HeaderKind, opaque int32, r *remoting.Response, header pairs) {
	t.Helper()
	c := decode(t, remoting.AppendResponse([]byte("x"), kind, opaque, r)[1:])
	if c.Code != r.Code || c.Opaque != opaque || c.Kind != kind || !c.IsResponse() || c.Remark != r.Remark || !bytes.Equal(c.Body, r.Body) {
		t.Fatalf("sent %+v with opaque %d, arrived %+v", r, opaque, c)
	}
	wantFields(t, c, arriving(kind, header)...)
}

func TestACloneOutlivesTheFrame(t *testing.T) {
	frame := frameOf(remoting.JSON, java310, "body")
	var d remoting.Decoder
	var c remoting.Command
	if err := d.Decode(frame, &c); err != nil {
		t.Fatal(err)
	}
	kept := c.Clone()
	for i := range frame {
		frame[i] = 'x'
	}
	if err := d.Decode(frameOf(remoting.JSON, `{"code":1,"extFields":{"k":"\u0001\u0001\u0001"}}`, ""), &c); err != nil {
		t.Fatal(err)
	}
	want := decode(t, frameOf(remoting.JSON, java310, "body"))
	if string(kept.Body) != "body" || kept.Code != 310 || len(kept.Ext) != len(want.Ext) {
		t.Fatalf("kept %+v", kept)
	}
	for i, f := range want.Ext {
		if !bytes.Equal(kept.Ext[i].Key, f.Key) || !bytes.Equal(kept.Ext[i].Value, f.Value) {
			t.Errorf("field %d is %q=%q", i, kept.Ext[i].Key, kept.Ext[i].Value)
		}
	}
}
