package nameserver

import (
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// Two name servers that the same broker registers with; each step is an operator's word to one of them.
func TestNameServersAgreeOnAWipedPermission(t *testing.T) {
	here, there := newTable(), newTable()
	r := broker("C", "a", 0, 1, topic("T", 4, 6))
	register(t, here, r, new(remoting.Channel))
	register(t, there, r, new(remoting.Channel))
	at := start.Add(time.Second)
	here.WipeWritePerm("a", at)
	tell(t, there, here, at)
	wantRoute(t, there, "T", "a(4×4) 0=a-0:10911")

	there.AddWritePerm("a", at) // in the same millisecond, and later
	tell(t, here, there, at)
	wantRoute(t, here, "T", "a(6×4) 0=a-0:10911")
	tell(t, there, here, at)
	wantRoute(t, there, "T", "a(6×4) 0=a-0:10911")
}

func TestAWipeHoldsForTheDataVersionThatItMet(t *testing.T) {
	here, there := newTable(), newTable()
	r := broker("C", "a", 0, 1, topic("T", 4, 6))
	register(t, here, r, new(remoting.Channel))
	here.WipeWritePerm("a", start)
	r.DataVersion.Counter = 2
	register(t, there, r, new(remoting.Channel))
	tell(t, there, here, start)
	wantRoute(t, there, "T", "a(6×4) 0=a-0:10911")
	register(t, here, r, new(remoting.Channel))
	wantRoute(t, here, "T", "a(6×4) 0=a-0:10911")
	r.DataVersion.Counter = 1
	young := newTable()
	register(t, young, r, new(remoting.Channel))
	tell(t, young, here, start) // which has forgotten it
	wantRoute(t, young, "T", "a(6×4) 0=a-0:10911")
}

func TestAnAccountCarriesKVConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := New(discard(), Config{}), newWorld(t, Config{})
		defer here.Close()
		if err := here.kv.put("n", "k", "v", time.Now()); err != nil {
			t.Fatal(err)
		}
		if err := there.ns.Merge(here.Account()); err != nil {
			t.Fatal(err)
		}
		p := there.connect()
		p.wantBody(`{"table":{"k":"v"}}`, protocol.GetKVListByNamespace, protocol.GetKVListByNamespaceRequest{Namespace: "n"}, nil)
		p.must(protocol.DeleteKVConfig, protocol.DeleteKVConfigRequest{Namespace: "n", Key: "k"}, nil)
		if err := there.ns.Merge(here.Account()); err != nil {
			t.Fatal(err)
		}
		p.wantBody(`{"table":{}}`, protocol.GetKVListByNamespace, protocol.GetKVListByNamespaceRequest{Namespace: "n"}, nil)
	})
}
