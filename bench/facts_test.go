package bench

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDurabilityIsReadFromABrokersSettings(t *testing.T) {
	text := "#\nflushDiskTypeOther=x\nflushDiskType=SYNC_FLUSH\r\nbrokerRole = SLAVE\n"
	if flush, role, none := setting(text, "flushDiskType"), setting(text, "brokerRole"), setting(text, "rokerRole"); flush != "SYNC_FLUSH" || role != "SLAVE" || none != "" {
		t.Errorf("%q, %q, %q", flush, role, none)
	}
}

func TestWhatIsNotKnownIsSaidToBe(t *testing.T) {
	for want, f := range map[string]Facts{
		"unknown, durability unknown":                           {},
		"unknown, SYNC_FLUSH, unknown, copies unknown (stated)": {FlushDiskType: "SYNC_FLUSH", Source: factsStated},
	} {
		if got := f.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestTheDiskOfAFolderIsThatOfItsInnermostMount(t *testing.T) {
	mounts := []byte("22 1 999:1 / / rw - overlay overlay rw\n" +
		"23 22 999:2 / /data rw,relatime shared:1 - ext4 /dev/sdz1 rw\n" +
		"24 22 999:3 / /database rw - xfs /dev/sdy1 rw\n" +
		"25 23 999:4 / /data/store rw - btrfs /dev/sdx1 rw\nshort\n")
	for dir, want := range map[string]string{"/": "overlay on overlay", "/home": "overlay on overlay", "/data": "ext4 on /dev/sdz1", "/data/store/x": "btrfs on /dev/sdx1", "/database/x": "xfs on /dev/sdy1"} {
		if got := diskOf(mounts, dir); got != want {
			t.Errorf("%s is on %q, want %q", dir, got, want)
		}
	}
}

func TestThisMachineIsNamed(t *testing.T) {
	m := thisMachine(t.TempDir())
	if m.Cores < 1 || m.MemoryBytes < 1<<20 || m.Kernel == "unknown" || m.Disk == "unknown" || strings.HasPrefix(m.CPU, ",") {
		t.Errorf("%+v", m)
	}
}

func TestMemoryAndWrittenBytesOfAProcess(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"status": "Name:\tx: y\nVmRSS:\t  60 kB\nRssAnon:\t  30 kB\nRssFile:\t  20 kB\nRssShmem:\t  10 kB\n",
		"io": "rchar: 1\nwchar: 9\nread_bytes: 2\nwrite_bytes: 8192\ncancelled_write_bytes: 4096\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	u := usage{anonBytes: 1}
	u.addDetails(folder)
	u.addDetails(filepath.Join(folder, "ended"))
	if want := (usage{anonBytes: 1 + 30<<10, fileBytes: 30 << 10, writtenBytes: 4096}); u != want {
		t.Errorf("%+v, want %+v", u, want)
	}
	if own, err := usageOf(os.Getpid()); err != nil || own.anonBytes < 1<<20 || own.fileBytes == 0 {
		t.Errorf("this process has %+v, %v", own, err)
	}
}

func TestNumbersAreFoundByTheirLabels(t *testing.T) {
	text := []byte("RssAnon:\t  12 kB\nRssFile: x\nwrite_bytes: 7\ncancelled_write_bytes: 3\n")
	for name, want := range map[string]int64{"RssAnon": 12, "RssFile": 0, "write_bytes": 7, "bytes": 0} {
		if got := labelled(text, name); got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
}

func TestHolesTakeNoRoomOnTheDisk(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "below"), 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(dir, "below", "sparse"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := errors.Join(file.Truncate(1<<30), os.WriteFile(filepath.Join(dir, "full"), make([]byte, 1<<20), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt(make([]byte, 1<<20), 1<<29); err != nil || file.Sync() != nil {
		t.Fatal(err)
	}
	if got := diskBytes(dir); got < 1<<20 || got > 4<<20 {
		t.Errorf("%d bytes, want about 2 MiB", got)
	}
}
