package remoting_test

import (
	"strconv"
	"strings"
	"testing"

	"gantry/remoting"
	"gantry/remoting/remotingtest"
)

// Every frame that was captured from a stock client or server says in its file's
// name who sent it, the code of its request and what it is:
// java460-310-send_message_v2-request.
func TestFramesOfStockClientsAreUnderstood(t *testing.T) {
	frames := remotingtest.Frames(t)
	if len(frames) < 50 {
		t.Fatalf("only %d captured frames", len(frames))
	}
	for name, frame := range frames {
		parts := strings.Split(name, "-")
		client, isReply := parts[0], strings.HasSuffix(name, "-reply")
		c := decode(t, frame)
		s, err := remoting.Summarize(frame)
		if err != nil || s != (remoting.Summary{Code: c.Code, Opaque: c.Opaque, Flag: c.Flag, Kind: c.Kind}) {
			t.Errorf("%s: summary %+v, %v, command %+v", name, s, err, c)
		}
		if c.IsResponse() != isReply {
			t.Errorf("%s: response %v", name, c.IsResponse())
		}
		if !isReply && strconv.Itoa(int(c.Code)) != parts[1] {
			t.Errorf("%s: code %d", name, c.Code)
		}
		if strings.HasPrefix(client, "go") && !isReply && c.Language != remoting.GO {
			t.Errorf("%s: language %v", name, c.Language)
		}
		if strings.HasSuffix(client, "binary") && !isReply && c.Kind != remoting.ROCKETMQ && c.Code != 40 {
			t.Errorf("%s: header kind %d", name, c.Kind)
		}
		wantSameAgain(t, name, c)
	}
}

// wantSameAgain checks that our own writing of what a client sent reads the same.
func wantSameAgain(t *testing.T, name string, c *remoting.Command) {
	t.Helper()
	header := make(pairs, 0, 2*len(c.Ext))
	for _, f := range c.Ext {
		header = append(header, string(f.Key), string(f.Value))
	}
	back := decode(t, remoting.AppendRequest(nil, c.Opaque, &remoting.Request{Code: c.Code, Header: header, Body: c.Body, Kind: c.Kind}))
	if back.Code != c.Code || back.Opaque != c.Opaque || string(back.Body) != string(c.Body) {
		t.Errorf("%s: came back as %+v", name, back)
	}
	wantFields(t, back, header...)
}
