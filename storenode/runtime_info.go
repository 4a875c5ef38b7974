package storenode

import (
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"gantry/remoting"
	"gantry/remoting/fastjson"
	"gantry/remoting/protocol"
	"gantry/storenode/store"
	"gantry/storenode/topic"
)

// Code 28 GET_BROKER_RUNTIME_INFO: what clusterList, brokerStatus and dashboards
// show, under RocketMQ's keys (AdminBrokerProcessor.prepareRuntimeInfo,
// DefaultMessageStore.getRuntimeInfo 4.9.7), and getTransferredTps as 5.x spells
// it. Keys of what is not here, thread pools with queues and times that are not
// measured, are 0: tools fail where they are missing.

type runtimeInfo map[string]string

func (n *Node) runtimeInfo(*remoting.Command, *remoting.Channel) (*remoting.Response, error) {
	says := runtimeInfo{}
	says.unmeasured()
	says.throughput(n.store.Throughput())
	says["brokerVersionDesc"], says["brokerVersion"] = brokerVersionName, strconv.Itoa(remoting.Version)
	says.put("startAcceptSendRequestTimeStamp", n.config.now().StartAcceptSendMillis)
	says.log(n)
	says.disks(n)
	says.delays(n)
	return &remoting.Response{Body: protocol.KVTable{Table: protocol.Table[string, string](says)}.Encode()}, nil
}

// brokerVersionName is what the version that is answered is called.
const brokerVersionName = "V4_9_7"

func (r runtimeInfo) put(key string, n int64) { r[key] = strconv.FormatInt(n, 10) }

func (r runtimeInfo) unmeasured() {
	for _, pool := range []struct {
		name     string
		capacity int64
	}{{"send", 10_000}, {"pull", 100_000}, {"query", 20_000}} {
		r.put(pool.name+"ThreadPoolQueueSize", 0)
		r.put(pool.name+"ThreadPoolQueueCapacity", pool.capacity)
		r.put(pool.name+"ThreadPoolQueueHeadWaitTimeMills", 0)
	}
	for _, key := range []string{"EndTransactionQueueSize", "pageCacheLockTimeMills", "putMessageEntireTimeMax",
		"putMessageFailedTimes", "dispatchMaxBuffer", "getMessageEntireTimeMax"} {
		r.put(key, 0)
	}
	r.put("EndTransactionThreadPoolQueueCapacity", 100_000)
	r.put("remainTransientStoreBufferNumbs", math.MaxInt32)
	r["putLatency99"], r["putLatency999"], r["putMessageDistributeTime"] = "0.00", "0.00", ""
}

func (r runtimeInfo) throughput(t store.Throughput) {
	now := t.Now.Counts
	r.put("msgPutTotalYesterdayMorning", t.Yesterday.Put)
	r.put("msgPutTotalTodayMorning", t.Morning.Put)
	r.put("msgPutTotalTodayNow", now.Put)
	r.put("msgGetTotalYesterdayMorning", t.Yesterday.Got)
	r.put("msgGetTotalTodayMorning", t.Morning.Got)
	r.put("msgGetTotalTodayNow", now.Got)
	r.put("bootTimestamp", t.Opened.UnixMilli())
	r["runtime"] = spell(t.Now.At.Sub(t.Opened))
	times := max(now.Put, 1) // as Java, which divides by it
	r.put("putMessageTimesTotal", times)
	r.put("putMessageSizeTotal", now.PutBytes)
	r["putMessageAverageSize"] = decimal(float64(now.PutBytes) / float64(times))
	r["putTps"] = rates(t, func(c store.Counts) int64 { return c.Put })
	r["getFoundTps"] = rates(t, func(c store.Counts) int64 { return c.Found })
	r["getMissTps"] = rates(t, func(c store.Counts) int64 { return c.Missed })
	r["getTotalTps"] = rates(t, func(c store.Counts) int64 { return c.Found + c.Missed })
	r["getTransferedTps"] = rates(t, func(c store.Counts) int64 { return c.Got })
	r["getTransferredTps"] = r["getTransferedTps"]
}

// rates are numbers a second over the last 10, 60 and 600 seconds.
func rates(t store.Throughput, of func(store.Counts) int64) string {
	var texts []string
	for _, seconds := range []time.Duration{10, 60, 600} {
		done, in := t.Over(seconds * time.Second)
		rate := 0.0
		if in > 0 {
			rate = float64(of(done)) / in.Seconds()
		}
		texts = append(texts, decimal(rate))
	}
	return strings.Join(texts, " ")
}

// decimal is a number with a point, as Java writes those of a sensible size.
func decimal(f float64) string {
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

func spell(d time.Duration) string {
	s := int64(d / time.Second)
	return fmt.Sprintf("[ %d days, %d hours, %d minutes, %d seconds ]", s/86400, s/3600%24, s/60%60, s%60)
}

func (r runtimeInfo) log(n *Node) {
	log := n.store.Log()
	flushed, _ := log.Flushed()
	r.put("commitLogMinOffset", int64(log.Min()))
	r.put("commitLogMaxOffset", int64(log.End()))
	r["remainHowManyDataToFlush"] = byteCount(int64(log.End() - flushed))
	r.put("dispatchBehindBytes", int64(log.End()-n.store.Dispatched()))
	r.put("earliestMessageTimeStamp", earliest(n.store))
}

// earliest is when the first message was stored that is still there, −1 where
// there is none.
func earliest(s *store.Store) int64 {
	first, err := s.RecordAt(s.Min())
	if err != nil {
		return -1
	}
	return first.StoreTimestamp()
}

func (r runtimeInfo) disks(n *Node) {
	log := n.config.StorePathCommitLog
	if log == "" {
		log = n.file("commitlog", "")
	}
	r["commitLogDiskRatio"] = n.diskRatio(log)
	r["commitLogDiskRatio_"+filepath.Clean(log)] = r["commitLogDiskRatio"]
	r["consumeQueueDiskRatio"] = n.diskRatio(n.file("consumequeue", ""))
	if u, err := n.fs.DiskUsage(n.config.StorePathRootDir); err == nil {
		r["commitLogDirCapacity"] = fmt.Sprintf("Total : %s, Free : %s.", byteCount(u.UsedBytes+u.FreeBytes), byteCount(u.FreeBytes))
	}
}

// diskRatio is the used part of the file system that holds dir, −1 where there is
// no such folder.
func (n *Node) diskRatio(dir string) string {
	u, err := n.fs.DiskUsage(dir)
	if err != nil {
		return "-1.0"
	}
	return decimal(u.Ratio())
}

// byteCount is a size as people read it: 5 B, 98.3 GiB.
func byteCount(bytes int64) string {
	if bytes < 1024 {
		return fmt.Sprintf("%d B", bytes)
	}
	size, unit := float64(bytes), -1
	for size >= 1024 && unit < 5 {
		size, unit = size/1024, unit+1
	}
	return fmt.Sprintf("%.1f %ciB", size, "KMGTPE"[unit])
}

// delays says of each level how far it is delivered, and its queue's end.
func (r runtimeInfo) delays(n *Node) {
	service := n.delays.Load()
	if service == nil {
		return
	}
	var progress struct {
		OffsetTable map[int32]int64 `json:"offsetTable"`
	}
	_, text := service.Progress()
	if fastjson.Unmarshal(text, &progress) != nil {
		return
	}
	for level, next := range progress.OffsetTable {
		r[fmt.Sprintf("scheduleMessageOffset_%d", level)] = fmt.Sprintf("%d,%d", next, n.store.MaxOffset(topic.ScheduleTopic, level-1))
	}
}
