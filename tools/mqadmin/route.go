package mqadmin

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gantry/remoting/protocol"
)

func topicRoute() *command {
	return &command{name: "topicRoute", about: "Examine topic route info", run: (*call).topicRoute, options: []option{
		needed("t", "topic", "topic name"),
		flag("l", "list", "Use list format to print data"),
	}}
}

func (c *call) topicRoute() error {
	route, err := c.Route(c.ctx, c.value("t"))
	if err != nil {
		return err
	}
	if !c.has("l") {
		c.printf("%s\n", pretty(route.EncodeLegacy()))
		return nil
	}
	c.printRoute(route)
	return nil
}

const routeFormat = "%-45v %-32v %-50v %-10v %-11v %-5v\n"

func (c *call) printRoute(route protocol.TopicRouteData) {
	queues := map[string]protocol.QueueData{}
	for _, q := range route.QueueDatas {
		queues[q.BrokerName] = q
	}
	slices.SortFunc(route.BrokerDatas, func(x, y protocol.BrokerData) int { return cmp.Compare(x.BrokerName, y.BrokerName) })
	c.printf(routeFormat, "#ClusterName", "#BrokerName", "#BrokerAddrs", "#ReadQueue", "#WriteQueue", "#Perm")
	var reads, writes int32
	for _, b := range route.BrokerDatas {
		q := queues[b.BrokerName]
		reads, writes = reads+q.ReadQueueNums, writes+q.WriteQueueNums
		c.printf(routeFormat, b.Cluster, b.BrokerName, addrsText(b.BrokerAddrs), q.ReadQueueNums, q.WriteQueueNums, q.Perm)
	}
	c.printf("%s\n", strings.Repeat("-", 158))
	c.printf(routeFormat, "Total:", len(queues), "", reads, writes, "")
}

// addrsText is a table of addresses as Java prints a map.
func addrsText(addrs map[int64]string) string {
	var parts []string
	for _, id := range slices.Sorted(maps.Keys(addrs)) {
		parts = append(parts, fmt.Sprintf("%d=%s", id, addrs[id]))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// pretty breaks compact JSON into lines as fastjson does, which begins the first
// pair of a map with number keys on the map's own line.
func pretty(compact []byte) string {
	var b strings.Builder
	depth, quoted := 0, false
	line := func() { b.WriteString("\n" + strings.Repeat("\t", depth)) }
	for i, ch := range compact {
		if ch == '"' && (i == 0 || compact[i-1] != '\\') {
			quoted = !quoted
		}
		empty := i > 0 && (compact[i-1] == '{' || compact[i-1] == '[')
		numberNext := i+1 < len(compact) && compact[i+1] >= '0' && compact[i+1] <= '9'
		switch {
		case quoted:
			b.WriteByte(ch)
		case ch == '{' || ch == '[':
			b.WriteByte(ch)
			depth++
			if next := compact[i+1]; next != '}' && next != ']' && !numberNext {
				line()
			}
		case ch == '}' || ch == ']':
			depth--
			if !empty {
				line()
			}
			b.WriteByte(ch)
		case ch == ',' && !numberNext:
			b.WriteByte(ch)
			line()
		default:
			b.WriteByte(ch)
		}
	}
	return b.String()
}
