package xcheck

import (
	"context"
	"hash/crc32"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"gantry/remoting"
)

// answering serves a name server and broker on one port. Code 1 is answered with its own fields, code 2 not at all, code 3
// ends the connection, code 4 is followed by a request of the server's.
func answering(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := remoting.NewServer(slog.New(slog.NewTextHandler(io.Discard, nil)), remoting.Limits{}, 0)
	t.Cleanup(func() { server.Close(t.Context()) })
	route := `{"brokerDatas":[{"cluster":"c","brokerName":"b","brokerAddrs":{0:"` + l.Addr().String() + `"}}]}`
	server.Serve(l, func(conn *remoting.Conn) remoting.FrameHandler {
		return remoting.NewEndpoint(conn, func(c *remoting.Command, to remoting.Responder) {
			switch c.Code {
			case getRouteInfoByTopic:
				to.Reply(&remoting.Response{Body: []byte(route)})
			case 2:
				to.Drop()
			case 3:
				to.Drop()
				conn.Close(io.EOF)
			case 4:
				to.Reply(&remoting.Response{})
				if err := to.Channel.Oneway(&remoting.Request{Code: notifyConsumerIDsChanged}); err != nil {
					t.Error(err)
				}
			default:
				value, _ := c.Ext.Get("say")
				to.Reply(&remoting.Response{Header: fields("said", string(value)), Body: c.Body})
			}
		}, nil)
	})
	return l.Addr().String()
}

func TestARecordingTellsAnswersSilenceAndClosedConnectionsApart(t *testing.T) {
	const short = 100 * time.Millisecond
	got, err := Run(t.Context(), answering(t), []Step{
		{Name: "answered", Code: 1, Fields: fields("say", "word"), Keep: map[string]string{"word": "ext.said"}},
		{Name: "kept", Code: 1, Fields: fields("say", "${word}s of ${brokerName}"), Body: "${word}"},
		{Name: "silent", Code: 2, Wait: short},
		{Name: "closed", Code: 3},
		{Name: "dialled again", Code: 1},
		{Name: "told", Code: 4},
		{Name: "note", Notes: notifyConsumerIDsChanged},
		{Name: "oneway", Code: 1, Oneway: true},
		{Name: "started", Code: 1, Fields: fields("say", "later"), Start: true},
		{Name: "awaited", Await: "started"},
		{Name: "hidden", Code: 1, Fields: fields("say", "x"), Hide: "ext.said"},
		{Name: "good frame", Frame: frameGood(`{"code":1,"opaque":3}`), Wait: short},
		{Name: "bad frame", Frame: lengths(0xffffffff, 1) + "x"},
		{Name: "half a frame", Frame: "\x00", Wait: short},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []struct{ answer, path, value string }{
		{answered, "ext.said", "word"},
		{answered, "body", `4 bytes: "word"`},
		{unanswered, "code", Absent},
		{cutOff, "code", Absent},
		{answered, "code", "0"},
		{answered, "code", "0"},
		{"request", "code", "40"},
		{unanswered, "code", Absent},
		{"awaited later", "code", Absent},
		{answered, "ext.said", "later"},
		{answered, "ext.said", Absent},
		{answered, "header", "JSON"},
		{cutOff, "code", Absent},
		{unanswered, "code", Absent},
	}
	for i, w := range want {
		if a := got[i]; a.Leaves["answer"] != w.answer || leafOf(a.Leaves, w.path) != w.value {
			t.Errorf("%s: %v, want %s and %s %s", a.Step, a.Leaves, w.answer, w.path, w.value)
		}
	}
}

func TestARegistrationMayBePackedAndStatesTheChecksumOfWhatIsSent(t *testing.T) {
	const json = `{"filterServerList":[],"topicConfigSerializeWrapper":{"dataVersion":{"counter":1,"timestamp":1},"topicConfigTable":{}}}`
	got, err := Run(t.Context(), answering(t), []Step{
		{Name: "plain", Code: 1, Fields: fields("say", "${bodyCrc32}"), Body: "text"},
		{Name: "packed", Code: 1, Fields: fields("say", "${bodyCrc32}"), Body: json, Packed: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	if said := got[0].Leaves["ext.said"]; said != itoa(int(crc32.ChecksumIEEE([]byte("text"))&0x7fffffff)) {
		t.Errorf("the checksum of text is said to be %s", said)
	}
	if body := got[1].Leaves["body"]; !strings.Contains(body, `bytes: "x`) { // a zlib stream begins with an x
		t.Errorf("the packed body is %s", body)
	}
}

func TestAServerWithoutBrokersIsAnError(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := Run(ctx, address, nil); err == nil {
		t.Error("nobody listens, but the script ran")
	}
}
