package mqadmin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"gantry/tools/admin"
)

func clusterList() *command {
	return &command{name: "clusterList", about: "List all of clusters", run: (*call).clusterList, options: []option{
		flag("m", "moreStats", "Print more stats"),
		optional("i", "interval", "specify intervals numbers, it is in seconds"),
	}}
}

func (c *call) clusterList() (err error) {
	var seconds int64
	if number(c, "i", &seconds, &err); err != nil {
		return err
	}
	for {
		if err := c.clusterOnce(); err != nil || !c.has("i") {
			return err
		}
		select {
		case <-c.ctx.Done():
			return nil
		case <-time.After(time.Duration(max(seconds, 1)) * time.Second):
		}
	}
}

func (c *call) clusterOnce() error {
	info, err := c.Cluster(c.ctx)
	if err != nil {
		return err
	}
	row := c.clusterRow
	if c.has("m") {
		c.printf("%-16s  %-32s %14s %14s %14s %14s\n", "#Cluster Name", "#Broker Name", "#InTotalYest", "#OutTotalYest", "#InTotalToday", "#OutTotalToday")
		row = c.totalsRow
	} else {
		c.printf(clusterFormat, "#Cluster Name", "#Broker Name", "#BID", "#Addr", "#Version", "#InTPS(LOAD)", "#OutTPS(LOAD)", "#PCWait(ms)", "#Hour", "#SPACE")
	}
	for _, b := range admin.Brokers(info) {
		says, err := c.RuntimeInfo(c.ctx, b.Addr)
		if err != nil {
			c.complain(err) // its row has zeros
		}
		row(b, says)
	}
	return nil
}

const clusterFormat = "%-16s  %-22s  %-4v  %-22s %-16s %19s %19s %10s %5s %6s\n"

func (c *call) clusterRow(b admin.Broker, says map[string]string) {
	hours := 0.0
	if earliest, err := strconv.ParseInt(says["earliestMessageTimeStamp"], 10, 64); err == nil {
		hours = float64(time.Now().UnixMilli()-earliest) / 1000 / 60 / 60
	}
	space, _ := strconv.ParseFloat(says["commitLogDiskRatio"], 64)
	c.printf(clusterFormat, b.Cluster, b.Name, b.ID, b.Addr, says["brokerVersionDesc"],
		fmt.Sprintf("%9.2f(%s,%sms)", firstNumber(says["putTps"]), says["sendThreadPoolQueueSize"], says["sendThreadPoolQueueHeadWaitTimeMills"]),
		fmt.Sprintf("%9.2f(%s,%sms)", firstNumber(says["getTransferedTps"]), says["pullThreadPoolQueueSize"], says["pullThreadPoolQueueHeadWaitTimeMills"]),
		says["pageCacheLockTimeMills"], fmt.Sprintf("%2.2f", hours), fmt.Sprintf("%.4f", space))
}

// firstNumber is the first of several numbers, 0 where there is none.
func firstNumber(text string) float64 {
	first, _, _ := strings.Cut(text, " ")
	n, _ := strconv.ParseFloat(first, 64)
	return n
}

func (c *call) totalsRow(b admin.Broker, says map[string]string) {
	between := func(what, from, to string) int64 {
		begin, _ := strconv.ParseInt(says[what+from], 10, 64)
		end, _ := strconv.ParseInt(says[what+to], 10, 64)
		return end - begin
	}
	c.printf("%-16s  %-32s %14d %14d %14d %14d\n", b.Cluster, b.Name,
		between("msgPutTotal", "YesterdayMorning", "TodayMorning"), between("msgGetTotal", "YesterdayMorning", "TodayMorning"),
		between("msgPutTotal", "TodayMorning", "TodayNow"), between("msgGetTotal", "TodayMorning", "TodayNow"))
}

func brokerStatus() *command {
	return &command{name: "brokerStatus", about: "Fetch broker runtime status data", run: (*call).brokerStatus, options: []option{
		optional("b", "brokerAddr", "Broker address"),
		optional("c", "clusterName", "which cluster"),
	}}
}

func (c *call) brokerStatus() error {
	if c.has("b") {
		return c.printStatus(c.value("b"), "")
	}
	if !c.has("c") {
		return nil
	}
	all, err := c.ClusterBrokers(c.ctx, c.value("c"))
	for _, b := range all {
		if err := c.printStatus(b.Addr, fmt.Sprintf("%-24s ", b.Addr)); err != nil {
			c.complain(err)
		}
	}
	return err
}

func (c *call) printStatus(addr, before string) error {
	says, err := c.RuntimeInfo(c.ctx, addr)
	for _, key := range slices.Sorted(maps.Keys(says)) {
		c.printf("%s%-32s: %s\n", before, key, says[key])
	}
	return err
}

func wipeWritePerm() *command {
	return &command{name: "wipeWritePerm", about: "Wipe write perm of broker in all name server you defined in the -n param",
		options: []option{needed("b", "brokerName", "broker name")},
		run:     func(c *call) error { return c.changePerm("wipe", c.WipeWritePerm) }}
}

func addWritePerm() *command {
	return &command{name: "addWritePerm", about: "Add write perm of broker in all name server you defined in the -n param",
		options: []option{needed("b", "brokerName", "broker name")},
		run:     func(c *call) error { return c.changePerm("add", c.AddWritePerm) }}
}

type permChange func(ctx context.Context, namesrv, broker string) (topics int32, err error)

// changePerm asks every name server; one that fails is a line among the others.
func (c *call) changePerm(verb string, change permChange) error {
	broker := c.value("b")
	var errs []error
	for _, namesrv := range c.NameServers() {
		topics, err := change(c.ctx, namesrv, broker)
		if err != nil {
			c.printf("%s write perm of broker[%s] in name server[%s] Failed\n", verb, broker, namesrv)
			errs = append(errs, err)
			continue
		}
		c.printf("%s write perm of broker[%s] in name server[%s] OK, %d\n", verb, broker, namesrv, topics)
	}
	return errors.Join(errs...)
}
