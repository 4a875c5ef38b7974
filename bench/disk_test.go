package bench

import (
	"context"
	"os"
	"testing"
)

func TestTheDiskIsMeasuredAndLeftAsItWas(t *testing.T) {
	dir := t.TempDir()
	var out output
	if err := MeasureDisk(context.Background(), DiskOptions{Dir: dir, MessageBytes: 100, FileBytes: 1050, Seconds: 60}, &out); err != nil {
		t.Fatal(err)
	}
	wantLines(t, out.lines(), `Write and fdatasync of 100 bytes: 10, per second: \d+`, latencyPattern)
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
}

func TestADiskMeasureRefusesWhatCannotBe(t *testing.T) {
	var out output
	for _, o := range []DiskOptions{{Dir: t.TempDir(), MessageBytes: 0, FileBytes: 10}, {Dir: t.TempDir(), MessageBytes: 11, FileBytes: 10},
		{Dir: "/does/not/exist", MessageBytes: 1, FileBytes: 10, Seconds: 1}} {
		if err := MeasureDisk(context.Background(), o, &out); err == nil {
			t.Errorf("%+v is measured", o)
		}
	}
}
