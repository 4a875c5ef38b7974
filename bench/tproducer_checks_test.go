package bench

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"gantry/remoting/message"
	"gantry/tools/client"
)

func checked(p plan, times string) *client.Received {
	m := &client.Received{Message: message.Message{Body: p.body(planBytes, rand.New(rand.NewPCG(1, 1))), PhysicalOffset: 16,
		StoreHost: netip.MustParseAddrPort("127.0.0.1:10911"), Properties: message.Properties(nil).Set(message.PropertyUniqKey, "KEY")}}
	if times != "" {
		m.Properties = m.Properties.Set(message.PropertyTransactionCheckTimes, times)
	}
	return m
}

func TestChecksAreAnsweredAsTheMessageSays(t *testing.T) {
	asked := plan{batch: 7, id: 1, sent: client.UnknownState}
	asked.checks[0], asked.checks[1] = client.UnknownState, client.RollbackMessage
	foreign, committed := asked, asked
	foreign.batch, committed.id, committed.sent = 8, 2, client.CommitMessage
	var stats transactionStats
	var out output
	log := newCheckLog(7, &stats, &out)
	for _, c := range []struct {
		plan                           plan
		times                          string
		want                           client.TransactionState
		checks, unexpected, duplicated int64
	}{ // the counts are those of all rows so far
		{asked, "1", client.UnknownState, 1, 0, 0},
		{asked, "0", client.UnknownState, 2, 0, 1}, // counts as the first
		{asked, "2", client.RollbackMessage, 3, 0, 1},
		{foreign, "1", client.RollbackMessage, 3, 0, 1},
		{asked, "", client.RollbackMessage, 4, 0, 1},
		{asked, "21", client.UnknownState, 5, 0, 1},
		{asked, "3", client.RollbackMessage, 6, 1, 1},
		{committed, "1", client.CommitMessage, 7, 2, 1},
	} {
		if got := log.answer(checked(c.plan, c.times)); got != c.want {
			t.Errorf("check %q of message %d: %v, want %v", c.times, c.plan.id, got, c.want)
		}
		if s := stats.sample(); s.checks != c.checks || s.unexpected != c.unexpected || s.duplicated != c.duplicated {
			t.Errorf("check %q of message %d: counted are %+v", c.times, c.plan.id, s)
		}
	}
	unexpected := `\d\d:\d\d:\d\d,\d{3} unexpected check: msgId=7F00000100002A9F0000000000000010,txId=KEY,`
	wantLines(t, out.lines(), unexpected+"checkTimes=3,sendResult,lastCheckResult=ROLLBACK_MESSAGE", unexpected+"checkTimes=1,sendResult=COMMIT_MESSAGE")
	if got := log.answer(&client.Received{Message: message.Message{Body: []byte("short")}}); got != client.RollbackMessage {
		t.Errorf("what is no message of this benchmark: %v", got)
	}
}

func TestChecksOfOldMessagesAreForgotten(t *testing.T) {
	log := newCheckLog(7, new(transactionStats), new(output))
	for id := range int64(rememberedChecks + 10) {
		if log.again(id, 1) {
			t.Fatalf("message %d was checked before", id)
		}
	}
	if len(log.seen) != rememberedChecks || log.again(5, 1) || !log.again(rememberedChecks+9, 1) {
		t.Errorf("%d messages are remembered", len(log.seen))
	}
}
