package route

import (
	"reflect"
	"testing"
)

func TestAPeersFactsSurviveTheWay(t *testing.T) {
	for _, p := range []Peer{
		{},
		{BasePort: 20911, Host: "gw.example.org", Slots: Slots(nil).With(0).With(1999), Draining: true},
		{BasePort: 65535, Host: "2001:db8::1", Slots: Slots(nil).With(7)},
	} {
		var got Peer
		if err := got.DecodeFacts(p.AppendFacts(nil)); err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("%+v became %+v: %v", p, got, err)
		}
	}
}

func FuzzPeerFacts(f *testing.F) {
	f.Add(Peer{BasePort: 20911, Host: "h", Slots: Slots{1}}.AppendFacts(nil))
	f.Add([]byte{0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var p, again Peer
		if p.DecodeFacts(b) != nil {
			return
		}
		if err := again.DecodeFacts(p.AppendFacts(nil)); err != nil || !reflect.DeepEqual(p, again) {
			t.Errorf("%+v became %+v: %v", p, again, err)
		}
	})
}
