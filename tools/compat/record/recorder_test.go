package record

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"gantry/tools/compat/wire"
)

func TestFramesPassBothWaysAndAreKeptAsTheyCame(t *testing.T) {
	upstream := answerer(t, "go to 127.0.0.1:10911 please")
	replace, err := ReplaceAddress("127.0.0.1:10911", "127.0.0.1:20922")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var kept []Kept
	r, err := Listen("client", upstream, replace, func(k Kept) {
		mu.Lock()
		defer mu.Unlock()
		kept = append(kept, k)
	})
	if err != nil {
		t.Fatal(err)
	}
	reply, err := wire.Ask(t.Context(), r.Address(), 105, map[string]string{"topic": "t"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if got := string(reply.Body); got != "go to 127.0.0.1:20922 please" {
		t.Errorf("the client got %q, want the recorder's address in it", got)
	}
	if len(kept) != 2 {
		t.Fatalf("%d frames were kept, want the request and the reply", len(kept))
	}
	if k := kept[0]; k.Reply || k.FromServer || k.Code != 105 || k.Frame.ExtFields["topic"] != "t" {
		t.Errorf("first kept: %+v, want the request", k)
	}
	if k := kept[1]; !k.Reply || !k.FromServer || k.Code != 105 || k.Result != 17 || !bytes.Contains(k.Frame.Raw, []byte(":10911 ")) {
		t.Errorf("second kept: %+v, want the server's own reply to code 105", k)
	}
}

// answerer is a server that answers one request with code 17 and the given body.
func answerer(t *testing.T, body string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	t.Cleanup(func() {
		listener.Close()
		serving.Wait()
	})
	serving.Go(func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		request, err := wire.Read(conn)
		if err != nil {
			return
		}
		reply, err := wire.Append(nil, wire.Header{Code: 17, Opaque: request.Opaque, Flag: wire.ResponseFlag}, []byte(body))
		if err == nil {
			conn.Write(reply)
		}
		wire.Read(conn) // until the client has read and closed
	})
	return listener.Addr().String()
}

func TestAddressesOfDifferentLengthAreRefused(t *testing.T) {
	if _, err := ReplaceAddress("127.0.0.1:9876", "127.0.0.1:20922"); err == nil {
		t.Error("a replacement that would break the frame's length was accepted")
	}
}

func TestCommittedFramesAreWhatTheirNamesSay(t *testing.T) {
	paths, err := filepath.Glob("../../../remoting/remotingtest/testdata/*.frame")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatal("there are no committed frames")
	}
	for _, path := range paths {
		name := filepath.Base(path)
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		frame, err := wire.Parse(raw)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if isReply := strings.HasSuffix(name, "-reply.frame"); isReply != frame.IsResponse() {
			t.Errorf("%s has flag %d", name, frame.Flag)
		}
		code := strings.Split(name, "-")[1]
		if binary := strings.Contains(name, "binary-") && !alwaysJSON(code, frame); binary != (frame.Kind == wire.RocketMQ) {
			t.Errorf("%s has a header of kind %d", name, frame.Kind)
		}
		if !frame.IsResponse() && code != strconv.Itoa(frame.Code) {
			t.Errorf("%s carries code %d", name, frame.Code)
		}
	}
}

// alwaysJSON says which frames of the 4.9.7 broker have a JSON header whatever the client speaks: its own requests, and replies
// whose body it sends straight from the log.
func alwaysJSON(code string, frame *wire.Frame) bool {
	return code == "40" || frame.IsResponse() && frame.Code == 0 && (code == "11" || code == "12" || code == "33")
}
