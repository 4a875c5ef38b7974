package configfile

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"gantry/remoting/fastjson"
	"gantry/storenode/configfile/configtest"
)

const path = "/store/config/t.json"

// load reads a file whose text is a JSON number.
func load(t *testing.T, f *File) (n int, found bool, err error) {
	t.Helper()
	found, err = f.Load(func(text []byte) error { return fastjson.Unmarshal(text, &n) })
	return n, found, err
}

func TestLoadTakesTheBackupWhereTheFileDoesNotServe(t *testing.T) {
	for name, c := range map[string]struct {
		file, backup string
		want         int
		found        bool
	}{
		"both whole":             {"2", "1", 2, true},
		"no file":                {"", "1", 1, true},
		"damaged file":           {"{", "1", 1, true},
		"damaged backup":         {"2", "{", 2, true},
		"first start":            {"", "", 0, false},
		"no backup":              {"2", "", 2, true},
		"file of another shape":  {`"two"`, "1", 1, true},
		"trailing bytes in file": {"2\x00\x00", "1", 1, true},
	} {
		fsys := &configtest.FS{}
		fsys.Set(path, c.file)
		fsys.Set(path+".bak", c.backup)
		n, found, err := load(t, New(fsys, path))
		if n != c.want || found != c.found || err != nil {
			t.Errorf("%s: got %d, %v, %v", name, n, found, err)
		}
	}
}

func TestTwoDamagedCopiesAreATypedErrorAndStayAsTheyAre(t *testing.T) {
	fsys := &configtest.FS{}
	fsys.Set(path, "12x")
	fsys.Set(path+".bak", "[")
	_, found, err := load(t, New(fsys, path))
	var corrupt *CorruptError
	if found || !errors.As(err, &corrupt) || corrupt.Path != path || corrupt.Offset != 2 {
		t.Fatalf("got %v, %v", found, err)
	}
	if text := err.Error(); !strings.Contains(text, path+".bak is corrupt at byte 1") || strings.Contains(text, "\n") {
		t.Errorf("the error is not one line that names both places: %s", text)
	}
	if fsys.Text(path) != "12x" || fsys.Text(path+".bak") != "[" {
		t.Error("a damaged file was overwritten")
	}
}

func TestADamagedFileWithoutBackupIsAnError(t *testing.T) {
	fsys := &configtest.FS{}
	fsys.Set(path, "{")
	_, _, err := load(t, New(fsys, path))
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) || !errors.Is(corrupt.Backup, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestSaveKeepsTheCopyBefore(t *testing.T) {
	fsys := &configtest.FS{}
	f := New(fsys, path)
	for _, text := range []string{"1", "2", "3"} {
		if err := f.Save([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if fsys.Text(path) != "3" || fsys.Text(path+".bak") != "2" || fsys.Text(path+".tmp") != "" {
		t.Errorf("got %q, bak %q, tmp %q", fsys.Text(path), fsys.Text(path+".bak"), fsys.Text(path+".tmp"))
	}
}

func TestSaveNeverMakesADamagedFileTheBackup(t *testing.T) {
	fsys := &configtest.FS{}
	fsys.Set(path, "{")
	fsys.Set(path+".bak", "1")
	f := New(fsys, path)
	if n, _, err := load(t, f); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if err := f.Save([]byte("2")); err != nil {
		t.Fatal(err)
	}
	if fsys.Text(path) != "2" || fsys.Text(path+".bak") != "1" {
		t.Errorf("got %q, bak %q", fsys.Text(path), fsys.Text(path+".bak"))
	}
}

func TestAStopAtAnyStepOfSaveLeavesTheOldOrTheNewText(t *testing.T) {
	for steps := 0; steps < 8; steps++ {
		fsys := &configtest.FS{}
		f := New(fsys, path)
		if err := errors.Join(f.Save([]byte("1")), f.Save([]byte("2"))); err != nil {
			t.Fatal(err)
		}
		fsys.StopAfter(steps)
		err := errors.Join(f.Save([]byte("3")), f.Save([]byte("4"))) // the second after a failed first, too
		fsys.StopAfter(-1)
		n, found, loadErr := load(t, New(fsys, path))
		if !found || loadErr != nil || n < 2 || err == nil && n != 4 {
			t.Errorf("after %d steps: got %d, %v, %v", steps, n, found, loadErr)
		}
		if err := f.Save([]byte("5")); err != nil {
			t.Errorf("after %d steps: the disk works again, yet %v", steps, err)
		}
		if n, _, err := load(t, New(fsys, path)); n != 5 || err != nil {
			t.Errorf("after %d steps: got %d, %v", steps, n, err)
		}
	}
}
