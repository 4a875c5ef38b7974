package main

import (
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"gantry/storenode/hastatus"
)

func TestHowCopiesArePrinted(t *testing.T) {
	since := time.Date(2024, 5, 6, 7, 8, 9, 0, time.Local)
	var text strings.Builder
	out := tabwriter.NewWriter(&text, 0, 8, 1, ' ', 0)
	printHAStatus(out, "a:1", hastatus.Status{BrokerName: "s", Role: "SYNC_MASTER", Begin: 10, End: 900, Slaves: []hastatus.Slave{
		{Addr: "b:9", State: "copying", Since: since, Acked: 800, LagBytes: 100, Lag: 1500 * time.Millisecond},
		{Addr: "c:9", State: "gone", Since: since, LagBytes: 900, LastError: "EOF"},
	}}, 900)
	printHAStatus(out, "b:1", hastatus.Status{BrokerName: "s", BrokerID: 1, Role: "SLAVE", End: 800, Self: &hastatus.Self{
		HAAddr: "a:2", State: "copying", Since: since, MasterEnd: 900, LagBytes: 100, Lag: time.Second, TablesFrom: "a:1"}}, 900)
	printHAStatus(out, "j:1", hastatus.Status{BrokerName: "s", BrokerID: 2, Role: "JAVA", End: 700}, 900)
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	const want = `
s 0 SYNC_MASTER a:1 log from 10      900 0   0s   -
s 0   slave     b:9 copying          800 100 1.5s 2024-05-06 07:08:09
s 0   slave     c:9 gone             0   900 0s   2024-05-06 07:08:09 EOF
s 1 SLAVE       b:1 copying from a:2 800 100 1s   2024-05-06 07:08:09
s 1   tables    b:1 from a:1                      -
s 2 JAVA        j:1 log from 0       700 200 0s   -
`
	var got strings.Builder
	for line := range strings.Lines(text.String()) {
		got.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	if got.String() != want[1:] {
		t.Errorf("printed\n%s\nwant\n%s", got.String(), want)
	}
}
