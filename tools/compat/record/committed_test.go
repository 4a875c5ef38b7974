//go:build record

package record

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// checkCommitted writes what was recorded, and says which committed frames of the labels that begin so did not pass today.
func checkCommitted(t *testing.T, collection *Collection, labels ...string) {
	t.Helper()
	dir := os.Getenv(framesVariable)
	if dir == "" {
		dir = t.TempDir()
	}
	n, err := collection.WriteFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d frames", n)
	committed := 0
	for _, label := range labels {
		paths, err := filepath.Glob(filepath.Join(committedFrames, label+"*.frame"))
		if err != nil {
			t.Fatal(err)
		}
		committed += len(paths)
		for _, path := range paths {
			if !collection.has(filepath.Base(path)) {
				t.Errorf("this frame did not pass today: %s", filepath.Base(path))
			}
		}
	}
	if committed == 0 {
		t.Fatalf("there are no committed frames of %s", strings.Join(labels, ", "))
	}
}
