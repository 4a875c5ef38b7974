package group

import (
	"testing"
	"testing/synctest"
	"time"

	"gantry/storenode/configfile/configtest"
)

func TestASlaveServesPullsFromItsMastersSubscriptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		master, slave := newScene(t, &configtest.FS{}, nil), newScene(t, &configtest.FS{}, nil)
		before := master.KeptVersion()
		master.heartbeat(&channel{"c", "1"}, "T=a@7")
		version, text := master.Kept()
		if version == before {
			t.Error("a new subscription is no change")
		}
		if err := slave.AdoptKept(text); err != nil {
			t.Fatal(err)
		}
		view := slave.Lookup([]byte("g"), []byte("T"))
		if !view.Known || view.Online || view.Subscription == nil || view.Subscription.Version != 7 {
			t.Errorf("the slave knows %+v", view)
		}
		if err := slave.AdoptKept([]byte("{")); err == nil {
			t.Error("half a text is taken")
		}
	})
}

func TestWhatClientsTellTheSlaveCountsForMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		master, slave := newScene(t, &configtest.FS{}, nil), newScene(t, &configtest.FS{}, nil)
		master.heartbeat(&channel{"c", "1"}, "T=a@7")
		_, text := master.Kept()
		time.Sleep(time.Second)
		ch := &channel{"c", "2"}
		slave.heartbeat(ch, "T=b@8")
		for _, online := range []bool{true, false} {
			if !online {
				slave.ChannelClosed(ch)
			}
			if err := slave.AdoptKept(text); err != nil {
				t.Fatal(err)
			}
			if got := slave.Lookup([]byte("g"), []byte("T")).Subscription.Version; got != 8 {
				t.Errorf("online %v: version %d", online, got)
			}
		}
	})
}
