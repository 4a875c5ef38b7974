package doctor

import (
	"testing"
	"time"

	"gantry/storenode/hastatus"
)

func TestASlaveSaysWhetherItGetsThroughToItsMaster(t *testing.T) {
	b := registered{name: "a", id: 1, addr: "10.0.0.2:10911"}
	for want, s := range map[string]hastatus.Self{
		"fine slave a/1 (10.0.0.2:10911) copies from 10.0.0.1:10912\nfine slave a/1 (10.0.0.2:10911) has its tables from 10.0.0.1:10911": {
			State: "copying", HAAddr: "10.0.0.1:10912", LastError: "of yesterday", TablesFrom: "10.0.0.1:10911", TablesHeardAt: time.Now(), TablesLastError: "of yesterday"},
		"error slave a/1 (10.0.0.2:10911) was told of no master": {State: "no master known"},
		"error slave a/1 (10.0.0.2:10911) has stopped: ahead":    {State: "stopped", LastError: "ahead"},
		"error slave a/1 (10.0.0.2:10911) does not get through to its master at 172.17.0.1:10912: refused": {
			State: "connecting", HAAddr: "172.17.0.1:10912", LastError: "refused", TablesFrom: "172.17.0.1:10911", TablesLastError: "they wait for the log"},
		"fine slave a/1 (10.0.0.2:10911) copies from 10.0.0.1:10912\nerror slave a/1 (10.0.0.2:10911) does not get its tables from its master at 172.17.0.1:10911: refused": {
			State: "copying", HAAddr: "10.0.0.1:10912", TablesFrom: "172.17.0.1:10911", TablesLastError: "refused"},
	} {
		if got := lines(copying(b, &s)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", s.State, got, want)
		}
	}
}
