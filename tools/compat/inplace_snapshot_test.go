package compat

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gantry/remoting/message"
	"gantry/tools/compat/stage"
	"gantry/tools/compat/wire"
)

// Request codes of the questions a snapshot asks.
const (
	pullMessage         = 11
	queryMessage        = 12
	queryConsumerOffset = 14
	getMaxOffset        = 30
	getMinOffset        = 31
	viewMessageByID     = 33
)

// queue names a queue of the one shard.
type queue struct {
	topic string
	id    int
}

func (q queue) fields() map[string]string {
	return map[string]string{"topic": q.topic, "queueId": strconv.Itoa(q.id)}
}

// snapshot is all that a server answers about its store: the records of each queue by queue offset, where each queue ends, and
// each group's place in each queue it has committed.
type snapshot struct {
	records map[queue]map[int64]message.Record
	ends    map[queue]int64
	commits map[string]string // "group topic queueId" to offset
}

// takeSnapshot reads every queue that has a folder in the store, through pulls, and what the groups have committed. Queues of a
// topic that the server keeps to itself have an end only.
func takeSnapshot(t *testing.T, address, store string, groups []string) snapshot {
	t.Helper()
	s := snapshot{records: map[queue]map[int64]message.Record{}, ends: map[queue]int64{}, commits: map[string]string{}}
	for _, q := range storedQueues(t, store) {
		s.records[q], s.ends[q] = pullAll(t, address, q)
		for _, group := range groups {
			fields := q.fields()
			fields["consumerGroup"] = group
			if reply := mustAsk(t, address, queryConsumerOffset, fields); reply.Code == 0 {
				s.commits[fmt.Sprintf("%s %s %d", group, q.topic, q.id)] = reply.ExtFields["offset"]
			}
		}
	}
	return s
}

func storedQueues(t *testing.T, store string) []queue {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join(store, "consumequeue", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var queues []queue
	for _, folder := range folders {
		id, err := strconv.Atoi(filepath.Base(folder))
		if err != nil {
			t.Fatal(err)
		}
		queues = append(queues, queue{topic: filepath.Base(filepath.Dir(folder)), id: id})
	}
	return queues
}

func mustAsk(t *testing.T, address string, code int, fields map[string]string) *wire.Frame {
	t.Helper()
	reply, err := wire.Ask(context.Background(), address, code, fields, nil)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func pullAll(t *testing.T, address string, q queue) (found map[int64]message.Record, end int64) {
	t.Helper()
	const success, topicNotExist, subscription = 0, 17, 1 << 2
	reply := mustAsk(t, address, getMaxOffset, q.fields())
	end, err := strconv.ParseInt(reply.ExtFields["offset"], 10, 64)
	if err != nil {
		t.Fatalf("maximum offset of %v: code %d %s", q, reply.Code, reply.Remark)
	}
	found = map[int64]message.Record{}
	for next := int64(0); next < end; {
		fields := q.fields()
		maps.Copy(fields, map[string]string{
			"consumerGroup": "snapshot", "queueOffset": strconv.FormatInt(next, 10), "maxMsgNums": "32", "commitOffset": "0",
			"sysFlag": strconv.Itoa(subscription), "subscription": "*", "expressionType": "TAG", "subVersion": "0", "suspendTimeoutMillis": "0",
		})
		reply := mustAsk(t, address, pullMessage, fields)
		if reply.Code == success {
			for _, r := range splitRecords(t, reply.Body) {
				found[r.QueueOffset()] = r
			}
		}
		if reply.Code == topicNotExist {
			return nil, end
		}
		before := next
		if next, err = strconv.ParseInt(reply.ExtFields["nextBeginOffset"], 10, 64); err != nil || next <= before {
			t.Fatalf("pull %v at %d of %d: code %d %s, next %d, %v", q, before, end, reply.Code, reply.Remark, next, err)
		}
	}
	return found, end
}

func splitRecords(t *testing.T, body []byte) []message.Record {
	t.Helper()
	var all []message.Record
	for len(body) > 0 {
		r, err := message.ParseRecord(body)
		if err != nil {
			t.Fatal(err)
		}
		all, body = append(all, r), body[len(r):]
	}
	return all
}

// contains says that everything in before is in s, byte by byte and at the same place.
func (s snapshot) contains(t *testing.T, before snapshot) {
	t.Helper()
	for q, records := range before.records {
		for offset, r := range records {
			if got := s.records[q][offset]; !bytes.Equal(got, r) {
				t.Errorf("queue %v offset %d: a record of %d bytes, want the %d bytes that were there", q, offset, len(got), len(r))
			}
		}
	}
	for q, end := range before.ends {
		if s.ends[q] < end {
			t.Errorf("queue %v ends at %d, before %d, where it did", q, s.ends[q], end)
		}
	}
	for place, offset := range before.commits {
		if s.commits[place] != offset {
			t.Errorf("committed by %s: %q, want %q", place, s.commits[place], offset)
		}
	}
}

// size is how many records a snapshot has.
func (s snapshot) size() (n int) {
	for _, records := range s.records {
		n += len(records)
	}
	return n
}

// isFound says that the server finds a record by its offset id, its unique id and each of its keys.
func isFound(t *testing.T, address string, r message.Record) {
	t.Helper()
	topic := string(r.Topic())
	if got := viewAt(t, address, r.PhysicalOffset()); !bytes.Equal(got, r) {
		t.Errorf("%s queue offset %d by offset id %s: %d bytes, want %d", topic, r.QueueOffset(),
			message.OffsetID(r.StoreHost(), r.PhysicalOffset()), len(got), len(r))
	}
	if id := string(r.Properties().Get(message.PropertyUniqKey)); id != "" {
		isFoundByKey(t, address, topic, id, "true", r)
	}
	for _, key := range strings.Fields(string(r.Properties().Get(message.PropertyKeys))) {
		isFoundByKey(t, address, topic, key, "false", r)
	}
}

// viewAt is the record at an offset of the commit log, as a view by offset id has it.
func viewAt(t *testing.T, address string, offset int64) message.Record {
	t.Helper()
	reply := mustAsk(t, address, viewMessageByID, map[string]string{"offset": strconv.FormatInt(offset, 10)})
	if reply.Code != 0 {
		t.Fatalf("view what lies at %d: code %d %s", offset, reply.Code, reply.Remark)
	}
	return reply.Body
}

// isFoundByKey says that the record is among those of a key, soon: after an unclean stop the index is completed behind the start.
func isFoundByKey(t *testing.T, address, topic, key, unique string, r message.Record) {
	t.Helper()
	what := fmt.Sprintf("the message at queue offset %d of %s by key %s", r.QueueOffset(), topic, key)
	stage.Eventually(t, 10*time.Second, what, func() bool {
		reply := mustAsk(t, address, queryMessage, map[string]string{
			"topic": topic, "key": key, "maxNum": "64", "beginTimestamp": "0", "endTimestamp": strconv.FormatInt(1<<62, 10), "_UNIQUE_KEY_QUERY": unique,
		})
		return slices.ContainsFunc(splitRecords(t, reply.Body), func(found message.Record) bool { return bytes.Equal(found, r) })
	})
}

// commitsSaved says that consumerOffset.json has the commits of the snapshot.
func (s snapshot) commitsSaved(t *testing.T, store string) bool {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(store, "config", "consumerOffset.json"))
	if err != nil {
		return false
	}
	var saved struct {
		OffsetTable map[string]map[string]int64
	}
	quoted := regexp.MustCompile(`([{,]\s*)(\d+):`).ReplaceAll(file, []byte(`$1"$2":`)) // fastjson writes numbers as keys
	if err := json.Unmarshal(quoted, &saved); err != nil {
		t.Fatal(err)
	}
	for place, offset := range s.commits {
		part := strings.Fields(place)
		if strconv.FormatInt(saved.OffsetTable[part[1]+"@"+part[0]][part[2]], 10) != offset { // what is in no table is answered as 0
			return false
		}
	}
	return true
}
