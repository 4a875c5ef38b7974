package timer

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"gantry/remoting/message"
)

const now = 1_700_000_000_250

func TestWhatIsDueLaterIsHeld(t *testing.T) {
	for _, row := range []struct {
		name, value string
		precision   int64
		out         string
	}{
		{message.PropertyTimerDelaySec, "3", 1000, "1700000003000"},
		{message.PropertyTimerDelayMs, "1", 1000, "1700000000000"},
		{message.PropertyTimerDelayMs, "750", 1000, "1700000000000"}, // at the end of its slot
		{message.PropertyTimerDelayMs, "751", 1000, "1700000001000"},
		{message.PropertyTimerDeliverMs, "1700000002000", 1000, "1700000001000"},
		{message.PropertyTimerDeliverMs, "1700000002001", 1000, "1700000002000"},
		{message.PropertyTimerDeliverMs, "1700000002450", 100, "1700000002400"},
		{message.PropertyTimerDeliverMs, "1700000002450", 350, "1700000002400"}, // 200, as there is no 350
		{message.PropertyTimerDelaySec, "259200", 1000, "1700259200000"},
	} {
		m := sent("m", row.name, row.value)
		before := m.Properties.Clone(0)
		held, err := Rules{true, row.precision, 259_200}.Hold(&m, now)
		if !held || err != nil || m.Topic != Topic || m.QueueID != 0 {
			t.Errorf("%s=%s: held %v in %s, %v", row.name, row.value, held, m.Topic, err)
		}
		want := before.Set(message.PropertyTimerOutMs, row.out).Set(message.PropertyRealTopic, "TopicTest").Set(message.PropertyRealQueueID, "3")
		if string(m.Properties) != string(want) {
			t.Errorf("%s=%s with precision %d: %q, want %q", row.name, row.value, row.precision, m.Properties, want)
		}
	}
}

func TestWhatIsDueNowIsAnOrdinaryMessage(t *testing.T) {
	for _, pairs := range [][]string{
		{"KEYS", "k"},
		{message.PropertyTimerDelaySec, "0"},
		{message.PropertyTimerDelayMs, "-1"},
		{message.PropertyTimerDeliverMs, "1700000000250"},
		{message.PropertyTimerDelaySec, "5", message.PropertyTimerOutMs, "1700000000000"}, // was held before
		{message.PropertyTimerDelaySec, "0", message.PropertyTimerDelayMs, "5000"},        // the first counts
	} {
		m := sent("m", pairs...)
		was := fmt.Sprintf("%+v", m)
		if held, err := rules.Hold(&m, now); held || err != nil || fmt.Sprintf("%+v", m) != was {
			t.Errorf("%q: held %v, %v", pairs, held, err)
		}
	}
}

func TestWhatCannotBeHeldIsRefused(t *testing.T) {
	for _, row := range []struct {
		rules Rules
		pairs []string
		want  error
	}{
		{rules, []string{message.PropertyTimerDelaySec, "259201"}, ErrIllegal},
		{rules, []string{message.PropertyTimerDelayMs, "soon"}, ErrIllegal},
		{rules, []string{message.PropertyTimerDeliverMs, "1.5"}, ErrIllegal},
		{rules, []string{message.PropertyTimerDelaySec, "5", message.PropertyTimerDelUniqKey, "U"}, ErrIllegal},
		{Rules{}, []string{message.PropertyTimerDelaySec, "5"}, ErrDisabled},
		{Rules{}, []string{message.PropertyTimerDelaySec, "soon"}, ErrDisabled},
	} {
		m := sent("m", row.pairs...)
		if held, err := row.rules.Hold(&m, now); held || !errors.Is(err, row.want) {
			t.Errorf("%q: held %v, %v", row.pairs, held, err)
		}
	}
}

func TestAMessageIsDueToTheMillisecond(t *testing.T) {
	for _, row := range []struct {
		pairs  string
		stored int64
		want   int64
	}{
		{"TIMER_DELAY_SEC=3 TIMER_OUT_MS=1700000003000", now, now + 3000},
		{"TIMER_DELAY_SEC=3 TIMER_OUT_MS=1700000003000", now + 5, now + 3005}, // the log wrote it a little later
		{"TIMER_DELIVER_MS=1700000002001 TIMER_OUT_MS=1700000002000", now, 1700000002001},
		{"TIMER_DELIVER_MS=1700000002000 TIMER_OUT_MS=1700000001000", now, 1700000002000},
		{"TIMER_DELAY_SEC=3 TIMER_OUT_MS=1700000003000", now + 9000, 1700000004000}, // put again
		{"TIMER_OUT_MS=1700000003000", now, 1700000004000},
	} {
		var pairs []string
		for one := range strings.FieldsSeq(row.pairs) {
			name, value, _ := strings.Cut(one, "=")
			pairs = append(pairs, name, value)
		}
		if due, err := rules.dueOf(sent("m", pairs...).Properties, row.stored); due != row.want || err != nil {
			t.Errorf("%s: due %d, want %d, %v", row.pairs, due, row.want, err)
		}
	}
	if _, err := rules.dueOf(sent("m").Properties, now); !errors.Is(err, errNotDeliverable) {
		t.Errorf("without TIMER_OUT_MS: %v", err)
	}
}
