package timer

import (
	"errors"
	"fmt"
	"strconv"

	"gantry/remoting/message"
	"gantry/storenode/topic"
)

// Topic is where timer messages lie until they are due, all in queue 0 (TimerMessageStore.TIMER_TOPIC).
const Topic = topic.TimerTopic

// Errors of Rules.Hold.
var (
	// ErrIllegal: the time is no number, or further away than TIMER_MAX_DELAY_SEC (WHEEL_TIMER_MSG_ILLEGAL).
	ErrIllegal = errors.New("timer message is illegal")
	// ErrDisabled: timerWheelEnable is false (WHEEL_TIMER_NOT_ENABLE).
	ErrDisabled = errors.New("timer messages are not enabled")
)

// Rules is what is asked of timer messages when they are sent (HookUtils 5.3.3); the fields have RocketMQ's keys.
type Rules struct {
	TimerWheelEnable bool
	TimerPrecisionMs int64
	TimerMaxDelaySec int64
}

// precisions are those that timerPrecisionMs may have; another number means the next smaller one.
var precisions = [...]int64{1000, 500, 200, 100}

// precision is TimerPrecisionMs as 5.3.3 takes it.
func (r Rules) precision() int64 {
	for _, p := range precisions {
		if r.TimerPrecisionMs >= p {
			return p
		}
	}
	return precisions[len(precisions)-1]
}

// wanted are the properties that make a timer message, the first that is there counts, and when it is due then.
var wanted = [...]struct {
	name string
	due  func(nowMillis, value int64) int64
}{
	{message.PropertyTimerDelaySec, func(now, seconds int64) int64 { return now + seconds*1000 }},
	{message.PropertyTimerDelayMs, func(now, millis int64) int64 { return now + millis }},
	{message.PropertyTimerDeliverMs, func(_, at int64) int64 { return at }},
}

// timeOf is when a message with these properties is due, reckoned from nowMillis; found is false for one that no property
// makes a timer message. Error: ErrIllegal.
func timeOf(p message.Properties, nowMillis int64) (due int64, found bool, err error) {
	for _, w := range wanted {
		if value, found := p.Lookup(w.name); found {
			n, err := strconv.ParseInt(string(value), 10, 64)
			if err != nil {
				return 0, true, fmt.Errorf("%w: %s is %q", ErrIllegal, w.name, value)
			}
			return w.due(nowMillis, n), true, nil
		}
	}
	return 0, false, nil
}

// Hold leads a timer message that is not due yet to Topic; held is false for any other, which stays as it is. A message
// that was held before is none. The caller has seen that no delay level comes first. Errors: ErrIllegal, ErrDisabled.
func (r Rules) Hold(m *message.Message, nowMillis int64) (held bool, err error) {
	if m.Properties.Has(message.PropertyTimerOutMs) {
		return false, nil
	}
	due, found, err := timeOf(m.Properties, nowMillis)
	switch {
	case !found:
		return false, nil
	case !r.TimerWheelEnable:
		return false, ErrDisabled
	case err != nil:
		return false, err
	case m.Properties.Has(message.PropertyTimerDelUniqKey):
		return false, fmt.Errorf("%w: %s is not supported", ErrIllegal, message.PropertyTimerDelUniqKey)
	case due <= nowMillis:
		return false, nil
	case due-nowMillis > r.TimerMaxDelaySec*1000:
		return false, fmt.Errorf("%w: it is due in %d ms", ErrIllegal, due-nowMillis)
	}
	p := m.Properties.Set(message.PropertyTimerOutMs, strconv.FormatInt(slot(due, r.precision()), 10))
	p = p.Set(message.PropertyRealTopic, m.Topic)
	m.Properties = p.Set(message.PropertyRealQueueID, strconv.Itoa(int(m.QueueID)))
	m.Topic, m.QueueID = Topic, 0
	return true, nil
}

// slot is TIMER_OUT_MS: the begin of the slot whose end is due, or that due is in.
func slot(due, precision int64) int64 { return (due - 1) / precision * precision }

// dueOf is when a message of Topic is due. TIMER_OUT_MS is rounded down to a slot, 5.3.3 delivers when the slot is over;
// the properties it was made from say it to the millisecond, as long as they fit to the slot: of a message that was put
// again a relative one does not. Error: errNotDeliverable.
func (r Rules) dueOf(p message.Properties, storeMillis int64) (int64, error) {
	out, err := strconv.ParseInt(string(p.Get(message.PropertyTimerOutMs)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %s is %q", errNotDeliverable, message.PropertyTimerOutMs, p.Get(message.PropertyTimerOutMs))
	}
	longest := precisions[0] // who wrote it may have had another precision
	if exact, found, err := timeOf(p, storeMillis); found && err == nil && exact > out && exact <= out+longest {
		return exact, nil
	}
	return out + longest, nil
}
