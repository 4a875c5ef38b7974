package delay

import (
	"errors"
	"testing"

	"gantry/remoting/message"
	"gantry/storenode/topic"
)

func FuzzProgressFile(f *testing.F) {
	f.Add([]byte(`{"offsetTable":{1:5,2:0}}`))
	f.Add([]byte(`{"offsetTable":{"-1":5,"99":1}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		newService := func() *Service {
			return &Service{others: map[int]int64{}, levels: []*level{{number: 1}, {number: 2}}}
		}
		s, again := newService(), newService()
		if s.decode(text) != nil {
			return
		}
		if err := again.decode(s.encode()); err != nil || string(again.encode()) != string(s.encode()) {
			t.Fatalf("%v: %s became %s", err, s.encode(), again.encode())
		}
	})
}

func FuzzRestore(f *testing.F) {
	m := delayed("a", 1)
	record, err := message.AppendRecord(nil, &m)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(record)
	f.Add(record[:20])
	f.Fuzz(func(t *testing.T, record []byte) {
		m, err := restore(record)
		if err != nil {
			if !errors.Is(err, errNotDeliverable) {
				t.Fatal(err)
			}
			return
		}
		if topic.Validate(m.Topic) != nil || m.QueueID < 0 {
			t.Fatalf("restored %+v", m)
		}
	})
}
