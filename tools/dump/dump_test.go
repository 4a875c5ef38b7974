package dump

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/urfave/cli/v2"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/store"
	"gantry/storenode/vfs"
)

const (
	testLogBytes   = 16 << 10
	testQueueBytes = 20 * 20
	testSlots      = 50
	testItems      = 500
	testMessages   = 60
)

// written is a store with messages "body 0" to "body 59" of tag "red", alternating between two queues, closed cleanly.
func written(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	cfg := store.DefaultConfig(root)
	cfg.MappedFileSizeCommitLog, cfg.MappedFileSizeConsumeQueue = testLogBytes, testQueueBytes
	cfg.MaxHashSlotNum, cfg.MaxIndexNum = testSlots, testItems
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(cfg, vfs.OS{}, slog.New(slog.NewTextHandler(io.Discard, nil)))
		if err != nil {
			t.Fatal(err)
		}
		for i := range testMessages {
			appendMessage(t, s, int32(i%2), fmt.Sprint("body ", i), fmt.Sprint("key", i%7))
		}
		synctest.Wait() // for the index, which a stop does not wait for
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
	return root
}

func appendMessage(t *testing.T, s *store.Store, queueID int32, body, keys string) {
	t.Helper()
	properties := message.Properties(nil).Set(message.PropertyTags, "red").Set(message.PropertyKeys, keys)
	record, err := message.AppendRecord(nil, &message.Message{
		Topic: "colours", QueueID: queueID, Body: []byte(body), Properties: properties,
		BornHost: netip.MustParseAddrPort("10.0.0.1:1000"), StoreHost: netip.MustParseAddrPort("[::1]:10911"),
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	r := &commitlog.Request{Topic: "colours", QueueID: queueID, Records: record, Done: func(r *commitlog.Request) { done <- r.Err }}
	if err := errors.Join(s.Append(r), <-done); err != nil {
		t.Fatal(err)
	}
}

// run is the command line behind `gantry dump`; it returns what it printed, by lines.
func run(t *testing.T, args ...string) ([]string, error) {
	t.Helper()
	var out bytes.Buffer
	app := &cli.App{Name: "gantry", Writer: &out, ErrWriter: io.Discard, Commands: []*cli.Command{Command()}, ExitErrHandler: func(*cli.Context, error) {}}
	err := app.Run(append([]string{"gantry", "dump"}, args...))
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n"), err
}

func mustRun(t *testing.T, args ...string) []string {
	t.Helper()
	lines, err := run(t, args...)
	if err != nil {
		t.Fatalf("dump %v: %v", args, err)
	}
	return lines
}

func has(t *testing.T, line string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(line, word) {
			t.Errorf("line %q lacks %q", line, word)
		}
	}
}

func logFile(root string) string {
	return filepath.Join(root, "commitlog", "00000000000000000000")
}

func queueFile(root string) string {
	return filepath.Join(root, "consumequeue", "colours", "1", "00000000000000000000")
}

func indexPath(t *testing.T, root string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root, "index", "*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("index files %v, %v", found, err)
	}
	return found[0]
}

func indexArgs(path string, more ...string) []string {
	return append(append([]string{"index", "--slots", fmt.Sprint(testSlots)}, more...), path)
}

func TestACommitLogFileIsPrintedRecordByRecord(t *testing.T) {
	lines := mustRun(t, "commitlog", "--body", logFile(written(t)))
	if len(lines) != testMessages+1 {
		t.Fatalf("%d lines, want one for each of %d records and the end", len(lines), testMessages)
	}
	has(t, lines[0], "offset=0 ", `topic="colours"`, "queue=0 queue_offset=0", "born_host=10.0.0.1:1000", "store_host=[::1]:10911",
		"transaction=none", `TAGS="red"`, `KEYS="key0"`, "body_bytes=6", `body="body 0"`)
	has(t, lines[59], "queue=1 queue_offset=29", `body="body 59"`)
	has(t, lines[60], "end=", "zeros to the end of the file")
}

func TestBodiesArePrintedOnlyWhenAskedFor(t *testing.T) {
	for _, line := range mustRun(t, "commitlog", logFile(written(t))) {
		if strings.Contains(line, "body 1") {
			t.Fatal(line)
		}
	}
}

func TestFromAndLimitChooseLines(t *testing.T) {
	root := written(t)
	all := mustRun(t, "commitlog", logFile(root))
	offset, _, _ := strings.Cut(strings.TrimPrefix(all[10], "offset="), " ")
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"records": {[]string{"commitlog", "--from", offset, "--limit", "3", logFile(root)}, all[10:13]},
		"units":   {[]string{"consumequeue", "--from", "5", "--limit", "2", queueFile(root)}, mustRun(t, "consumequeue", queueFile(root))[5:7]},
		"items":   {indexArgs(indexPath(t, root), "--from", "7", "--limit", "4"), mustRun(t, indexArgs(indexPath(t, root))...)[7:11]},
	} {
		got := mustRun(t, c.args...)
		if name == "items" {
			got = got[1:] // behind the header
		}
		if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

func TestFromOutsideTheFileIsRefused(t *testing.T) {
	root := written(t)
	for _, args := range [][]string{
		{"commitlog", "--from", fmt.Sprint(testLogBytes), logFile(root)},
		{"consumequeue", "--from", "20", queueFile(root)},
		indexArgs(indexPath(t, root), "--from", "10000"),
	} {
		if _, err := run(t, args...); !errors.Is(err, errOutside) {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestAConsumeQueueIsPrintedUnitByUnit(t *testing.T) {
	root := written(t)
	lines := mustRun(t, "consumequeue", queueFile(root))
	if len(lines) != testQueueBytes/20+1 {
		t.Fatalf("%d lines", len(lines))
	}
	has(t, lines[0], "queue_offset=0 ", fmt.Sprint("tags_code=", message.TagsCode("red")))
	has(t, lines[20], "end=20 the file is full")
	second := mustRun(t, "consumequeue", filepath.Join(filepath.Dir(queueFile(root)), fmt.Sprintf("%020d", testQueueBytes)))
	has(t, second[0], "queue_offset=20 ")
	has(t, second[10], "end=30 zeros")
}

func TestAnIndexFileIsPrintedItemByItem(t *testing.T) {
	lines := mustRun(t, indexArgs(indexPath(t, written(t)))...)
	if len(lines) != testMessages+1 {
		t.Fatalf("%d lines, want the header's and %d", len(lines), testMessages)
	}
	has(t, lines[0], fmt.Sprint("slots=", testSlots), fmt.Sprint("items=", testMessages), "begin_offset=0 ")
	has(t, lines[8], "item=8 ", "previous=1") // key0 again, seven messages later
}

func TestACheckpointIsPrinted(t *testing.T) {
	lines := mustRun(t, "checkpoint", filepath.Join(written(t), "checkpoint"))
	if len(lines) != 3 || strings.Contains(strings.Join(lines, ""), "1970") {
		t.Fatalf("printed %q", lines)
	}
	has(t, lines[0], "physicMsgTimestamp=")
}

// sumsFixture is of a commit log file of three blocks that begins at 12288.
var sumsFixture = filepath.Join("testdata", "sums")

func TestSumsArePrintedBlockByBlock(t *testing.T) {
	lines := mustRun(t, "sums", sumsFixture)
	if len(lines) != 4 {
		t.Fatalf("printed %q", lines)
	}
	has(t, lines[0], "start=12288 file_bytes=12288 blocks=3 ")
	has(t, lines[3], "offset=20480 crc=")
	if some := mustRun(t, "sums", "--from", "16999", "--limit", "1", sumsFixture); len(some) != 2 || some[1] != lines[2] {
		t.Errorf("from the second block: %q", some)
	}
	for _, from := range []string{"1", "24576"} {
		if _, err := run(t, "sums", "--from", from, sumsFixture); !errors.Is(err, errOutside) {
			t.Errorf("from %s: %v", from, err)
		}
	}
}

func TestAFileOfAnotherKindIsNamedAsSuch(t *testing.T) {
	root := written(t)
	config := filepath.Join(root, "topics.json")
	if err := os.WriteFile(config, []byte(`{"topicConfigTable":{}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	files := map[kind]string{
		commitLog: logFile(root), consumeQueue: queueFile(root), indexKind: indexPath(t, root),
		checkpoint: filepath.Join(root, "checkpoint"), text: config, sumsKind: sumsFixture,
	}
	for asked := range printers() {
		for found, path := range files {
			_, err := run(t, string(asked), path)
			var other *KindError
			if found != asked && (!errors.As(err, &other) || other.Found != found) {
				t.Errorf("dump %s of a %s file: %v", asked, found, err)
			}
		}
	}
}

func TestNothingIsWritten(t *testing.T) {
	root := written(t)
	for _, args := range [][]string{
		{"commitlog", logFile(root)}, {"consumequeue", queueFile(root)}, indexArgs(indexPath(t, root)), {"checkpoint", filepath.Join(root, "checkpoint")},
	} {
		path := args[len(args)-1]
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o400); err != nil {
			t.Fatal(err)
		}
		mustRun(t, args...)
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s has changed, %v", path, err)
		}
	}
}

// damaged changes a file with change and has it printed.
func damaged(t *testing.T, args []string, change func([]byte) []byte) (lines []string, found *DamageError) {
	t.Helper()
	path := args[len(args)-1]
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), filepath.Base(path))
	if err := os.WriteFile(copied, change(bytes.Clone(content)), 0o600); err != nil {
		t.Fatal(err)
	}
	lines, err = run(t, append(args[:len(args)-1:len(args)-1], copied)...)
	if err == nil {
		return lines, nil
	}
	if !errors.As(err, &found) || found.File != copied {
		t.Fatalf("got %v, want damage in %s", err, copied)
	}
	return lines, found
}

func flip(at int64) func([]byte) []byte {
	return func(b []byte) []byte { b[at] ^= 1; return b }
}

func zero(from, to int64) func([]byte) []byte {
	return func(b []byte) []byte { clear(b[from:to]); return b }
}

func TestDamageIsNamedWhereItBegins(t *testing.T) {
	root := written(t)
	log, queue, items := []string{"commitlog", logFile(root)}, []string{"consumequeue", queueFile(root)}, indexArgs(indexPath(t, root))
	sums := []string{"sums", sumsFixture}
	content, err := os.ReadFile(logFile(root))
	if err != nil {
		t.Fatal(err)
	}
	second := int64(binary.BigEndian.Uint32(content))
	itemsAt := int64(40 + 4*testSlots)
	for name, c := range map[string]struct {
		args   []string
		change func([]byte) []byte
		at     int64
		lines  int // in front of it
	}{
		"a record's length":         {log, flip(second + 3), second, 1},
		"a record's magic":          {log, flip(second + 5), second + 4, 1},
		"a record's place":          {log, flip(second + 35), second, 1},
		"a record's body":           {log, flip(second + 102), second + 100, 1},
		"zeros in front of records": {log, zero(second, second+second), second, 1},
		"garbage behind the log":    {log, flip(testLogBytes - 1), int64(len(bytes.TrimRight(content, "\x00"))), testMessages},
		"a unit's place":            {queue, flip(3*20 + 2), 4 * 20, 4}, // the next one lies before it then
		"a unit's size":             {queue, flip(3*20 + 8), 4 * 20, 4},
		"a unit of zeros":           {queue, zero(3*20, 4*20), 3 * 20, 3},
		"a cut queue file":          {queue, func(b []byte) []byte { return b[:3*20+7] }, 3 * 20, 0},
		"an item's hash":            {items, flip(itemsAt + 3*20 + 3), itemsAt + 4*20, 4}, // it lies in the slot of the next one then
		"an item's place":           {items, flip(itemsAt + 3*20 + 6), itemsAt + 3*20, 3},
		"the item before":           {items, flip(itemsAt + 9*20 + 19), itemsAt + 9*20, 9},
		"the index's count":         {items, flip(36), 0, 0},
		"a checkpoint's time":       {[]string{"checkpoint", filepath.Join(root, "checkpoint")}, func(b []byte) []byte { b[8] |= 0x80; return b }, 8, 1},
		"a byte behind the times":   {[]string{"checkpoint", filepath.Join(root, "checkpoint")}, flip(1000), 1000, 3},
		"the head of sums":          {sums, flip(17), 0, 0},
		"a sum":                     {sums, flip(40), 32, 1},
		"cut sums":                  {sums, func(b []byte) []byte { return b[:40] }, 40, 0},
		"a cut checkpoint":          {[]string{"checkpoint", filepath.Join(root, "checkpoint")}, func(b []byte) []byte { return b[:100] }, 100, 0},
	} {
		lines, found := damaged(t, c.args, c.change)
		if len(lines) == 1 && lines[0] == "" {
			lines = nil
		}
		if found == nil || found.At != c.at || len(lines) != c.lines {
			t.Errorf("%s: %v after %d lines, want byte %d after %d", name, found, len(lines), c.at, c.lines)
		}
	}
}

func TestASlotThatLeadsAstrayIsFound(t *testing.T) {
	args := indexArgs(indexPath(t, written(t)))
	_, found := damaged(t, args, func(b []byte) []byte {
		for slot := range testSlots {
			if at := 40 + 4*slot; b[at+3] != 0 {
				b[at+3] = 1
			}
		}
		return b
	})
	if found == nil || !errors.Is(found, errSlot) {
		t.Fatal(found)
	}
}

func TestTheCommandTakesOneFile(t *testing.T) {
	for _, args := range [][]string{{"commitlog"}, {"commitlog", "a", "b"}} {
		if _, err := run(t, args...); err == nil {
			t.Errorf("dump %v is taken", args)
		}
	}
	if _, err := run(t, "commitlog", t.TempDir()); err == nil {
		t.Error("a folder is taken for a file")
	}
}
