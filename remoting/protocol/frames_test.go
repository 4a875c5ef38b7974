package protocol_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"gantry/remoting"
	"gantry/remoting/fastjson"
	"gantry/remoting/protocol"
	"gantry/remoting/remotingtest"
)

// captured is one frame of a stock client or of the real broker, decoded.
type captured struct {
	name    string
	code    int32 // of the request, for a reply as well
	reply   bool
	command remoting.Command
}

func capturedFrames(t testing.TB) []captured {
	t.Helper()
	var all []captured
	for name, frame := range remotingtest.Frames(t) {
		c := captured{name: name, reply: strings.HasSuffix(name, "-reply")}
		code, err := strconv.ParseInt(strings.Split(name, "-")[1], 10, 32)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c.code = int32(code)
		var d remoting.Decoder
		if err := d.Decode(frame, &c.command); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, c)
	}
	return all
}

// header and body are new ones of the kind the frame should carry, or nil.
func (c *captured) header() header {
	m := messages()[c.code]
	if c.reply {
		return m.reply
	}
	return m.request
}

func (c *captured) body() body {
	m := messages()[c.code]
	if c.reply {
		return m.replyBody
	}
	return m.requestBody
}

// passed are fields that headers pass over, where a broker of 4.9.7 does so too
// or the proxy alone looks at them.
func passed(key string) bool {
	switch key {
	case "bname", "ns", "nsd", "lo", "oway", "ReqT", "force", "committed":
		return true
	}
	return false
}

// said is what fields say: absent, empty and false mean the same.
func said(f remoting.Fields) map[string]string {
	m := map[string]string{}
	for _, one := range f {
		m[string(one.Key)] = string(one.Value)
	}
	maps.DeleteFunc(m, func(key, value string) bool { return passed(key) || value == "" || value == "false" })
	return m
}

func TestCapturedHeadersAreReadAndWrittenAsTheyCame(t *testing.T) {
	read := 0
	for _, c := range capturedFrames(t) {
		h := c.header()
		if h == nil || (c.reply && len(c.command.Ext) == 0) {
			continue
		}
		if err := h.Decode(c.command.Ext); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for _, kind := range kinds {
			if got, want := said(wire(t, kind, h)), said(c.command.Ext); !reflect.DeepEqual(got, want) {
				t.Errorf("%s, kind %d:\n got %v\nwant %v", c.name, kind, got, want)
			}
		}
		read++
	}
	if read < 60 {
		t.Errorf("only %d captured headers", read)
	}
}

func TestCapturedBodiesAreReadAndWrittenAsTheyCame(t *testing.T) {
	read := 0
	for _, c := range capturedFrames(t) {
		b := c.body()
		if b == nil || len(c.command.Body) == 0 {
			continue
		}
		if err := b.Decode(c.command.Body); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if lost := missing("", tree(t, c.command.Body), tree(t, b.Encode())); len(lost) > 0 {
			t.Errorf("%s:\n lost %v\n from %s\n to   %s", c.name, lost, c.command.Body, b.Encode())
		}
		read++
	}
	if read < 20 {
		t.Errorf("only %d captured bodies", read)
	}
}

func tree(t *testing.T, text []byte) any {
	t.Helper()
	standard, err := fastjson.AppendStandard(nil, text)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	d := json.NewDecoder(strings.NewReader(string(standard)))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// missing are the paths of values that were sent and are not written alike.
func missing(path string, sent, written any) []string {
	var paths []string
	switch s := sent.(type) {
	case map[string]any:
		w, _ := written.(map[string]any)
		for key, value := range s {
			if key == "mappingDataVersion" {
				continue // counts 5.x's static topics, for whoever copies them: nobody asks the name server
			}
			paths = append(paths, missing(path+"/"+key, value, w[key])...)
		}
	case []any:
		w, _ := written.([]any)
		if len(w) != len(s) {
			return []string{path}
		}
		for i, value := range s {
			paths = append(paths, missing(path+"/"+strconv.Itoa(i), value, w[i])...)
		}
	default:
		zero := sent == nil || sent == false || sent == json.Number("0")          // absent means the same
		if !(zero && written == nil) && fmt.Sprint(sent) != fmt.Sprint(written) { // Go sends tag codes as texts
			return []string{fmt.Sprintf("%s=%v (%v)", path, sent, written)}
		}
	}
	return paths
}

func TestRouteIsByteForByteTheRealNameServers(t *testing.T) {
	legacy := map[string]bool{"java460": true, "java498": false, "java532": false, "go212": true, "mqadmin533": false}
	for _, c := range capturedFrames(t) {
		client, rest, _ := strings.Cut(c.name, "-")
		old, known := legacy[client]
		if !known || rest != "105-get_routeinfo_by_topic-reply" {
			continue
		}
		delete(legacy, client)
		var r protocol.TopicRouteData
		if err := r.Decode(c.command.Body); err != nil {
			t.Fatal(err)
		}
		got := r.Encode()
		if old {
			got = r.EncodeLegacy()
		}
		if string(got) != string(c.command.Body) {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.command.Body)
		}
	}
	if len(legacy) > 0 {
		t.Errorf("no route captured for %v", legacy)
	}
}
