package compat

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"gantry/tools/compat/artifacts"
	"gantry/tools/compat/realbroker"
	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
	"gantry/tools/compat/wire"
)

// copyTime is what a copy of some ten MiB may take, the 5 s before a Java slave's first report included.
const copyTime = 60 * time.Second

// copyOf is one copy of a shard, real or Gantry's: where it answers, and its store.
type copyOf struct{ address, store string }

// bounds are where a copy's log begins and ends.
func (c copyOf) bounds(ctx context.Context) (low, end int64, err error) {
	const getBrokerRuntimeInfo = 28
	reply, err := wire.Ask(ctx, c.address, getBrokerRuntimeInfo, nil, nil)
	if err != nil {
		return 0, 0, err
	}
	var said struct{ Table map[string]string }
	if err := json.Unmarshal(reply.Body, &said); err != nil {
		return 0, 0, fmt.Errorf("code 28 of %s: code %d %s: %w", c.address, reply.Code, reply.Remark, err)
	}
	if low, err = strconv.ParseInt(said.Table["commitLogMinOffset"], 10, 64); err == nil {
		end, err = strconv.ParseInt(said.Table["commitLogMaxOffset"], 10, 64)
	}
	return low, end, err
}

// awaitEqual waits until the other copy has as much as this one, and compares the bytes of the two logs.
func (c copyOf) awaitEqual(t *testing.T, other copyOf) {
	t.Helper()
	var low, end int64
	stage.Eventually(t, copyTime, "a log as long as "+c.address+"'s at "+other.address, func() bool {
		first, most, err := c.bounds(t.Context())
		_, got, otherErr := other.bounds(t.Context())
		low, end = first, most
		return err == nil && otherErr == nil && got == end && end > 0
	})
	if files := (end - low) / logFileBytes; files < 2 {
		t.Fatalf("the log is [%d, %d): too short to show anything", low, end)
	}
	for start := low; start < end; start += logFileBytes {
		name := filepath.Join("commitlog", fmt.Sprintf("%020d", start))
		one, two := readLog(t, c.store, name, end-start), readLog(t, other.store, name, end-start)
		if !bytes.Equal(one, two) {
			t.Fatalf("%s differs at %s and %s", name, c.address, other.address)
		}
	}
}

// readLog reads a log's file as far as the log goes.
func readLog(t *testing.T, store, name string, most int64) []byte {
	t.Helper()
	file, err := os.Open(filepath.Join(store, name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	read, err := io.ReadAll(io.LimitReader(file, min(most, logFileBytes)))
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// fill sends messages of different lengths, so many bytes together.
func (c copyOf) fill(t *testing.T, bytes int) {
	t.Helper()
	for sent := 0; sent < bytes; {
		body := make([]byte, 1000+(sent*7919)%700_000)
		if _, err := rand.Read(body); err != nil {
			t.Fatal(err)
		}
		if reply := sendByHand(t, c.address, "Replicated", nil, body, nil); reply.Code != 0 {
			t.Fatalf("sent to %s: code %d %s", c.address, reply.Code, reply.Remark)
		}
		sent += len(body)
	}
}

// shard are the copies of one shard and what they register with.
type shard struct {
	*testing.T
	release release
	namesrv string
	dir     string
}

func (s *shard) java(place realbroker.Config, properties map[string]string) (copyOf, *realbroker.Alone) {
	s.Helper()
	place.RegisterAt = s.namesrv
	place.Properties = map[string]string{"brokerIP2": "127.0.0.1", "mappedFileSizeCommitLog": strconv.Itoa(logFileBytes)}
	maps.Copy(place.Properties, properties)
	b := s.release.broker(s.T, place)
	return copyOf{b.Address, filepath.Join(place.Dir, "store")}, b
}

func (s *shard) gantry(properties map[string]string) (copyOf, *server.Alone) {
	s.Helper()
	all := map[string]string{"brokerClusterName": "DefaultCluster", "mappedFileSizeCommitLog": strconv.Itoa(logFileBytes)}
	maps.Copy(all, properties)
	n, err := server.StartNode(s.Context(), server.Config{Set: theatre.Artifacts(s.T), Dir: s.dir, Properties: all}, s.namesrv)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(n.Close)
	return copyOf{n.Address, filepath.Join(s.dir, "data")}, n
}

// A shard moves from a Java master to a Gantry one, which has followed it, and Java slaves follow that: a new one, and the
// former master. All logs are the same bytes in the same files.
func TestALogIsCopiedFromAJavaMasterToGantryAndBack(t *testing.T) {
	t.Parallel()
	s := &shard{T: t, release: releaseOf(t, "4.9.7", (*artifacts.Set).ServerClasspath), dir: filepath.Join(t.TempDir(), "gantry")}
	s.namesrv = s.release.namesrv(t, s.release.config(t, nil)).Address
	slaveOf := func(id string) map[string]string { return map[string]string{"brokerRole": "SLAVE", "brokerId": id} }

	first := s.release.config(t, nil)
	java, javaBroker := s.java(first, nil)
	java.fill(t, 3*logFileBytes)
	gantry, node := s.gantry(slaveOf("1"))
	java.fill(t, logFileBytes) // while it is copied
	java.awaitEqual(t, gantry)
	node.Kill()
	java.fill(t, logFileBytes)
	if err := node.StartAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	java.awaitEqual(t, gantry)

	if err := javaBroker.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := node.Stop(); err != nil {
		t.Fatal(err)
	}
	gantry, node = s.gantry(map[string]string{"brokerRole": "ASYNC_MASTER", "brokerId": "0"})
	gantry.fill(t, logFileBytes)
	second, _ := s.java(s.release.config(t, nil), slaveOf("1"))
	gantry.fill(t, logFileBytes) // while it is copied
	gantry.awaitEqual(t, second)
	former, _ := s.java(first, slaveOf("2"))
	gantry.awaitEqual(t, former)
	node.Kill()
	if err := node.StartAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	gantry.fill(t, logFileBytes)
	gantry.awaitEqual(t, second)
	gantry.awaitEqual(t, former)
}

// Under SYNC_MASTER what is acknowledged is in a Java slave's log.
func TestAGantryMasterWaitsForAJavaSlave(t *testing.T) {
	t.Parallel()
	s := &shard{T: t, release: releaseOf(t, "4.9.7", (*artifacts.Set).ServerClasspath), dir: filepath.Join(t.TempDir(), "gantry")}
	s.namesrv = s.release.namesrv(t, s.release.config(t, nil)).Address
	gantry, _ := s.gantry(map[string]string{"brokerRole": "SYNC_MASTER"})
	const slaveNotAvailable = 11
	if reply := sendByHand(t, gantry.address, "Replicated", nil, []byte("alone"), nil); reply.Code != slaveNotAvailable {
		t.Errorf("without a slave: code %d %s", reply.Code, reply.Remark)
	}
	java, broker := s.java(s.release.config(t, nil), map[string]string{"brokerRole": "SLAVE", "brokerId": "1"})
	stage.Eventually(t, copyTime, "a send that a slave has", func() bool {
		return sendByHand(t, gantry.address, "Replicated", nil, []byte("is it there?"), nil).Code == 0
	})
	gantry.fill(t, 3*logFileBytes)
	_, end, err := gantry.bounds(t.Context())
	_, got, javaErr := java.bounds(t.Context())
	if err != nil || javaErr != nil || got != end {
		t.Errorf("all is acknowledged up to %d, the slave has %d; %v, %v", end, got, err, javaErr)
	}
	gantry.awaitEqual(t, java)
	broker.Kill()
	stage.Eventually(t, copyTime, "the loss of the slave", func() bool {
		return sendByHand(t, gantry.address, "Replicated", nil, []byte("alone again"), nil).Code == slaveNotAvailable
	})
}
