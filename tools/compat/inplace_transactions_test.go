package compat

import (
	"strconv"

	"gantry/remoting/message"
	"gantry/tools/compat/stage"
)

// transaction is a half message.
type transaction struct {
	id        string
	queue, at int64 // where it lies in its queue and in the log
}

// How a transaction ends.
const (
	commit   = 8
	rollback = 12
)

// transactions has the broker keep three half messages and end two of them.
func (m *move) transactions() {
	m.Helper()
	m.halves = map[string]bool{}
	m.endTransaction(m.half(), commit)
	m.endTransaction(m.half(), rollback)
	m.pending = m.half()
}

func (m *move) half() transaction {
	m.Helper()
	const prepared = "4"
	half := transaction{id: m.id()}
	properties := message.Properties(nil).Set("TRAN_MSG", "true").Set("PGROUP", "by_hand").Set(message.PropertyUniqKey, half.id)
	reply := m.stored(sendByHand(m.T, m.broker, m.one, properties, []byte("half"), map[string]string{"sysFlag": prepared}))
	m.halves[half.id] = false
	var err error
	if _, half.at, err = message.ParseOffsetID(reply.ExtFields["msgId"]); err != nil {
		m.Fatal(err)
	}
	if half.queue, err = strconv.ParseInt(reply.ExtFields["queueOffset"], 10, 64); err != nil {
		m.Fatal(err)
	}
	return half
}

func (m *move) endTransaction(half transaction, how int) {
	m.Helper()
	const endTransaction = 37
	reply := mustAsk(m.T, m.broker, endTransaction, map[string]string{
		"producerGroup": "by_hand", "tranStateTableOffset": strconv.FormatInt(half.queue, 10), "commitLogOffset": strconv.FormatInt(half.at, 10),
		"commitOrRollback": strconv.Itoa(how), "fromTransactionCheck": "false", "msgId": half.id, "transactionId": half.id,
	})
	if reply.Code != 0 {
		m.Fatalf("end a transaction: code %d %s", reply.Code, reply.Remark)
	}
	m.halves[half.id] = how == commit
}

// commitPending ends the transaction that has been pending all the way.
func (m *move) commitPending() {
	m.Helper()
	m.endTransaction(m.pending, commit)
	stage.Eventually(m.T, deliveryTime, "the message that was pending", func() bool {
		records, _ := pullAll(m.T, m.broker, queue{m.one, 0})
		for _, r := range records {
			if string(r.Properties().Get(message.PropertyUniqKey)) == m.pending.id {
				return true
			}
		}
		return false
	})
}

const halfTopic = "RMQ_SYS_TRANS_HALF_TOPIC"

// checkHalves says that committed transactions can be seen in their topic, and the others nowhere but in the half topic, which a
// broker lets be read like any other once it has looked for overdue ones.
func (m *move) checkHalves(s snapshot) {
	m.Helper()
	seen := 0
	for q, records := range s.records {
		for offset, r := range records {
			committed, half := m.halves[string(r.Properties().Get(message.PropertyUniqKey))]
			if half && committed && q.topic == m.one {
				seen++
			}
			if half && !committed && q.topic != halfTopic {
				m.Errorf("a half message can be seen in %v at %d", q, offset)
			}
		}
	}
	if want := m.committed(); seen != want {
		m.Errorf("%d transactions can be seen, want %d", seen, want)
	}
}

func (m *move) committed() (n int) {
	for _, committed := range m.halves {
		if committed {
			n++
		}
	}
	return n
}
