package storenode

import (
	"errors"
	"fmt"
	"time"

	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/storenode/commitlog"
	"gantry/storenode/consumequeue"
	"gantry/storenode/store"
	"gantry/storenode/timer"
	"gantry/storenode/topic"
)

// Messages with a time of their own (TIMER_DELAY_SEC, TIMER_DELAY_MS,
// TIMER_DELIVER_MS; HookUtils and TimerMessageStore 5.3.3). Different: they come to
// the millisecond, where 5.3.3 waits for the end of the second; TIMER_DEL_UNIQKEY
// is refused, and so no answer has a recallHandle.

// startTimers is for masters: a slave has what its master delivers.
func (n *Node) startTimers() error {
	if n.config.Role() == Slave {
		return nil
	}
	config := timer.DefaultConfig()
	config.Rules, config.Dir = n.config.rules(), n.file("gantry", "timer")
	config.FlushInterval = time.Duration(n.config.TimerFlushIntervalMs) * time.Millisecond
	config.MaxYoung, config.MaxRuns, config.MaxBatchBytes = n.config.TimersInMemory, n.config.TimerFiles, n.config.TimerBytesAtOnce
	timers, err := timer.Start(config, timerQueue{n.store}, deliveries{n.store}, n.fs, n.log)
	if err != nil {
		return err
	}
	n.timers.Store(timers)
	n.opened = append(n.opened, timers.Close)
	return nil
}

// timerQueue is the store's queue of timer messages as their service reads it.
type timerQueue struct{ store *store.Store }

// Bounds implements timer.Queue.
func (q timerQueue) Bounds() (low, high int64) { return q.store.Bounds(timer.Topic, 0) }

// Units implements timer.Queue.
func (q timerQueue) Units(offset int64, dst []timer.Unit) (int, error) {
	units := make([]consumequeue.Unit, len(dst))
	n, err := q.store.Units(timer.Topic, 0, offset, units)
	for i, u := range units[:n] {
		dst[i] = timer.Unit{PhysicalOffset: int64(u.Physical), Bytes: u.Size}
	}
	return n, err
}

// Record implements timer.Queue.
func (q timerQueue) Record(u timer.Unit) (message.Record, error) {
	record, err := recordOf(q.store, commitlog.Offset(u.PhysicalOffset), u.Bytes)
	if errors.Is(err, errLost) {
		return nil, fmt.Errorf("%w: %w", timer.ErrGone, err)
	}
	return record, err
}

// Sync implements delay.Log and timer.Log.
func (d deliveries) Sync() error { return d.store.Log().Sync() }

// holdTimer leads a message that is to come later to the others that are.
func (s *sends) holdTimer(p *put) error {
	return s.timerRefusal(s.tryHold(p))
}

// checkTimer refuses a half message that could not be held when it is committed.
func (s *sends) checkTimer(p *put) error {
	trial := p.message
	_, err := s.timers.Hold(&trial, time.Now().UnixMilli())
	return s.timerRefusal(err)
}

func (s *sends) tryHold(p *put) error {
	held, err := s.timers.Hold(&p.message, time.Now().UnixMilli())
	if err != nil || !held {
		return err
	}
	if s.timers.Full() {
		return errTimersFull
	}
	p.props = p.message.Properties
	return s.timers.makeTopic()
}

var errTimersFull = errors.New("no more timer messages can wait")

func (s *sends) timerRefusal(err error) error {
	switch {
	case errors.Is(err, timer.ErrIllegal):
		return protocol.Errorf(protocol.MessageIllegal, "timer message illegal, the delay time should not be bigger than the max delay %dms; "+
			"or if set del msg, the delay time should be bigger than the current time: %v", s.config.TimerMaxDelaySec*1000, err)
	case errors.Is(err, timer.ErrDisabled):
		return protocol.Errorf(protocol.SystemError, "accurate timer message is not enabled, timerWheelEnable is %t", s.config.TimerWheelEnable)
	case errors.Is(err, errTimersFull):
		return protocol.Errorf(protocol.SystemError, "timer message is under flow control, more than %d wait in %d files",
			s.config.TimersInMemory, s.config.TimerFiles)
	}
	return err
}

func (n *Node) heldTimers() timers {
	return timers{Rules: n.config.rules(), topics: n.topics, service: n.timers.Load}
}

// holdCommitted is holdTimer for a message whose transaction is committed.
func (t timers) holdCommitted(m *message.Message) error {
	held, err := t.Hold(m, time.Now().UnixMilli())
	if err != nil || !held {
		return err
	}
	return t.makeTopic()
}

// timers is what sends know of timer messages.
type timers struct {
	timer.Rules
	topics  *topic.Table
	service func() *timer.Service
}

// Full says that no more of them can wait.
func (t timers) Full() bool {
	service := t.service()
	return service == nil || service.Full()
}

// makeTopic gives their topic a row, as 5.3.3 has it.
func (t timers) makeTopic() error {
	if t.topics.Get([]byte(timer.Topic)) != nil {
		return nil
	}
	_, err := t.topics.CreateInSendBack(timer.Topic, 1, topic.PermReadWrite, 0)
	return err
}
