package compat

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/server"
	"gantry/tools/compat/smalldisk"
	"gantry/tools/compat/stage"
	"gantry/tools/compat/wire"
)

const (
	smallDiskBytes = 256 << 20
	// healTime is the longest time from space returning to the first acknowledged send of a client that tries each healPace.
	healTime = 2 * time.Second
	healPace = 100 * time.Millisecond
	// fillTime is how long it may take from a disk that fills to sends that are refused.
	fillTime = 10 * time.Second
)

// smallDisk is a server whose store lies on a small file system, and stock clients that never cease to send and to consume.
type smallDisk struct {
	*testing.T
	disk       *smalldisk.Disk
	srv        server.Server
	dir        string
	properties map[string]string // of the server, read at each start

	topic, probes string // of the load, and of sends by hand
	broker        string
	load          *load
	clients       map[agent.Kind]*stage.Client
	producers     map[agent.Kind]*stage.Producer
	consumers     map[agent.Kind]*stage.Push
}

// TestADiskThatFillsRefusesSendsAloneLosesNothingAndHeals takes a disk past each threshold and frees it, then really fills it, and
// kills and starts the server on the full disk. It runs alone, since it holds the server to seconds.
func TestADiskThatFillsRefusesSendsAloneLosesNothingAndHeals(t *testing.T) {
	d := startOnSmallDisk(t)
	d.pastThreshold(20<<20, map[string]string{"diskSpaceWarningLevelRatio": "85", "diskFreeBytesMin": "1048576"})
	d.pastThreshold(60<<20, map[string]string{"diskSpaceWarningLevelRatio": "100", "diskFreeBytesMin": "67108864"})
	for _, flushDiskType := range []string{"ASYNC_FLUSH", "SYNC_FLUSH"} {
		d.full(flushDiskType)
	}
	d.checkAllCameAsSent()
	d.checkOutput()
}

func startOnSmallDisk(t *testing.T) *smallDisk {
	set := theatre.Artifacts(t)
	d := &smallDisk{T: t, dir: t.TempDir(), topic: "small_disk", probes: "small_disk_probes"}
	d.makeDisk()
	d.properties = map[string]string{
		"storePathRootDir": filepath.Join(d.disk.Dir, "store"), "mappedFileSizeCommitLog": strconv.Itoa(8 << 20), "mappedFileSizeConsumeQueue": "6000",
		"cleanFileForciblyEnable": "false", // which would take the oldest files, unconsumed messages with them
	}
	var err error
	if d.srv, err = server.New(server.Gantry, server.Config{Set: set, Dir: d.dir, Properties: d.properties}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.srv.Close)
	d.start()
	d.broker = stage.BrokerAddress(t, d.srv)
	stage.CreateTopic(t, d.srv, d.topic, loadQueues)
	stage.CreateTopic(t, d.srv, d.probes, 1)
	d.startClients()
	return d
}

func (d *smallDisk) makeDisk() {
	d.Helper()
	var err error
	if d.disk, err = smalldisk.Make(filepath.Join(d.dir, "disk"), smallDiskBytes); err != nil {
		d.Fatal(err)
	}
	d.Cleanup(func() {
		if err := d.disk.Unmount(); err != nil {
			d.Error(err)
		}
	})
	d.Logf("the disk: %s, %d MiB", d.disk.Kind, smallDiskBytes>>20)
}

func (d *smallDisk) startClients() {
	d.clients, d.producers, d.consumers = map[agent.Kind]*stage.Client{}, map[agent.Kind]*stage.Producer{}, map[agent.Kind]*stage.Push{}
	for _, kind := range []agent.Kind{agent.Java532, agent.Go212} {
		c := theatre.Client(d.T, kind, d.srv)
		d.clients[kind], d.producers[kind] = c, c.ProducerAsShipped()
		d.consumers[kind] = c.Subscribe(d.topic, c.Unique("group"))
	}
	d.load = startLoad(d.T, d.topic, d.producers[agent.Java532], d.producers[agent.Go212])
}

func (d *smallDisk) start() {
	d.Helper()
	if err := d.srv.Start(context.Background()); err != nil {
		d.Fatal(err)
	}
}

// restart gives the server other properties.
func (d *smallDisk) restart(properties map[string]string) {
	d.Helper()
	if err := d.srv.Stop(); err != nil {
		d.Fatal(err)
	}
	maps.Copy(d.properties, properties)
	d.start()
	d.load.await(d.T, 100)
}

// pastThreshold has the disk filled past a threshold, to so many free bytes.
func (d *smallDisk) pastThreshold(leave int64, threshold map[string]string) {
	d.Helper()
	d.restart(threshold)
	d.fillUntilRefused(leave, regexp.MustCompile(`disk is full: `+regexp.QuoteMeta(d.disk.Dir)+`/store\S* has \d+ bytes free$`))
	d.checkClientsAreRefused()
	stored := d.stored()
	d.checkAllElseGoesOn()
	d.checkResidentsConsume(agent.Java532, agent.Go212)
	stage.CreateTopic(d.T, d.srv, d.topic+"_"+strconv.FormatInt(leave, 10), 1)
	if now := d.stored(); now != stored {
		d.Errorf("%d sends were taken while the disk was past its threshold", now-stored)
	}
	d.heals()
}

// full has the disk filled to its last block, freed, filled again, and the server killed and started before it is freed. A send
// for which there is room in the log's last block is still taken, so none is refused for its own sake.
func (d *smallDisk) full(flushDiskType string) {
	d.Helper()
	d.restart(map[string]string{"diskSpaceWarningLevelRatio": "100", "diskFreeBytesMin": "0", "flushDiskType": flushDiskType})
	d.fillUntilNothingFits()
	d.checkAllElseGoesOn()
	d.checkResidentsConsume(agent.Java532) // Go's goes on only half a minute after a kill
	d.checkATopicIsMadeOrTheReasonTold()
	d.heals()
	d.load.await(d.T, 100)
	d.fillUntilNothingFits()
	d.srv.Kill()
	d.start()
	d.checkAllElseGoesOn()
	d.fillUntilNothingFits()
	d.heals()
}

func (d *smallDisk) fillUntilNothingFits() {
	d.Helper()
	d.fillUntilRefused(0, regexp.MustCompile(`disk is full: `+regexp.QuoteMeta(d.disk.Dir)+`/store\S* has \d+ bytes free: .*no space left on device`))
	stage.Eventually(d.T, fillTime, "refusals to all clients", func() bool {
		d.fill(0)
		return d.refusals() == nil
	})
}

// fillUntilRefused fills the disk until a send is refused with code 14 and such a remark.
func (d *smallDisk) fillUntilRefused(leave int64, remark *regexp.Regexp) {
	d.Helper()
	var reply *wire.Frame
	defer func() {
		if d.Failed() {
			d.Logf("the last send was answered %d %q", reply.Code, reply.Remark)
		}
	}()
	stage.Eventually(d.T, fillTime, "a refused send", func() bool {
		d.fill(leave)
		reply = sendByHand(d.T, d.broker, d.probes, nil, agent.Body(64<<10, 0), nil) // of many blocks
		return reply.Code == 14 && remark.MatchString(reply.Remark)
	})
	d.checkFreeBytes(leave, reply.Remark)
}

func (d *smallDisk) fill(leave int64) {
	d.Helper()
	if err := d.disk.Fill(leave); err != nil {
		d.Fatal(err)
	}
}

// heals frees the disk and says that each client's sends are taken soon, by the same process.
func (d *smallDisk) heals() {
	d.Helper()
	if err := d.disk.Free(); err != nil {
		d.Fatal(err)
	}
	freed := time.Now()
	took := make(chan string, len(d.producers))
	for kind, producer := range d.producers {
		go func() { took <- fmt.Sprintf("%s's after %v", kind, d.taken(producer, kind, freed)) }()
	}
	var all []string
	for range d.producers {
		all = append(all, <-took)
	}
	d.Logf("sends were taken again: %s", strings.Join(all, ", "))
}

// taken sends until a send is acknowledged, and says how long after a moment that was.
func (d *smallDisk) taken(p *stage.Producer, kind agent.Kind, since time.Time) time.Duration {
	tick := time.NewTicker(healPace)
	defer tick.Stop()
	for seq := int32(0); ; seq++ {
		err := d.load.try(p, fmt.Sprintf("healed-%s-%d", kind, since.UnixMilli()), seq)
		took := time.Since(since)
		if took > healTime {
			d.Errorf("%s: %v after the disk was freed a send ended with: %v", kind, took, err)
		}
		if err == nil || took > healTime {
			return took.Round(time.Millisecond)
		}
		<-tick.C
	}
}
