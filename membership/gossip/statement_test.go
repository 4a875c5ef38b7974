package gossip

import (
	"reflect"
	"strings"
	"testing"
)

func TestAStatementSurvivesTheWay(t *testing.T) {
	for _, s := range []Statement{
		{ID: "p", Role: Proxy, Addr: ":9876", Facts: []byte("x")},
		{ID: "n", Role: Node, Addr: "[2001:db8::1]:10911", Cluster: "DefaultCluster", BrokerName: "broker-a", BrokerID: 1<<62 + 1, Facts: []byte{}},
		{ID: "n", BrokerID: -1, Facts: []byte(strings.Repeat("f", 500))},
	} {
		b, err := s.encode(flagShares)
		if err != nil {
			t.Fatal(err)
		}
		got := Statement{ID: s.ID}
		flags, err := got.decode(append(b, "what a later version adds"...))
		if err != nil || flags != flagShares || !reflect.DeepEqual(got, s) {
			t.Errorf("%+v became %+v, flags %d, %v", s, got, flags, err)
		}
	}
}

func FuzzStatement(f *testing.F) {
	full, _ := Statement{Role: Node, Addr: "a:1", Cluster: "C", BrokerName: "b", BrokerID: 3, Facts: []byte("f")}.encode(flagLeaving)
	f.Add(full)
	f.Add([]byte{statementVersion, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var s Statement
		flags, err := s.decode(b)
		if err != nil {
			return
		}
		again, err := s.encode(flags)
		if err != nil {
			return // longer than memberlist carries
		}
		var same Statement
		if _, err := same.decode(again); err != nil || !reflect.DeepEqual(s, same) {
			t.Errorf("%+v became %+v: %v", s, same, err)
		}
	})
}
