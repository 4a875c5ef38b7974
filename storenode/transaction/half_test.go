package transaction

import (
	"errors"
	"net/netip"
	"slices"
	"testing"

	"gantry/remoting/message"
	"gantry/storenode/delay"
	"gantry/storenode/topic"
)

func recordOf(t testing.TB, m message.Message) []byte {
	t.Helper()
	m.BornHost = netip.MustParseAddrPort("10.0.0.1:1")
	m.StoreHost = m.BornHost
	record, err := message.AppendRecord(nil, &m)
	if err != nil {
		t.Fatal(err)
	}
	return record
}

func TestAnOperationRecordNamesOneHalfMessageOrJava5sMany(t *testing.T) {
	for body, want := range map[string][]int64{"7": {7}, "7,8,12": {7, 8, 12}, " 7 , 8": {7, 8}, "x": nil, "": nil, "-1": nil} {
		record := recordOf(t, message.Message{Topic: topic.TransOpHalfTopic, Body: []byte(body), Properties: message.Properties(nil).Set("TAGS", "d")})
		if got := endedBy(record); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", body, got, want)
		}
	}
	if got := endedBy(recordOf(t, message.Message{Topic: topic.TransOpHalfTopic, Body: []byte("7")})); got != nil {
		t.Errorf("without the tag: %v", got)
	}
}

func TestWhatIsNoHalfMessageIsNotCommitted(t *testing.T) {
	good := message.Properties(nil).Set("REAL_TOPIC", "T").Set("REAL_QID", "3").Set("UNIQ_KEY", "u")
	for what, m := range map[string]message.Message{
		"another topic": {Topic: "T", Properties: good},
		"another queue": {Topic: topic.TransHalfTopic, QueueID: 1, Properties: good},
		"no topic":      {Topic: topic.TransHalfTopic, Properties: good.Clone(0).Delete("REAL_TOPIC")},
		"no queue":      {Topic: topic.TransHalfTopic, Properties: good.Clone(0).Delete("REAL_QID")},
		"a bad queue":   {Topic: topic.TransHalfTopic, Properties: good.Clone(9).Set("REAL_QID", "-1")},
	} {
		if _, err := parse(recordOf(t, m)); !errors.Is(err, errNoHalf) {
			t.Errorf("%s: %v", what, err)
		}
	}
	h, err := parse(recordOf(t, message.Message{Topic: topic.TransHalfTopic, Properties: good}))
	if err != nil || h.realTopic != "T" || h.realQueue != 3 || h.copied {
		t.Errorf("%+v, %v", h, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(recordOf(f, message.Message{Topic: topic.TransHalfTopic, Properties: message.Properties(nil).Set("REAL_TOPIC", "T").Set("REAL_QID", "3")}))
	f.Add([]byte("x"))
	f.Fuzz(func(t *testing.T, record []byte) {
		h, err := parse(record)
		if err != nil {
			return
		}
		if m := h.committed(delay.Levels{}); topic.Validate([]byte(m.Topic)) != nil || m.QueueID < 0 {
			t.Fatalf("committed as %+v", m)
		}
		if _, err := message.AppendRecord(nil, h.again()); err == nil {
			h.kept()
		}
	})
}
