package storenode

import (
	"fmt"
	"testing"
	"time"

	"gantry/remoting/protocol"
	"gantry/storenode/vfs"
)

func (p *peer) runtimeInfo() map[string]string {
	p.s.t.Helper()
	var says protocol.KVTable
	if err := says.Decode(p.want(protocol.GetBrokerRuntimeInfo, nil, nil, protocol.Success, "").Body); err != nil {
		p.s.t.Fatal(err)
	}
	return says.Table
}

func TestABrokerSaysWhatItHasDone(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		s.fs.SetUsage(vfs.Usage{UsedBytes: 1 << 30, FreeBytes: 3 << 30})
		p := s.dial()
		equal(t, "the first message's time in an empty store", p.runtimeInfo()["earliestMessageTimeStamp"], "-1")
		time.Sleep(time.Minute)
		stored := time.Now()
		for range 20 {
			p.send(to("T"), "m")
		}
		time.Sleep(5 * time.Second)
		says := p.runtimeInfo()
		end := s.node.store.Log().End()
		for key, want := range map[string]string{
			"brokerVersionDesc": "V4_9_7", "brokerVersion": "407",
			"putMessageTimesTotal": "20", "msgPutTotalTodayNow": "20", "msgPutTotalTodayMorning": "0",
			"putMessageSizeTotal": fmt.Sprint(end), "commitLogMinOffset": "0", "commitLogMaxOffset": fmt.Sprint(end),
			"dispatchBehindBytes": "0", "earliestMessageTimeStamp": fmt.Sprint(stored.UnixMilli()),
			"commitLogDiskRatio": "0.25", "commitLogDiskRatio_/store/commitlog": "0.25", "consumeQueueDiskRatio": "0.25",
			"commitLogDirCapacity": "Total : 4.0 GiB, Free : 3.0 GiB.",
			"runtime":              "[ 0 days, 0 hours, 1 minutes, 5 seconds ]",
			"putTps":               "2.0 0.3333333333333333 0.3076923076923077", "sendThreadPoolQueueSize": "0",
		} {
			equal(t, key, says[key], want)
		}
	})
}

func TestSendsAreRefusedUntilTheTimeThatABrokerTells(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		equal(t, "at first", p.runtimeInfo()["startAcceptSendRequestTimeStamp"], "0")
		from := time.Now().Add(time.Minute)
		p.change(fmt.Sprint("startAcceptSendRequestTimeStamp=", from.UnixMilli()))
		equal(t, "told", p.runtimeInfo()["startAcceptSendRequestTimeStamp"], fmt.Sprint(from.UnixMilli()))
		remark := "broker unable to service, until " + from.Format("2006-01-02 15:04:05,000")
		batch := to("T")
		batch.Batch = true
		for code, h := range map[int32]protocol.SendMessageRequest{protocol.SendMessageV2: to("T"), protocol.SendBatchMessage: batch, protocol.SendReplyMessageV2: replyTo("asker")} {
			refused := p.want(code, h, []byte("early"), protocol.SystemError, remark)
			equal(t, "remark", refused.Remark, remark)
		}
		time.Sleep(time.Until(from))
		p.send(to("T"), "in time")
	})
}

func TestYesterdaysMessagesAreCounted(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "m")
		for range 2 {
			time.Sleep(24 * time.Hour)
			p = s.dial() // the idle one is cut
			p.send(to("T"), "m")
		}
		says := p.runtimeInfo()
		equal(t, "until yesterday's morning", says["msgPutTotalYesterdayMorning"], "1")
		equal(t, "until this morning", says["msgPutTotalTodayMorning"], "2")
		equal(t, "until now", says["msgPutTotalTodayNow"], "3")
	})
}

func TestReadMessagesAreCounted(t *testing.T) {
	withNode(t, nil, func(s *scene) {
		p := s.dial()
		p.send(to("T"), "m")
		p.send(to("T"), "m")
		p.want(protocol.PullMessage, from("T", 0, 0), nil, protocol.Success, "FOUND")
		says := p.runtimeInfo()
		equal(t, "read", says["msgGetTotalTodayNow"], "2")
		equal(t, "both spellings", says["getTransferedTps"], says["getTransferredTps"])
	})
}

func TestSizesAreSpelt(t *testing.T) {
	for bytes, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 5 << 30: "5.0 GiB"} {
		equal(t, fmt.Sprint(bytes), byteCount(bytes), want)
	}
}
