package main

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"gantry/remoting"
	"gantry/remoting/properties"
	"gantry/storenode"
	"gantry/tools/admin"
)

// contestedBound is how long a start looks for another broker of its name and id.
const contestedBound = 500 * time.Millisecond

// warnIfContested looks, before a node registers, whether another broker lives
// under its brokerName and brokerId: the name servers would send clients to one
// and the other in turn. RocketMQ takes each as it comes and says nothing.
func warnIfContested(log *slog.Logger, config storenode.Config, file string) {
	other := contested(config)
	if other == "" {
		return
	}
	entries, _ := readEntries(file)
	key, value := "brokerId", strconv.FormatInt(config.BrokerID, 10)
	if _, given := properties.Get(entries, key); !given {
		key, value = "brokerName", config.BrokerName
	}
	doubt := &properties.ValueError{Key: key, Value: value, Message: "is taken: " + other + " is " + config.BrokerName + "/" + strconv.FormatInt(config.BrokerID, 10) +
		", too, and lives; clients would be sent to one and the other in turn; write another brokerName, or for a slave another brokerId"}
	report(log, doubt.Found(properties.Warning, file, entries))
}

// contested is where the other one is, "" where nobody knows of one.
func contested(config storenode.Config) string {
	ctx, cancel := context.WithTimeout(context.Background(), contestedBound)
	defer cancel()
	var asking sync.WaitGroup
	found := make(chan string, len(splitList(config.NamesrvAddr)))
	for _, addr := range splitList(config.NamesrvAddr) {
		asking.Go(func() { found <- contestedAt(ctx, addr, config) })
	}
	asking.Wait()
	close(found)
	for other := range found {
		if other != "" {
			return other
		}
	}
	return ""
}

// contestedAt asks one name server, and who it says is there.
func contestedAt(ctx context.Context, nameServer string, config storenode.Config) string {
	a, err := admin.Open(nameServer, remoting.DialTCP)
	if err != nil {
		return ""
	}
	defer a.Close()
	info, err := a.Cluster(ctx)
	if err != nil {
		return ""
	}
	addr := info.BrokerAddrTable[config.BrokerName].BrokerAddrs[config.BrokerID]
	if addr == "" || addr == config.Address() {
		return ""
	}
	entries, err := a.BrokerConfig(ctx, addr)
	if err != nil {
		return ""
	}
	is := func(key, value string) bool { got, _ := properties.Get(entries, key); return got == value }
	same := is("brokerName", config.BrokerName) && is("brokerId", strconv.FormatInt(config.BrokerID, 10))
	itself := is("brokerIP1", config.BrokerIP1) && is("listenPort", strconv.Itoa(config.ListenPort)) // behind a proxy
	if !same || itself {
		return ""
	}
	return addr
}
