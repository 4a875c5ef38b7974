package group

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/fastjson"
	"gantry/storenode/configfile"
	"gantry/storenode/configfile/configtest"
)

var topic, group = []byte("TopicTest"), []byte("g")

func openOffsets(t *testing.T, fsys *configtest.FS, config OffsetsConfig) *Offsets {
	t.Helper()
	o, err := OpenOffsets(fsys, path, config, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	})
	return o
}

func wantOffset(t *testing.T, o *Offsets, topic string, queueID int32, want int64) {
	t.Helper()
	if got, found := o.Query([]byte(topic), group, queueID); !found || got != want {
		t.Errorf("%s queue %d: got %d, %v, want %d", topic, queueID, got, found, want)
	}
}

func TestOffsetsOfTheBroker497AreRead(t *testing.T) {
	o := openOffsets(t, golden(t, "consumerOffset-4.9.7.json"), DefaultOffsetsConfig())
	wantOffset(t, o, "TopicTest", 0, 12)
	wantOffset(t, o, "TopicTest", 1, 7)
	wantOffset(t, o, "%RETRY%g", 0, 0)
	if _, found := o.Query(topic, group, 2); found {
		t.Error("an offset out of nowhere")
	}
}

func TestOffsetsAreWrittenInJavasForm(t *testing.T) {
	fsys := &configtest.FS{}
	o := openOffsets(t, fsys, DefaultOffsetsConfig())
	for _, c := range []struct {
		topic  string
		queue  int32
		offset int64
	}{{"TopicTest", 1, 7}, {"TopicTest", 0, 12}, {"%RETRY%g", 10, 1}, {"%RETRY%g", 9, math.MaxInt64}} {
		if err := o.Commit([]byte(c.topic), group, c.queue, c.offset); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "{\n\t\"offsetTable\":{\n\t\t\"%RETRY%g@g\":{9:9223372036854775807,10:1},\n\t\t\"TopicTest@g\":{0:12,1:7}\n\t}\n}"
	if got := fsys.Text(path); got != want {
		t.Errorf("got %s", got)
	}
	again := openOffsets(t, fsys, DefaultOffsetsConfig())
	wantOffset(t, again, "%RETRY%g", 9, math.MaxInt64)
}

func TestAClientMayRewind(t *testing.T) {
	o := openOffsets(t, &configtest.FS{}, DefaultOffsetsConfig())
	for _, offset := range []int64{10, 3} {
		if err := o.Commit(topic, group, 0, offset); err != nil {
			t.Fatal(err)
		}
		wantOffset(t, o, "TopicTest", 0, offset)
	}
}

func TestACommitIsOnTheDiskAfterTheFlushInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fsys := &configtest.FS{}
		o := openOffsets(t, fsys, DefaultOffsetsConfig())
		for i := range 12 {
			if err := o.Commit(topic, group, 0, int64(i)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(1100 * time.Millisecond)
		}
		synctest.Wait()
		wantOffset(t, openOffsets(t, fsys, DefaultOffsetsConfig()), "TopicTest", 0, 9)
		if n := fsys.Writes(); n != 2 {
			t.Errorf("%d writes in 13 s of commits", n)
		}
		if err := o.Close(); err != nil {
			t.Fatal(err)
		}
		wantOffset(t, openOffsets(t, fsys, DefaultOffsetsConfig()), "TopicTest", 0, 11)
	})
}

func TestTheOffsetTableIsBounded(t *testing.T) {
	o := openOffsets(t, &configtest.FS{}, OffsetsConfig{MaxPairs: 1, MaxQueues: 1, FlushInterval: time.Hour})
	if err := o.Commit(topic, group, 0, 1); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(topic, group, 1, 1); !errors.Is(err, ErrOffsetsFull) {
		t.Errorf("a second queue: %v", err)
	}
	if err := o.Commit(topic, []byte("h"), 0, 1); !errors.Is(err, ErrOffsetsFull) {
		t.Errorf("a second pair: %v", err)
	}
	if err := o.Commit(topic, group, 0, 2); err != nil {
		t.Error(err)
	}
}

func TestDamagedOffsetsRefuseTheStart(t *testing.T) {
	fsys := &configtest.FS{}
	fsys.Set(path, `{"offsetTable":{"t@g":{0:x}}}`)
	_, err := OpenOffsets(fsys, path, DefaultOffsetsConfig(), quiet)
	var corrupt *configfile.CorruptError
	if !errors.As(err, &corrupt) || corrupt.Offset != 25 {
		t.Errorf("got %v", err)
	}
}

func TestCommitsOfManyConsumers(t *testing.T) {
	o := openOffsets(t, &configtest.FS{}, DefaultOffsetsConfig())
	var clients sync.WaitGroup
	for c := range int32(8) {
		clients.Go(func() {
			for i := range int64(200) {
				if err := o.Commit([]byte(fmt.Sprint("t", i%5)), group, c, i); err != nil {
					t.Error(err)
				}
				if i%50 == 0 {
					if err := o.Flush(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	clients.Wait()
	for c := range int32(8) {
		wantOffset(t, o, "t4", c, 199)
	}
}

func TestCommitAllocatesNothing(t *testing.T) {
	o := openOffsets(t, &configtest.FS{}, OffsetsConfig{MaxPairs: 1, MaxQueues: 1, FlushInterval: time.Hour})
	if n := testing.AllocsPerRun(100, func() { _ = o.Commit(topic, group, 0, 1) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzOffsetsFile(f *testing.F) {
	f.Add([]byte(`{"offsetTable":{"t@g":{0:12,"1":7},"x":null}}`))
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"offsetTable":[1]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		o := &Offsets{pairs: map[string]*queueEnds{}}
		if err := o.decode(text); err != nil {
			var syntax *fastjson.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatal(err)
			}
			return
		}
		again := &Offsets{pairs: map[string]*queueEnds{}}
		if err := again.decode(o.encode()); err != nil || string(again.encode()) != string(o.encode()) {
			t.Fatalf("%v: %s became %s", err, o.encode(), again.encode())
		}
	})
}
