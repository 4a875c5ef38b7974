package xcheck

import (
	"fmt"
	"strings"
	"time"
)

// nameServerSteps are a cluster of its own, of two shards that a master and slaves register, and what operators do to it. It
// comes behind what the real broker does, since a name server that has an order configuration tells it to brokers.
func nameServerSteps() []Step {
	var steps []Step
	for _, part := range [][]Step{pairSteps(), unitSteps(), moveSteps(), topicAtNameServerSteps(), orderSteps(), settingSteps(), release5Steps()} {
		steps = append(steps, part...)
	}
	return steps
}

// toNameServer is a step on a connection of its own. What a registration is told of ordered topics is not looked at: an
// earlier run may have left their namespace there, empty.
func toNameServer(as, name string, code int32, f Fields, body string) Step {
	s := Step{Name: name, To: NameServer, As: as, Code: code, Fields: f, Body: body}
	if code == registerBroker {
		s.Hide = orderedTopics
	}
	return s
}

const orderedTopics = "body.table"

// copyOf is the header of a broker of the cluster: shard a's master is at 10.2.0.1:10911.
func copyOf(shard, id, host string) Fields {
	return fields("brokerName", "${run}_"+shard, "brokerAddr", "10.2.0."+host+":10911", "clusterName", "${run}_pairs", "brokerId", id,
		"haServerAddr", "10.2.0."+host+":10912", "compressed", "false", "bodyCrc32", "${bodyCrc32}")
}

// topicsAt is a registration's body: topics as name:topicSysFlag, each with so many queues, and its data version.
func topicsAt(version, queues int, topics ...string) string {
	var rows []string
	for _, topic := range topics {
		name, flag, _ := strings.Cut(topic, ":")
		rows = append(rows, fmt.Sprintf(`"${run}_%s":{"order":false,"perm":6,"readQueueNums":%d,"topicFilterType":"SINGLE_TAG",`+
			`"topicName":"${run}_%s","topicSysFlag":%s,"writeQueueNums":%d}`, name, queues, name, flag, queues))
	}
	return fmt.Sprintf(`{"filterServerList":[],"topicConfigSerializeWrapper":{"dataVersion":{"counter":%d,"timestamp":1500000000000},"topicConfigTable":{%s}}}`,
		version, strings.Join(rows, ","))
}

func routeTo(name, topic string) Step {
	return Step{Name: name, To: NameServer, Code: getRouteInfoByTopic, Fields: fields("topic", "${run}_"+topic)}
}

// pairSteps register two shards in every way a registration may be written.
func pairSteps() []Step {
	all := topicsAt(1, 4, "both:0", "onlyA:0")
	packed := toNameServer("pair a", "pair/master-compressed", registerBroker, copyOf("a", "0", "1").With("compressed", "true"), all)
	packed.Packed = true
	binary := toNameServer("pair b", "pair/master-rocketmq-header", registerBroker, copyOf("b", "0", "2"), topicsAt(1, 2, "both:0"))
	binary.Kind = 1
	oneway := toNameServer("pair a slave", "pair/slave-oneway", registerBroker, copyOf("a", "1", "3"), all)
	oneway.Oneway = true
	withSlave := routeTo("pair/route-with-slave", "both")
	withSlave.Until = Leaf{"body.brokerDatas.0.brokerAddrs.1", "10.2.0.3:10911"}
	old := Step{Name: "pair/route-version-4.6", To: NameServer, Frame: frameOf(0,
		`{"code":105,"extFields":{"topic":"${run}_both"},"flag":0,"language":"JAVA","opaque":5,"version":333}`, "")}
	beforeFilters := Step{Name: "pair/topics-alone-version-3.0.10", To: NameServer, Hide: orderedTopics, Frame: frameOf(0,
		`{"code":103,"extFields":{"brokerName":"${run}_old","brokerAddr":"10.2.0.9:10911","clusterName":"${run}_pairs","brokerId":"0","haServerAddr":"10.2.0.9:10912"},`+
			`"flag":0,"language":"JAVA","opaque":5,"version":36}`,
		`{"dataVersion":{"counter":1,"timestamp":1500000000000},"topicConfigTable":{"${run}_aged":{"perm":6,"readQueueNums":1,"topicName":"${run}_aged","writeQueueNums":1}}}`)}
	afterConnection := routeTo("pair/route-after-the-connection", "aged")
	afterConnection.Until = Leaf{"code", "17"}
	return []Step{
		packed, binary, routeTo("pair/route", "both"), oneway, withSlave, old,
		routeTo("pair/route-one-shard", "onlyA"),
		beforeFilters, afterConnection,
		toNameServer("", "pair/cluster-info", getBrokerClusterInfo, nil, ""),
		toNameServer("", "pair/topics-of-cluster", getTopicsByCluster, fields("cluster", "${run}_pairs"), ""),
		toNameServer("", "pair/topics", getAllTopicListFromNS, nil, ""),
		toNameServer("pair a slave", "pair/slave-again", registerBroker, copyOf("a", "1", "3"), all),
		toNameServer("pair a", "pair/version-of-master", queryDataVersion, copyOf("a", "0", "1"), `{"counter":1,"timestamp":1500000000000}`),
		toNameServer("pair a slave", "pair/version-of-slave", queryDataVersion, copyOf("a", "1", "3"), `{"counter":2,"timestamp":1500000000000}`),
		toNameServer("pair a", "pair/version-without-body", queryDataVersion, copyOf("a", "0", "1"), ""),
		toNameServer("pair a", "pair/more-queues-same-version", registerBroker, copyOf("a", "0", "1"), topicsAt(1, 8, "both:0", "onlyA:0")),
		routeTo("pair/route-same-version", "both"),
		toNameServer("pair a", "pair/more-queues-next-version", registerBroker, copyOf("a", "0", "1"), topicsAt(2, 8, "both:0")),
		routeTo("pair/route-next-version", "both"),
		routeTo("pair/route-left-out-topic", "onlyA"),
		toNameServer("pair a slave", "pair/slave-next-version", registerBroker, copyOf("a", "1", "3"), topicsAt(3, 16, "both:0", "ofSlave:0")),
		routeTo("pair/route-of-slaves-topic", "ofSlave"),
		toNameServer("pair a", "pair/perm-of-one-shard", wipeWritePermOfBroker, fields("brokerName", "${run}_a"), ""),
		routeTo("pair/route-half-wiped", "both"),
		toNameServer("pair a", "pair/master-renews", registerBroker, copyOf("a", "0", "1"), topicsAt(2, 8, "both:0")),
		routeTo("pair/route-wiped-and-renewed", "both"),
		toNameServer("pair a", "pair/master-changes", registerBroker, copyOf("a", "0", "1"), topicsAt(3, 8, "both:0")),
		routeTo("pair/route-wiped-and-changed", "both"),
	}
}

// unitSteps list topics by their topicSysFlag.
func unitSteps() []Step {
	return []Step{
		toNameServer("pair b", "unit/register", registerBroker, copyOf("b", "0", "2"), topicsAt(2, 2, "both:0", "unit:1", "sub:2", "unitAndSub:3")),
		toNameServer("", "unit/units", getUnitTopicList, nil, ""),
		toNameServer("", "unit/subscribed", getHasUnitSubTopicList, nil, ""),
		toNameServer("", "unit/subscribed-without-unit", getHasUnitSubUnUnitTopicList, nil, ""),
		routeTo("unit/route", "unitAndSub"),
	}
}

// moveSteps are promotions, takeovers and farewells.
func moveSteps() []Step {
	return []Step{
		toNameServer("pair a", "move/master-away", unregisterBroker, copyOf("a", "0", "1"), ""),
		routeTo("move/route-without-master", "both"),
		toNameServer("pair a slave", "move/slave-alone", registerBroker, copyOf("a", "1", "3"), topicsAt(4, 4, "both:0")),
		toNameServer("pair a slave", "move/slave-promoted", registerBroker, copyOf("a", "0", "3"), topicsAt(4, 4, "both:0", "onlyA:0")),
		routeTo("move/route-of-promoted", "both"),
		toNameServer("pair a", "move/former-master-as-slave", registerBroker, copyOf("a", "1", "1"), topicsAt(3, 8, "both:0")),
		routeTo("move/route-turned-round", "both"),
		toNameServer("pair a", "move/third-copy", registerBroker, copyOf("a", "7", "4"), topicsAt(1, 1)),
		toNameServer("pair a", "move/largest-id", registerBroker, copyOf("a", "9223372036854775807", "5"), topicsAt(1, 1)),
		routeTo("move/route-of-four", "both"),
		toNameServer("pair a", "move/largest-id-away", unregisterBroker, copyOf("a", "9223372036854775807", "5"), ""),
		toNameServer("pair a", "move/third-copy-away", unregisterBroker, copyOf("a", "7", "4"), ""),
		toNameServer("pair a", "move/away-twice", unregisterBroker, copyOf("a", "7", "4"), ""),
		toNameServer("", "move/cluster-info", getBrokerClusterInfo, nil, ""),
	}
}

// topicAtNameServerSteps delete topics from routes, by cluster and everywhere.
func topicAtNameServerSteps() []Step {
	return []Step{
		toNameServer("", "topic-at-ns/delete-in-other-cluster", deleteTopicInNamesrv, fields("topic", "${run}_both", "clusterName", "${run}_nowhere"), ""),
		routeTo("topic-at-ns/route-as-before", "both"),
		toNameServer("", "topic-at-ns/delete-in-cluster", deleteTopicInNamesrv, fields("topic", "${run}_onlyA", "clusterName", "${run}_pairs"), ""),
		routeTo("topic-at-ns/route-deleted-in-cluster", "onlyA"),
		toNameServer("", "topic-at-ns/delete-everywhere", deleteTopicInNamesrv, fields("topic", "${run}_both"), ""),
		routeTo("topic-at-ns/route-deleted", "both"),
		toNameServer("pair b", "topic-at-ns/renewed", registerBroker, copyOf("b", "0", "2"), topicsAt(2, 2, "both:0", "unit:1")),
		routeTo("topic-at-ns/route-deleted-and-renewed", "both"),
		toNameServer("pair b", "topic-at-ns/changed", registerBroker, copyOf("b", "0", "2"), topicsAt(3, 2, "both:0", "unit:1")),
		routeTo("topic-at-ns/route-deleted-and-changed", "both"),
		toNameServer("", "topic-at-ns/delete-without-topic", deleteTopicInNamesrv, fields("clusterName", "${run}_pairs"), ""),
	}
}

// orderSteps are fixed queues of a topic: they are in routes while orderMessageEnable says so.
func orderSteps() []Step {
	namespace := fields("namespace", "ORDER_TOPIC_CONFIG")
	key := namespace.With("key", "${run}_both")
	set := func(name, value string) Step {
		return toNameServer("", "order/"+name, updateNamesrvConfig, nil, "orderMessageEnable="+value+"\n")
	}
	told := toNameServer("pair b", "order/told-to-brokers", registerBroker, copyOf("b", "0", "2"), topicsAt(3, 2, "both:0", "unit:1"))
	told.Hide = ""
	return []Step{
		toNameServer("", "order/put", putKVConfig, key.With("value", "${run}_a:4;${run}_b:2"), ""),
		toNameServer("", "order/list", getKVListByNamespace, namespace, ""),
		routeTo("order/route-before", "both"),
		set("enable", "true"),
		routeTo("order/route", "both"),
		routeTo("order/route-of-another-topic", "unit"),
		told,
		set("disable", "false"),
		routeTo("order/route-disabled", "both"),
		toNameServer("", "order/put-again", putKVConfig, key.With("value", "${run}_b:1"), ""),
		toNameServer("", "order/get", getKVConfig, key, ""),
		toNameServer("", "order/delete", deleteKVConfig, key, ""),
		toNameServer("", "order/get-deleted", getKVConfig, key, ""),
		toNameServer("", "order/list-empty", getKVListByNamespace, namespace, ""),
	}
}

// settingSteps ask for the name server's configuration and change it in ways that are not taken.
func settingSteps() []Step {
	set := func(name, body string) Step { return toNameServer("", "setting/"+name, updateNamesrvConfig, nil, body) }
	return []Step{
		toNameServer("", "setting/get", getNamesrvConfig, nil, ""),
		set("nothing", ""),
		set("kv-path", "kvConfigPath=/tmp/elsewhere\n"),
		set("store-path", "configStorePath=/tmp/elsewhere\n"),
		set("path-and-more", "orderMessageEnable=true\nkvConfigPath=/tmp/elsewhere\n"),
		set("bad-escape", `orderMessageEnable=\u00`),
		set("unknown-key", "nobodysKey=1\n"),
		set("same-value", "orderMessageEnable=false\n"),
		toNameServer("", "setting/get-again", getNamesrvConfig, nil, ""),
	}
}

// release5Steps are what 5.x brokers send and the 4.9.7 name server leaves without an answer; then the cluster goes.
func release5Steps() []Step {
	const wait = time.Second
	return []Step{
		{Name: "release5/heartbeat", To: NameServer, As: "pair b", Code: brokerHeartbeat, Fields: copyOf("b", "0", "2"), Wait: wait},
		{Name: "release5/member-group", To: NameServer, Code: getBrokerMemberGroup, Fields: copyOf("b", "0", "2"), Wait: wait},
		{Name: "release5/single-topic", To: NameServer, Code: registerTopicInNamesrv, Fields: fields("topic", "${run}_single"), Wait: wait,
			Body: `{"brokerDatas":[],"queueDatas":[{"brokerName":"${run}_nobody","perm":6,"readQueueNums":1,"topicSysFlag":0,"writeQueueNums":1}]}`},
		routeTo("release5/route-of-single-topic", "single"),
		toNameServer("pair b", "release5/registration", registerBroker, copyOf("b", "0", "2").With("enableActingMaster", "false",
			"heartbeatTimeoutMillis", "60000", "__ZONE_NAME", ""), topicsAt(4, 2, "both:0")),
		routeTo("release5/route", "both"),
		toNameServer("pair b", "release5/b-away", unregisterBroker, copyOf("b", "0", "2"), ""),
		toNameServer("pair a slave", "release5/a-away", unregisterBroker, copyOf("a", "0", "3"), ""),
		routeTo("release5/route-of-what-is-left", "both"),
		toNameServer("pair a", "release5/a-slave-away", unregisterBroker, copyOf("a", "1", "1"), ""),
		routeTo("release5/route-gone", "both"),
		toNameServer("", "release5/cluster-info-gone", getBrokerClusterInfo, nil, ""),
	}
}
