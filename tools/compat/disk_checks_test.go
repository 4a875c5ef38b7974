package compat

import (
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/stage"
)

// mostOutputBytes bounds what the server prints in the whole scenario, eight starts included. A line for each refused send would
// be many times as much.
const mostOutputBytes = 64 << 10

// refusals is nil when a send of every client is refused with code 14 and the folder.
func (d *smallDisk) refusals() error {
	for kind, producer := range d.producers {
		err := d.load.try(producer, "refused-"+string(kind), 0)
		if err == nil || !strings.Contains(err.Error(), "CODE: 14") || !strings.Contains(err.Error(), "disk is full: "+d.disk.Dir) {
			return fmt.Errorf("%s: a send on the full disk ended with %v, want code 14 and the folder", kind, err)
		}
	}
	return nil
}

func (d *smallDisk) checkClientsAreRefused() {
	d.Helper()
	if err := d.refusals(); err != nil {
		d.Error(err)
	}
}

// checkFreeBytes says that a remark tells what is free, or was a second ago.
func (d *smallDisk) checkFreeBytes(leave int64, remark string) {
	d.Helper()
	_, free, err := d.disk.Size()
	if err != nil {
		d.Fatal(err)
	}
	told, err := strconv.ParseInt(regexp.MustCompile(` has (\d+) bytes free`).FindStringSubmatch(remark)[1], 10, 64)
	if leave > 0 && (err != nil || told > leave || max(told-free, free-told) > 1<<20) {
		d.Errorf("with %d bytes free the remark says %q", free, remark)
	}
}

// checkAllElseGoesOn says that new groups consume what was acknowledged, that their commits are kept, and that questions are answered.
func (d *smallDisk) checkAllElseGoesOn() {
	d.Helper()
	acknowledged := d.load.soFar()
	for _, c := range d.clients {
		group := c.Unique("group")
		newcomer := c.Subscribe(d.topic, group)
		checkNothingLost(d.T, acknowledged, newcomer)
		seen := newcomer.Await(deliveryTime, "a message of every place", func(seen []agent.Delivered) bool {
			return len(places(seen)) >= d.stored()
		})
		newcomer.Shutdown()
		stage.Eventually(d.T, deliveryTime, "the commits of a new group", func() bool { return d.committed(group) >= len(places(seen)) })
	}
	d.checkQuestions()
}

// checkResidentsConsume says that consumers that have been there all the time have what was acknowledged.
func (d *smallDisk) checkResidentsConsume(kinds ...agent.Kind) {
	d.Helper()
	for _, kind := range kinds {
		checkNothingLost(d.T, d.load.soFar(), d.consumers[kind])
	}
}

// stored is how many messages of the load the queues hold.
func (d *smallDisk) stored() (n int) {
	for id := range loadQueues {
		n += int(offsetOf(d.T, d.broker, getMaxOffset, queue{d.topic, id}.fields()) - offsetOf(d.T, d.broker, getMinOffset, queue{d.topic, id}.fields()))
	}
	return n
}

// committed is how many messages of the load a group has committed.
func (d *smallDisk) committed(group string) (n int) {
	for id := range loadQueues {
		fields := queue{d.topic, id}.fields()
		fields["consumerGroup"] = group
		n += int(offsetOf(d.T, d.broker, queryConsumerOffset, fields))
	}
	return n
}

// checkQuestions asks what clients and an operator's tools ask about offsets, times, routes, the cluster and its topics.
func (d *smallDisk) checkQuestions() {
	d.Helper()
	const searchOffset, earliestTime, route, cluster, topicList = 29, 32, 105, 106, 206
	byTime := queue{d.topic, 0}.fields()
	byTime["timestamp"] = strconv.FormatInt(time.Now().Add(-time.Hour).UnixMilli(), 10)
	for _, question := range []struct {
		code    int
		address string
		fields  map[string]string
	}{
		{getMaxOffset, d.broker, queue{d.topic, 0}.fields()},
		{getMinOffset, d.broker, queue{d.topic, 0}.fields()},
		{searchOffset, d.broker, byTime},
		{earliestTime, d.broker, queue{d.topic, 0}.fields()},
		{route, d.srv.Namesrv(), map[string]string{"topic": d.topic}},
		{cluster, d.srv.Namesrv(), nil},
		{topicList, d.srv.Namesrv(), nil},
	} {
		if reply := mustAsk(d.T, question.address, question.code, question.fields); reply.Code != 0 {
			d.Errorf("question %d on a full disk: code %d %s", question.code, reply.Code, reply.Remark)
		}
	}
}

// checkATopicIsMadeOrTheReasonTold makes a topic, which is answered when the table is on the disk: there may just be room for it.
func (d *smallDisk) checkATopicIsMadeOrTheReasonTold() {
	d.Helper()
	const updateAndCreateTopic = 17
	reply := mustAsk(d.T, d.broker, updateAndCreateTopic, map[string]string{
		"topic": d.topic + "_made", "defaultTopic": "TBW102", "topicFilterType": "SINGLE_TAG", "topicSysFlag": "0", "order": "false",
		"readQueueNums": "1", "writeQueueNums": "1", "perm": "6",
	})
	told := strings.Contains(reply.Remark, "topics.json") && strings.Contains(reply.Remark, "no space left on device")
	if reply.Code != 0 && !told {
		d.Errorf("make a topic on a full disk: code %d %s", reply.Code, reply.Remark)
	}
}

// checkAllCameAsSent says that every acknowledged message has reached every group from its place, all as they were sent, and that no
// queue has a gap.
func (d *smallDisk) checkAllCameAsSent() {
	d.Helper()
	acknowledged := d.load.stop()
	for _, consumer := range d.consumers {
		checkNothingLost(d.T, acknowledged, consumer)
		consumer.Await(deliveryTime, "a message of every place", func(seen []agent.Delivered) bool { return len(places(seen)) >= d.stored() })
		checkAsSent(d.T, acknowledged, consumer.Delivered())
		d.checkUnbroken(consumer.Delivered())
	}
	checkPlaces(d.T, d.consumers)
	d.Logf("%d messages acknowledged, %d stored", len(acknowledged), d.stored())
}

// checkAsSent says that deliveries have the bodies that their keys tell, and acknowledged ones the places that were told.
func checkAsSent(t *testing.T, acknowledged []acknowledgement, seen []agent.Delivered) {
	t.Helper()
	missing := map[acknowledgement]bool{}
	for _, a := range acknowledged {
		missing[a] = true
	}
	for _, s := range seen {
		key := strings.TrimSpace(s.Keys)
		seq, err := strconv.ParseInt(key[strings.LastIndex(key, "-")+1:], 10, 32)
		if want := crc32.ChecksumIEEE(agent.Body(loadBodyBytes, int32(seq))); err != nil || s.BodyCRC != want {
			t.Errorf("message %s came with a body of CRC %08x, was sent with %08x, %v", key, s.BodyCRC, want, err)
		}
		delete(missing, acknowledgement{key: key, queue: s.QueueID, offset: s.QueueOffset})
	}
	for a := range missing {
		t.Errorf("message %s was not delivered from queue %d offset %d, where it was acknowledged", a.key, a.queue, a.offset)
	}
}

// place is where a message lies in its topic.
type place struct {
	queue  int
	offset int64
}

func places(seen []agent.Delivered) map[place]bool {
	all := map[place]bool{}
	for _, s := range seen {
		all[place{s.QueueID, s.QueueOffset}] = true
	}
	return all
}

// checkUnbroken says that something was delivered from every place of every queue.
func (d *smallDisk) checkUnbroken(seen []agent.Delivered) {
	d.Helper()
	delivered := places(seen)
	for id := range loadQueues {
		for offset := range offsetOf(d.T, d.broker, getMaxOffset, queue{d.topic, id}.fields()) {
			if !delivered[place{id, offset}] {
				d.Errorf("nothing was delivered from queue %d offset %d", id, offset)
			}
		}
	}
}

// checkOutput says that the server does not fill a disk itself with what it has to say about it.
func (d *smallDisk) checkOutput() {
	d.Helper()
	info, err := os.Stat(filepath.Join(d.dir, "front.out"))
	if err != nil {
		d.Fatal(err)
	}
	d.Logf("the server printed %d bytes", info.Size())
	if info.Size() > mostOutputBytes {
		d.Errorf("the server printed %d bytes, want at most %d", info.Size(), mostOutputBytes)
	}
}
