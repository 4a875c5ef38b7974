package bench

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFilesAreCopiedOverTheLoopback(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	for name, size := range map[string]int{"one": 3 << 20, "two": 1 << 20} {
		if err := os.WriteFile(filepath.Join(from, name), make([]byte, size), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := MeasureTCP(t.Context(), TCPOptions{From: from, To: to, Sync: true}, &out); err != nil || !strings.HasPrefix(out.String(), "4 MiB over loopback TCP in ") {
		t.Errorf("%v, it prints %q", err, out.String())
	}
	if left, err := os.ReadDir(to); err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
	if err := MeasureTCP(t.Context(), TCPOptions{From: filepath.Join(from, "none"), To: to}, &out); err == nil {
		t.Error("a folder that is not there was copied")
	}
}
