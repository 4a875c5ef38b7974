package compat

import (
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
	m.ended = []transaction{m.half(), m.half()}
	m.endTransaction(m.ended[0], commit)
	m.endTransaction(m.ended[1], rollback)
	m.pending = m.half()
}

// leaveHalves leaves two transactions to the next server, which ends them by endLeft.
func (m *move) leaveHalves() {
	m.Helper()
	m.left = []transaction{m.half(), m.half()}
}

func (m *move) endLeft() {
	m.Helper()
	m.endTransaction(m.left[0], commit)
	m.endTransaction(m.left[1], rollback)
}

// endAgain repeats the ends that another server has carried out; that nothing comes of it says checkHalves.
func (m *move) endAgain() {
	m.Helper()
	for range 2 {
		m.endTransaction(m.ended[0], commit)
		m.endTransaction(m.ended[1], rollback)
	}
}

func (m *move) half() transaction {
	m.Helper()
	half := byHand(m.T, m.broker, m.one, "", m.id())
	m.halves[half.id] = false
	return half
}

func (m *move) endTransaction(half transaction, how int) {
	m.Helper()
	half.end(m.T, m.broker, how)
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
