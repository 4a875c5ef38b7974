package wire

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestAHeaderIsReadAsItWasWritten(t *testing.T) {
	raw, err := Append(nil, Header{Code: 105, Language: "GO", Opaque: 7, ExtFields: map[string]string{"topic": "größe"}}, []byte("body"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	if f.Code != 105 || f.Opaque != 7 || f.ExtFields["topic"] != "größe" || string(f.Body) != "body" {
		t.Errorf("read back %+v with body %q", f.Header, f.Body)
	}
}

func TestABinaryHeaderOfAStockClientIsRead(t *testing.T) {
	raw, err := os.ReadFile("../../../remoting/remotingtest/testdata/java498binary-105-get_routeinfo_by_topic-request.frame")
	if err != nil {
		t.Fatal(err)
	}
	f, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	if f.Kind != RocketMQ || f.Language != "JAVA" || f.Version != 409 || f.ExtFields["topic"] == "" {
		t.Errorf("kind %d, header %+v", f.Kind, f.Header)
	}
}

// FuzzParse says that no bytes make the parser panic, and that what it refuses is called a bad frame or bad JSON.
func FuzzParse(f *testing.F) {
	paths, err := filepath.Glob("../../../remoting/remotingtest/testdata/*.frame")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		frame, err := Parse(raw)
		if err == nil && len(frame.Body) > len(raw) {
			t.Errorf("a body of %d bytes came out of %d", len(frame.Body), len(raw))
		}
		if errors.Is(err, ErrBadFrame) && frame != nil {
			t.Error("a bad frame was returned beside its error")
		}
	})
}
