package bench

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"time"

	"gantry/remoting/message"
	"gantry/tools/client"
)

// A message of the official transaction benchmark begins with its batch and its
// number, what becomes of the transaction when it is sent, and what each check of
// it is to be told; whatever is asked later is answered from that.
const (
	mostChecks = 20
	planBytes  = 8 + 8 + 1 + mostChecks
)

// plan is the beginning of a message.
type plan struct {
	batch, id int64
	sent      client.TransactionState
	checks    [mostChecks]client.TransactionState
}

func (o TransactionProducerOptions) plan(id int64, random *rand.Rand) plan {
	p := plan{batch: o.BatchID, id: id, sent: o.Send.choose(random)}
	for i := range p.checks {
		p.checks[i] = o.Check.choose(random)
	}
	return p
}

func (r outcomeRates) choose(random *rand.Rand) client.TransactionState {
	switch {
	case random.Float64() < r.rollback:
		return client.RollbackMessage
	case random.Float64() < r.unknown:
		return client.UnknownState
	}
	return client.CommitMessage
}

// body is the plan and random bytes behind it.
func (p plan) body(size int, random *rand.Rand) []byte {
	body := make([]byte, 0, size+8)
	body = binary.BigEndian.AppendUint64(body, uint64(p.batch))
	body = binary.BigEndian.AppendUint64(body, uint64(p.id))
	body = append(body, byte(p.sent))
	for _, c := range p.checks {
		body = append(body, byte(c))
	}
	for len(body) < size {
		body = binary.BigEndian.AppendUint64(body, random.Uint64())
	}
	return body[:size]
}

func readPlan(body []byte) (p plan, ok bool) {
	if len(body) < planBytes {
		return p, false
	}
	p.batch, p.id = int64(binary.BigEndian.Uint64(body)), int64(binary.BigEndian.Uint64(body[8:]))
	states := body[16:planBytes]
	for _, s := range states {
		if client.TransactionState(s) > client.UnknownState {
			return p, false
		}
	}
	p.sent = client.TransactionState(states[0])
	for i := range p.checks {
		p.checks[i] = client.TransactionState(states[i+1])
	}
	return p, true
}

// rememberedChecks is of how many messages a checkLog knows which checks came.
const rememberedChecks = 200_000

// checkLog answers checks as the messages say, and notices those that should not
// have come. Its methods run one after the other.
type checkLog struct {
	batch  int64
	stats  *transactionStats
	out    io.Writer
	seen   map[int64]uint32 // by message: bit n-1 for check n
	oldest []int64          // the messages of seen in a ring
	at     int
}

func newCheckLog(batch int64, stats *transactionStats, out io.Writer) *checkLog {
	return &checkLog{batch: batch, stats: stats, out: out, seen: map[int64]uint32{}}
}

// answer is what a broker is told; messages of other runs are rolled back.
func (l *checkLog) answer(m *client.Received) client.TransactionState {
	p, ok := readPlan(m.Body)
	if !ok || p.batch != l.batch {
		return client.RollbackMessage
	}
	l.stats.checks.Add(1)
	times, err := strconv.Atoi(string(m.Properties.Get(message.PropertyTransactionCheckTimes)))
	if err != nil {
		return client.RollbackMessage
	}
	times = max(times, 1)
	if times > mostChecks {
		return client.UnknownState
	}
	if l.again(p.id, times) {
		l.stats.duplicated.Add(1)
	}
	if p.sent != client.UnknownState {
		l.unexpected(m, times, "sendResult=", p.sent)
		return p.sent
	}
	for _, last := range p.checks[:times-1] {
		if last != client.UnknownState {
			l.unexpected(m, times, "sendResult,lastCheckResult=", last)
			return last
		}
	}
	return p.checks[times-1]
}

// again notes that this check of a message has come, and says whether it had before.
func (l *checkLog) again(id int64, times int) bool {
	bit := uint32(1) << (times - 1)
	seen, known := l.seen[id]
	if !known {
		l.forgetOldest(id)
	}
	l.seen[id] = seen | bit
	return seen&bit != 0
}

// forgetOldest makes room for one more message.
func (l *checkLog) forgetOldest(id int64) {
	if len(l.oldest) < rememberedChecks {
		l.oldest = append(l.oldest, id)
		return
	}
	delete(l.seen, l.oldest[l.at])
	l.oldest[l.at] = id
	l.at = (l.at + 1) % rememberedChecks
}

func (l *checkLog) unexpected(m *client.Received, times int, what string, ended client.TransactionState) {
	l.stats.unexpected.Add(1)
	fmt.Fprintf(l.out, "%s unexpected check: msgId=%s,txId=%s,checkTimes=%d,%s%s\n", time.Now().Format("15:04:05,000"),
		message.OffsetID(m.StoreHost, m.PhysicalOffset), m.Properties.Get(message.PropertyUniqKey), times, what, ended)
}
