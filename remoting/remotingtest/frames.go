package remotingtest

import (
	"embed"
	"path"
	"strings"
	"testing"
)

//go:embed testdata
var testdata embed.FS

// Frames returns the captured frames by the name of their file without
// ".frame"; each is one whole frame, the length prefix included.
func Frames(t testing.TB) map[string][]byte {
	t.Helper()
	entries, err := testdata.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	frames := map[string][]byte{}
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".frame"); ok {
			frames[name] = read(t, e.Name())
		}
	}
	return frames
}

// Frame returns one captured frame.
func Frame(t testing.TB, name string) []byte {
	t.Helper()
	return read(t, name+".frame")
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	frame, err := testdata.ReadFile(path.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return frame
}
